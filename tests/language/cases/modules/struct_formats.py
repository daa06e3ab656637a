# struct: every code in both byte orders, sizes, padding, strings, errors.
import struct
for code in "bBhHiIqQ":
    for order in "<>":
        size = struct.calcsize(order + code)
        low = -(1 << (8 * size - 1)) if code.islower() else 0
        high = (1 << (8 * size - 1)) - 1 if code.islower() else (1 << (8 * size)) - 1
        for v in (0, 1, low, high):
            packed = struct.pack(order + code, v)
            print(order + code, v, packed, struct.unpack(order + code, packed)[0] == v)
for code, v in (("<f", 1.5), (">f", -0.25), ("<d", 3.14), (">d", 1e300)):
    print(code, struct.pack(code, v), struct.unpack(code, struct.pack(code, v)))
print(struct.pack("<bhi", 1, 2, 3), struct.pack("<3s", b"abcdef"), struct.pack("<5s", b"ab"), struct.pack("<2x"), struct.pack("<4B", 1, 2, 3, 4), struct.pack("<2H", 1, 2), struct.pack(">I2sH", 1, b"xy", 2))
print(struct.unpack("<bhi", b"\x01\x02\x00\x03\x00\x00\x00"), struct.unpack("<3s", b"abc"), struct.unpack(">HxB", b"\x01\x02\x00\x05"), struct.unpack_from("<H", b"abcdef", 2), struct.unpack_from("<B", bytearray(b"xyz"), -1))
b = bytearray(8)
struct.pack_into("<HH", b, 2, 0x1234, 0xffff)
print(b, struct.calcsize("<bhi"), struct.calcsize("<10s"), struct.calcsize("<"), struct.calcsize(">3H2x"))
for op in (lambda: struct.unpack("<I", b"abc"), lambda: struct.pack_into("<I", bytearray(2), 0, 1), lambda: struct.unpack_from("<I", b"abcd", 1)):
    try:
        op()
    except Exception as e:
        print("refused")
