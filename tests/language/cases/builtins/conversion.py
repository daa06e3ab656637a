# bool, int, float, str, repr, chr, ord, hex, bytes of values of every type.
class T:
    def __bool__(self): return False
class L:
    def __len__(self): return 0
for v in (0, 1, -1, 0.0, 0.1, "", "0", [], [0], {}, {1: 1}, (), (0,), None, b"", b"x", set(), range(0), range(1), T(), L(), 0j, T, len):
    print(bool(v), end=" ")
print()
for v in (True, 5, -5, 2.9, "7", b"8"):
    print(int(v), end=" ")
for v in (True, 5, "2.5", " 1e3 ", b"4.5"):
    print(float(v), end=" ")
print()
for v in (True, None, 5, "a", b"b", [1, "x"], (1,), {"k": [1]}, {1}, range(2), ValueError, Ellipsis, NotImplemented, slice):
    print(str(v), repr(v))
print(repr([1, [2, (3, {4: "f"})]]), str(["a\n"]), str(("a", 'b"', "c'")), [None, True], {"a": {"b": None}})
l = [1]
l.append(l)
d = {}
print(hex(0), oct(0), bin(0), hex(-1), chr(97), ord("a"), abs(-1.5), round(1.55, 1), divmod(-7, 3), pow(2, 10), pow(2, 5, 3))
for op in (lambda: int("x"), lambda: float("x"), lambda: chr(-1), lambda: ord(""), lambda: hex("a"), lambda: abs("a"), lambda: int([]), lambda: round("a"), lambda: bytes("a"), lambda: len(5), lambda: chr(0x110000)):
    try:
        op()
    except (ValueError, TypeError, OverflowError) as e:
        print(type(e).__name__, end=" ")
print()
print(isinstance(5, int), isinstance(5, bool), isinstance("a", (int, str)), issubclass(int, object), type(1.0) is float, type(()) is tuple, callable(print), callable(5), id(d) == id(d), hash("a") == hash("a"))
