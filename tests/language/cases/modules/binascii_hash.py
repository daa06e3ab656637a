# Differs from CPython: what binascii takes.
# binascii and hashlib on small and large data, in pieces and whole.
import binascii, hashlib
data = bytes(range(256)) * 3
print(binascii.hexlify(data[:8]), binascii.unhexlify("00ff10"), binascii.unhexlify(binascii.hexlify(data)) == data, binascii.b2a_base64(b"hello"), binascii.a2b_base64(b"aGVsbG8="), binascii.a2b_base64(binascii.b2a_base64(data)) == data)
print(binascii.crc32(b"123456789"), binascii.crc32(b"6789", binascii.crc32(b"12345")), binascii.crc32(b""))
h = hashlib.sha256()
for i in range(0, len(data), 100): h.update(data[i:i + 100])
print(binascii.hexlify(h.digest()), binascii.hexlify(hashlib.sha256(data).digest()) == binascii.hexlify(hashlib.sha256(data).digest()), binascii.hexlify(hashlib.sha1(b"abc").digest()) if hasattr(hashlib, "sha1") else 0, binascii.hexlify(hashlib.md5(b"").digest()) if hasattr(hashlib, "md5") else 0)
for bad in ("0", "zz"):
    try:
        binascii.unhexlify(bad)
        print("accepted")
    except ValueError:
        print("ValueError")
