# Differs from CPython: no float is too small for a number in MicroPython, it is infinite.
# A short text that stands for a long number, and numbers no float can hold.
a = 1 << 5300
print(a % 1000007, 3**2000 % 99991)
b = 10**400
print(float(b), float(-b), b * 1.0, complex(b), "%g" % b)
print(b == float("inf"), b > 1e308, -b < -1e308)
