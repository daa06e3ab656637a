# Bytes: escapes, raw bytes, joining, and equality with other bytes only.
print(b"abc" b"def", b'\x00\xff\n', rb"\x", br'\n')
print(b"\\u1234", b"a" == b"a", len(b"\101"))
print(b"" or b"empty", bytes([1, 2, 3]))
