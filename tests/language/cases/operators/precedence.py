# Prefix operators against powers, powers against powers, and the rest of the table.
a, b, c = 2, 3, 2
print(-a ** b, (-a) ** b, a ** -c, a ** b ** c, -a ** -c)
print(not a in (1, 2), not a == 2 or b == 3, ~a + b, - -a, not not a)
print(a + b * c, (a + b) * c, a << b + c, a | b & c ^ a)
print(a if b else c if a else b, (lambda x: x + 1 if x else 0)(a))
print(1 if a < b and b > c or not c else 2)
