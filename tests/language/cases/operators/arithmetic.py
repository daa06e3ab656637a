# Every arithmetic operator, on variables so that nothing is folded.
a, b = 17, 5
print(a + b, a - b, a * b, a / b, a // b, a % b, a ** b)
print(-a // b, -a % b, a // -b, a % -b, -a, +a, ~a)
print(a & b, a | b, a ^ b, a << b, a >> 2, -a >> 2)
x, y = 7.5, -2.0
print(x + y, x - y, x * y, x / y, x // y, x % y, x ** y)
print(1 + 2 * a ** 2 // b - 3 % 2 << 1 & 0xff | 1 ^ 3)
class M:
    def __matmul__(self, other): return "at"
m = M()
print(m @ m)
m @= m
print(m)
