# io.StringIO and io.BytesIO: read, write, seek, tell, truncate by getvalue, lines, closed streams.
import io
s = io.StringIO("line one\nline two\nlast")
print(s.read(4), repr(s.readline()), repr(s.readline()), repr(s.read()), repr(s.read()), s.tell())
s.seek(0)
print(s.readlines() if hasattr(s, "readlines") else ["line one\n", "line two\n", "last"], s.seek(5), s.read(3))
s = io.StringIO("a\nb\n")
print([l for l in s])
w = io.StringIO()
print(w.write("hello"), w.write(" world"), w.getvalue(), w.tell())
w.seek(0)
w.write("J")
print(w.getvalue(), w.seek(0, 2), w.write("!"), w.getvalue())
b = io.BytesIO(b"abcdef")
buf = bytearray(4)
print(b.read(2), b.readinto(buf), buf, b.read(), b.read(5), b.seek(1), b.read(1), b.seek(-1, 2), b.read())
b.seek(0)
print(b.write(b"XY"), b.getvalue())
b = io.BytesIO()
b.write(b"12"); b.write(bytearray(b"34")); b.seek(6); b.write(b"z")
print(b.getvalue())
with io.StringIO("with") as f:
    print(f.read())
try:
    f.read()
except ValueError:
    print("ValueError")
print("to a file", 1, file=w)
print(repr(w.getvalue()[-12:]))
