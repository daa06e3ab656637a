# repr, str and arithmetic of floats, special values included.
values = [0.0, -0.0, 1.0, -1.5, 0.1, 1 / 3, 1e10, 1e16, 1e17, 1e22, 1e-4, 1e-5, 123456789.0, 1.5e300, float("inf"), float("-inf"), float("nan")]
for v in values:
    print(repr(v), str(v), "%r" % v, "{}".format(v), bool(v), v == v, -v)
for text in ["1", "1.", ".5", "1e5", "1E-5", "-1.5e+3", " 2.5 ", "inf", "-INF", "nan", "1_0.5" if False else "10.5", "1e400", "1e-400"]:
    print(text, float(text))
for text in ["", "1.2.3", "abc", "1 2", "--1"]:
    try:
        print(float(text))
    except ValueError:
        print(repr(text), "ValueError")
print(round(2.5), round(3.5), round(-2.5), round(2.567, 2), round(1e20), round(0.5), round(1.5), int(1e15))
for v in (float("inf"), float("nan")):
    for op in (int, round):
        try:
            op(v)
        except (OverflowError, ValueError) as e:
            print("refused")
print(1.0 == 1, hash(1.0) == hash(1), 1.5 < 2, 2 > 1.5, 1e308 * 10, -1e308 * 10, 0.1 + 0.2, 1 / 3 + 1 / 3, 7 // 2.0, 7.5 % 2)
print(2.0 ** 0.5, 2 ** 0.5, (-8.0) ** 2, 1e-320 > 0, float(2**60), float(10**25), 2**60 == float(2**60))
