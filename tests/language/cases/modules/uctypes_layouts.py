# Differs from CPython: modules of MicroPython.
# Structures over the bytes of other objects.
import uctypes

point = {
    "x": uctypes.INT16 | 0,
    "y": uctypes.UINT16 | 2,
    "flags": (4, {"low": uctypes.BFUINT8 | 0 | 0 << uctypes.BF_POS | 3 << uctypes.BF_LEN,
                  "high": uctypes.BFUINT8 | 0 | 3 << uctypes.BF_POS | 5 << uctypes.BF_LEN}),
    "raw": (uctypes.ARRAY | 0, uctypes.UINT8 | 4),
    "words": (uctypes.ARRAY | 0, uctypes.UINT16 | 2),
    "pairs": (uctypes.ARRAY | 0, 2, {"a": uctypes.UINT8 | 0, "b": uctypes.INT8 | 1}),
    "f": uctypes.FLOAT32 | 8,
}
print(uctypes.sizeof(point), uctypes.sizeof(point, uctypes.LITTLE_ENDIAN))
for layout in (uctypes.LITTLE_ENDIAN, uctypes.BIG_ENDIAN, uctypes.NATIVE):
    data = bytearray(b"\x01\x82\x03\xf4\xa5...\x00\x00\x80?")
    s = uctypes.struct(uctypes.addressof(data), point, layout)
    print(s.x, s.y, s.flags.low, s.flags.high, s.raw, s.words[0], s.words[1])
    print([(s.pairs[i].a, s.pairs[i].b) for i in range(2)])
    s.x = -2
    s.y = 65537
    s.flags.high = 9
    s.raw[3] = 255
    s.words[0] = -1
    s.pairs[1].b = 5
    s.f = 2
    print(data, s.f)
    print(uctypes.sizeof(s.words), uctypes.sizeof(s.pairs), uctypes.sizeof(s.flags), len(s.raw))
    print(uctypes.bytes_at(uctypes.addressof(data) + 1, 3))
    window = uctypes.bytearray_at(uctypes.addressof(data), 4)
    window[0] = 65
    print(window, data[0], window[1:3], bytes(window) == bytes(data[:4]))

data = bytearray(8)
s = uctypes.struct(uctypes.addressof(data), {"p": (uctypes.PTR | 0, uctypes.UINT8)})
target = bytearray(b"pointed at")
data[:] = uctypes.addressof(target).to_bytes(8, "little")
print(s.p[0], s.p[3], int(s.p) == uctypes.addressof(target))
for wrong in ("s.missing", "s[0]", "s.p.x", "hash(s)", "uctypes.sizeof([])", "uctypes.sizeof(1)", "uctypes.struct(data, {})"):
    try:
        exec(wrong)
    except (TypeError, KeyError) as error:
        print(wrong, type(error))
for name in ("UINT8", "INT64", "BFUINT8", "BFINT32", "FLOAT32", "FLOAT64", "PTR", "ARRAY", "BF_POS", "BF_LEN"):
    print(name, getattr(uctypes, name))
