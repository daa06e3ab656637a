# Comparisons, chains and identity.
a, b, c = 1, 2, 3
print(a < b, a > b, a == b, a <= b, a >= b, a != b)
print(a < b < c, a < b > c, a < b < c < 4 == 4, 1 < a < c)
print(a in [1, 2], a not in [1, 2], None is None, a is not None)
def trace(value):
    print("trace", value)
    return value
print(trace(1) < trace(0) < trace(5))
print(not a == b, not (a < b), (a < b) == True)
