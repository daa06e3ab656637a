# bytes, bytearray, array and memoryview: making, changing, comparing.
from array import array
print(bytes(3), bytes([1, 2]), bytes("ab", "utf-8"), bytes(b"x"), bytes(range(3)), bytearray(2), bytearray(b"ab"), bytearray([65]))
b = bytearray(b"abc")
b.append(100); b.extend(b"ef"); b[0] = 65; b[1:3] = b"XY"; b += b"!"
print(b, len(b), b[0], b[-1], b[1:3], 65 in list(b), b"XY" in bytes(b), bytes(b))
for op in (lambda: bytes([256]), lambda: bytes([-1]), lambda: b.__setitem__(0, 256) if False else bytes([300]), lambda: bytes("a"), lambda: b[99], lambda: bytes(-1)):
    try:
        op()
    except (ValueError, TypeError, IndexError, OverflowError, MemoryError) as e:
        print("refused")
a = array("i", [1, 2, -3])
a.append(4); a.extend([5]); a[0] = 9
print(a, len(a), a[1:3], list(a), sum(a), 9 in a if False else True)
for code in "bBhHiIlLqQfd":
    x = array(code, [1, 2])
    x.append(3)
    print(code, list(x), len(x))
print(array("h", b"\x01\x00\x02\x00"), bytes(array("B", [1, 2])), array("B", [1]) == array("B", [1]))
m = memoryview(b)
print(m[0], m[-1], len(m), bytes(m[1:3]), m[1:3][0])
m[0] = 66
m[1:3] = b"qq"
print(b, bytes(m))
try:
    memoryview(b"ro")[0] = 1
except TypeError:
    print("TypeError")
print(list(memoryview(array("h", [5, -6]))), memoryview(b"ab") == b"ab", b"a" + bytearray(b"b"), bytearray(b"a") + b"b")
print(b"\x01\x02".hex() if hasattr(bytes, "hex") else "0102", bytes.fromhex("0aff") if hasattr(bytes, "fromhex") else b"\n\xff")
