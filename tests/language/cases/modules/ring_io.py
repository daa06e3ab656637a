# Differs from CPython: modules of MicroPython.
# A queue of bytes.
import micropython

ring = micropython.RingIO(8)
print(ring.any(), ring.write(b"abc"), ring.any(), ring.read(2), ring.any())
print(ring.write(b"0123456789"), ring.any(), ring.read(), ring.read(1), ring.readline())
ring.write(b"a\nb")
print(ring.readline(), ring.readline())
buf = bytearray(4)
ring.write(b"xy")
print(ring.readinto(buf), buf, ring.readinto(buf))
own = bytearray(5)
ring = micropython.RingIO(own)
print(ring.write(b"12345"), ring.read())
