# Differs from CPython: a digest ends the object.
# Digests of whole texts and of texts in pieces.
import hashlib
from binascii import hexlify

for name in ("sha256", "sha1", "md5"):
    make = getattr(hashlib, name, None)
    if make is None:
        continue
    for size in (0, 1, 55, 56, 63, 64, 65, 127, 128, 1000):
        data = bytes(i * 7 & 255 for i in range(size))
        whole = make(data).digest()
        pieces = make()
        for at in range(0, size, 37):
            pieces.update(data[at : at + 37])
        print(name, size, hexlify(whole), pieces.digest() == whole)
    used = make(b"x")
    used.digest()
    for again in (used.digest, lambda: used.update(b"y")):
        try:
            again()
        except ValueError as error:
            print("ValueError", error)
