# struct and bytearray as records: a small file format written and read back, a checksum, fields by offset.
import struct
records = [(1, "alpha", 1.5), (2, "b", -2.25), (70000, "gamma ray", 0.0)]
out = bytearray()
for n, name, v in records:
    raw = name.encode()
    out.extend(struct.pack("<IBf", n, len(raw), v) + raw)
out.extend(struct.pack("<H", sum(out) & 0xffff))
print(len(out), out[:10], struct.unpack_from("<H", out, len(out) - 2)[0] == sum(out[:-2]) & 0xffff)
i, back = 0, []
while i < len(out) - 2:
    n, k, v = struct.unpack_from("<IBf", out, i)
    i += struct.calcsize("<IBf")
    back.append((n, bytes(out[i:i + k]).decode(), v))
    i += k
print(back == records)
view = memoryview(out)
struct.pack_into("<I", out, 0, 0xdeadbeef)
print(bytes(view[:4]), struct.unpack("<I", view[:4]), struct.unpack(">4B", bytes(out[:4])))
