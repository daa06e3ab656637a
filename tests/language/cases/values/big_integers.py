# Differs from CPython: texts of errors.
# Large integers: every operator, with signs, around the borders of words.
values = [0, 1, -1, 7, -13, 2**30, -2**31, 2**32 - 1, 2**62, -2**63, 2**64 + 3, 3**50, -(10**40), 2**200 - 1]
for a in values:
    for b in values:
        print(a + b, a - b, a * b, a & b, a | b, a ^ b, a < b, a == b, a >= b)
        if b:
            print(a // b, a % b, divmod(a, b))
for a in values:
    print(-a, ~a, abs(a), a << 3, a << 70, a >> 1, a >> 40, bool(a), hex(a), oct(a), bin(a), "%d %x" % (a, a))
    print(int(str(a)) == a, a.to_bytes(40, "little") if a >= 0 else None)
print(pow(3, 200), pow(7, 100, 13), pow(2**70, 3, 10**9 + 7))
print(int("ff", 16), int("-0b101", 0), int("z" * 30, 36), int.from_bytes(b"\x01" * 20, "big"))
for text in ["", "1x", "z", "08"]:
    try:
        print(int(text, 0))
    except ValueError as error:
        print("ValueError", error)
for shift in (-1, -5):
    try:
        print(1 << shift)
    except ValueError as error:
        print("ValueError", error)
try:
    print(2**100 // 0)
except ZeroDivisionError as error:
    print(error)
