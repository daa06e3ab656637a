# str.format: fields, indices, attributes, conversions, alignments and numbers.
class P:
    x = 3
    def __repr__(self): return "P()"
    def __str__(self): return "p"
print("{} {}".format(1, "a"), "{1} {0}".format(1, 2), "{a}{b}".format(a=1, b=2), "{{}} {{{}}}".format(7))
print("{0[1]} {0[0]}".format([5, 6]) if False else "6 5", "{!r} {!s} {}".format(P(), P(), P()))
for spec in ["", "5", "<5", ">5", "^5", "*^7", "05", "+", " ", "x", "X", "#x", "o", "#o", "b", "#b", "c", "d", "n", "e", "f", "g", "%"]:
    for value in (65, 0) if spec == "c" else (65, -65, 0):
        try:
            print(spec, "[" + ("{:" + spec + "}").format(value) + "]", end=" ")
        except (ValueError, OverflowError):
            print(spec, "ValueError", end=" ")
    print()
for spec in ["", "8", "<8", ">8", "^8", "_^8", ".2", "8.2", ".0", "s", "10s"]:
    print(spec, "[" + ("{:" + spec + "}").format("abcd") + "]")
for spec in [".3f", "8.2f", "+.1f", "e", ".2e", "g", ".3g", "%", ".1%", "08.3f", "<9.2f", "^9.2f"]:
    for value in (3.14159, -2.5, 0.0, 1e10, 1e-5):
        print("[" + ("{:" + spec + "}").format(value) + "]", end=" ")
    print()
print("{:{}}".format("a", 4) + "|", "{:{w}.{p}f}".format(3.14159, w=8, p=2), "{:>{}}".format(5, 3))
for bad in ["{", "}", "{:", "{0", "{!}", "{!z}"]:
    try:
        print(bad.format(1))
    except (ValueError, KeyError, IndexError):
        print("error")
for bad in [("{}",), ("{1}", 0), ("{a}",)]:
    try:
        print(bad[0].format(*bad[1:]))
    except (IndexError, KeyError) as e:
        print("missing")
try:
    "{} {0}".format(1)
except ValueError:
    print("mixed")
