# Floats: exponents, digits that round, signed zero, infinity by overflow.
for value in (1.0, 0.5, 1e10, 1.5e-7, 123456.789, 1e15, 1e16, 1e17, 0.0001, 0.00001):
    print(value)
print(-0.0, 0.0, 1e400, -1e400)
print(3.141592653589793, 2.718281828459045, .5, 5., 1_0.2_5)
print(0.1 + 0.2 == 0.30000000000000004)
