# Differs from CPython: its file systems are those of the host.
# A file system in memory: looking, reading, what is refused.
import os, vfs


def number(value):
    out = [value & 0x7F]
    value >>= 7
    while value:
        out.insert(0, 0x80 | value & 0x7F)
        value >>= 7
    return bytes(out)


def record(kind, payload):
    return number(kind) + number(len(payload)) + payload


def file(name, content):
    return record(5, number(len(name)) + name + record(2, content))


def folder(name, *entries):
    return record(4, number(len(name)) + name + b"".join(entries))


entries = (
    file(b"a.txt", b"first line\nsecond\n")
    + record(1, b"padding")
    + folder(b"lib", file(b"mod.py", b"name = __name__\n"), folder(b"empty"), file(b"b", bytes(range(200))))
)
image = record(0x14A6B1, entries)


def attempt(function, *args):
    try:
        print(function(*args))
    except OSError as error:
        print("OSError", error.errno)


files = vfs.VfsRom(image)
vfs.mount(files, "/rom")
print(list(os.ilistdir("/rom")), os.listdir("/rom/lib"), os.listdir(b"/rom"))
for path in ("/rom", "/rom/", "/rom/a.txt", "/rom/lib", "/rom/lib/b"):
    print(path, os.stat(path))
print(os.statvfs("/rom"))
with open("/rom/a.txt") as stream:
    print(repr(stream.readline()), stream.tell(), repr(stream.read()), repr(stream.read()))
    print(stream.seek(-3, 2), stream.read(2), stream.seek(100), repr(stream.read()))
with open("/rom/lib/b", "rb") as stream:
    print(stream.read(3), stream.seek(5, 1), stream.read(2), len(stream.read()))
    buffer = bytearray(4)
    stream.seek(0)
    print(stream.readinto(buffer), buffer)
for mode in ("w", "a", "r+", "x"):
    attempt(open, "/rom/a.txt", mode)
attempt(open, "/rom/none")
attempt(open, "/rom/lib")
attempt(os.stat, "/rom/none")
attempt(os.stat, "/rom/a.txt/x")
attempt(os.listdir, "/rom/none")
attempt(os.listdir, "/rom/a.txt")
attempt(os.chdir, "/rom")
print(os.getcwd())
attempt(os.chdir, "/rom/lib")
os.chdir("/")
for bad in (b"", b"\xd2\xcd\x31", b"\xd2\xcd\x31\x05ab", b"not an image"):
    attempt(vfs.VfsRom, bad)
import sys

sys.path.append("/rom/lib")
import mod

print(mod.name)
vfs.umount("/rom")
