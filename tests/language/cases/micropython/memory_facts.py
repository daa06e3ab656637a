# Differs from CPython: it is about MicroPython itself.
# What is counted of the heap, and streams that lie.
import io
import sys
import micropython

print(bytes(memoryview("text")[1:3]))
for size in (0, 65536, bytearray(1), bytearray(65536)):
    try:
        micropython.RingIO(size)
    except ValueError:
        print("ValueError")


class Liar(io.IOBase):
    def write(self, data):
        return len(data) + 1

    def ioctl(self, request, argument):
        return 0


try:
    print("abc", file=Liar())
except OSError as error:
    print(error.errno)
path = sys.path
sys.path = ()
print(len(sys.path))
sys.path = path
print(sys.path is path)
