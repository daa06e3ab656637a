# Differs from CPython: positions in text are bytes.
# Files in text and binary: modes, append, lines, seek, context, errors, many at once.
import os
n = "files_text_and_binary.tmp"
with open(n, "w") as f:
    print(f.write("first\n"), f.write("zweite äöü\n"), f.write(""))
with open(n, "a") as f:
    f.write("third")
with open(n) as f:
    print(f.read())
with open(n) as f:
    print("|".join(l for l in f))
with open(n) as f:
    print(f.readline(), f.readline(), f.readline(), repr(f.readline()))
with open(n, "rb") as f:
    print(f.read(3), f.seek(-2, 2), f.read(), f.tell(), f.seek(0), f.readline())
    b = bytearray(4)
    print(f.readinto(b), b)
print(os.stat(n)[6], n in os.listdir())
with open(n, "r+b") as f:
    f.write(b"FIRST")
    f.seek(0)
    print(f.read(8))
with open(n, "w+") as f:
    f.write("abc")
    f.seek(1)
    print(f.read())
f = open(n)
f.close()
for op in (lambda: open("not_there_x"), lambda: len(5), lambda: f.read()):
    try:
        op()
    except (OSError, ValueError, TypeError) as e:
        print(type(e).__name__)
fs = [open(n) for _ in range(5)]
print([g.read() for g in fs])
for g in fs: g.close()
os.rename(n, n + "2")
print(n in os.listdir(), os.stat(n + "2")[6])
os.remove(n + "2")
os.mkdir(n)
os.rmdir(n)
print(n in os.listdir())
