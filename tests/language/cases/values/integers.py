# Integers: conversions from and to text in every base, bytes, bits, and limits of small integers.
for text, base in [("0", 10), ("-12", 10), ("+7", 10), (" 42 ", 10), ("ff", 16), ("0xff", 16), ("0xFF", 0), ("0b101", 0), ("0o17", 0), ("101", 2), ("z", 36), ("1_000", 10), ("7", 8)]:
    try:
        print(text, base, int(text, base))
    except ValueError:
        print(text, "ValueError")
for text, base in [("", 10), ("-", 10), ("1 2", 10), ("2", 2), ("0x", 16), ("a", 10), ("1.5", 10), ("1", 37)]:
    try:
        print(int(text, base))
    except ValueError:
        print(repr(text), "ValueError")
print(int(3.99), int(-3.99), int(True), int("9" * 30), int(1e20), hex(255), hex(-255), oct(8), bin(5), bin(-5), hex(2**70))
for n in (0, 1, 255, 256, 65535, 2**40):
    for order in ("little", "big"):
        print(n.to_bytes(8, order), int.from_bytes(n.to_bytes(8, order), order) == n, end=" ")
    print()
edge = [2**n + d for n in (29, 30, 31, 32, 61, 62, 63, 64) for d in (-1, 0, 1)]
print([(e, -e, e - 1 < e, e == e + 0, e * 1 == e, -(-e) == e) for e in edge])
print([e + e for e in edge], [e * e for e in edge], [e - 2**62 for e in edge])
for bad in ([], None, {}, "x"):
    try:
        int(bad)
    except (TypeError, ValueError) as e:
        print(type(e).__name__)
print(abs(-5), abs(-2**70), min(3, -2**70), max(1, 2**70), sum([2**62, 2**62]), round(5), round(7, 0) if False else 7)
