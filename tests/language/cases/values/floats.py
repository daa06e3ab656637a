# Differs from CPython: texts of errors.
# Floating-point numbers: text in both directions and arithmetic.
numbers = [0.0, -0.0, 1.0, 0.1, 1 / 3, 1e15, 1e16, 123456789.1, 1e-5, 1.5e-7, 1e-20]
for number in numbers:
    print(number, -number, repr(number), str(number), int(number) if number < 1e20 else "")
    print("%f %e %g" % (number, number, number))
    print("{:.3f} {:.0f} {:10.2e} {:g} {:+.1f} {:08.2f} {:%}".format(number, number, number, number, number, number, number))
print(float("1e5"), float(" -2.5 "), float("inf"), float("-inf"), float("nan"), float("1_0.5"))
for text in ["", "x", "1e", "1.2.3"]:
    try:
        print(float(text))
    except ValueError as error:
        print("ValueError", error)
for a in (7.5, -7.5, 2.0):
    for b in (2.0, -2.0, 0.3):
        print(a + b, a - b, a * b, a / b, a // b, a % b, divmod(a, b), a < b)
print(2.0 ** 0.5, 2 ** -1, 4 ** 0.5, (-8) ** 2.0, round(2.5), round(3.5), round(1234, -2))
print(1 == 1.0, hash(1) == hash(1.0), 1 < 1.5, 2**70 == float(2**70), 3.0 in [1, 3], {1: "a"}[1.0])
try:
    print(1.0 / 0)
except ZeroDivisionError as error:
    print(error)
for number in (float("inf"), float("nan")):
    try:
        print(int(number))
    except (OverflowError, ValueError) as error:
        print(type(error).__name__, error)
print(1j * 1j, (1 + 2j) / (3 - 1j), abs(3 + 4j), complex(1, -2), (2 + 0j) == 2, 2j ** 2)
