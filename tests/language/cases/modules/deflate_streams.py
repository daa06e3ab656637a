# Differs from CPython: modules of MicroPython.
# Inflating what others have made.
import deflate, io
from binascii import a2b_base64

packed = (
    ("raw", a2b_base64("y0jNyclXyEhNLEpVKM8vyklRBAA="), deflate.RAW),
    ("zlib", a2b_base64("eJzLSM3JyVcoSS0uUSjPL8pJAQAvjAXR"), deflate.ZLIB),
)
for name, data, format in packed:
    for kind in (format, deflate.AUTO):
        try:
            print(name, kind, deflate.DeflateIO(io.BytesIO(data), kind, 15).read())
        except Exception as error:
            print(name, kind, type(error).__name__)
# Runs that reach back over the window, in a stored and a fixed block.
stored = b"\x01\x05\x00\xfa\xffhello"
print(deflate.DeflateIO(io.BytesIO(stored), deflate.RAW).read())
stream = deflate.DeflateIO(io.BytesIO(stored + b"rest"), deflate.RAW)
print(stream.read(2), stream.read(1), stream.read(), stream.read())
for damaged in (b"", b"\x07", b"\x01\x05\x00\xfa\xfe", b"\x05\xe0\x81\x08", stored[:-1]):
    try:
        print(deflate.DeflateIO(io.BytesIO(damaged), deflate.RAW).read())
    except Exception as error:
        print(type(error).__name__)
for wrong in (lambda: deflate.DeflateIO(1), lambda: deflate.DeflateIO(io.BytesIO(), 9), lambda: deflate.DeflateIO(io.BytesIO(), 1, 3)):
    try:
        wrong()
    except Exception as error:
        print(type(error).__name__)
