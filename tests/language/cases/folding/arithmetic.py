# Whole constant expressions are folded; parts of others too; what fails is left for run time.
x = 3
print(2 * 3 + 4, 1 + 2 + x, x + 1 + 2, (1 + 2) * x, 10 // 3 * x)
print(1 << 100, (1 << 100) - 1, -(1 << 31), ~(1 << 30), 7 ** 30, 2 ** 0.5 > 1.4)
print(17 // 5, -17 // 5, 17 % -5, -17 >> 2, 12345678901234567890 // 7 % 1000)
print(1.5 + 2, 3 / 2, 7 // 2.0, 7.5 % 2, 2 ** -2, -2.0 ** 2)
print(0xff & 0x0f | 0xf0 ^ 0xff, -1 & 0xffffffffffff, -5 | 3, -5 ^ 1 << 70)
try:
    1 / 0
except ZeroDivisionError:
    print("division is done at run time")
try:
    1 << -1
except ValueError:
    print("so is a negative shift")
