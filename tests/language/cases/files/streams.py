# Differs from CPython: its file systems are those of the host.
# Files of both kinds as streams: modes, positions, lines, what is refused.
import os, vfs


class Device:
    def __init__(self, count):
        self.data = bytearray(512 * count)

    def readblocks(self, block, buffer, offset=0):
        at = block * 512 + offset
        buffer[:] = self.data[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        at = block * 512 + offset
        self.data[at : at + len(buffer)] = buffer

    def ioctl(self, request, argument):
        return {4: len(self.data) // 512, 5: 512, 6: 0}.get(request)


def attempt(function, *args):
    try:
        print(function(*args))
    except (OSError, ValueError) as error:
        print(type(error), error.args)


for kind in (vfs.VfsLfs2, vfs.VfsFat):
    device = Device(100)
    kind.mkfs(device)
    files = kind(device)
    vfs.mount(files, "/m")
    os.chdir("/m")
    with open("text", "w") as file:
        print(file.write("first\nsecond line\n\nlast"), file.tell())
    print([line for line in open("text")], open("text").readlines())
    with open("text") as file:
        print(repr(file.read(3)), repr(file.readline()), repr(file.readline(4)), file.tell())
        print(file.seek(-4, 2), repr(file.read()), repr(file.read()), file.seek(0), file.seek(2, 1))
        buffer = bytearray(5)
        print(file.readinto(buffer), buffer)
        attempt(file.seek, -1)
    file.close()
    attempt(file.read)
    with open("text", "r+") as file:
        file.seek(6)
        print(file.write("SECOND"), repr(file.read(6)), file.tell())
        file.flush()
        print(os.stat("text")[6])
    with open("bytes", "wb") as file:
        print(file.write(bytes(range(256)) * 5))
        file.seek(1500)
        print(file.write(b"end"))
    with open("bytes", "rb") as file:
        content = file.read()
        print(len(content), content[1276:1284], content[-5:])
    with open("bytes", "ab") as file:
        file.write(b"more")
    print(os.stat("bytes")[6])
    attempt(open, "bytes", "x")
    attempt(open, "none")
    attempt(open, "none/x", "w")
    attempt(os.mkdir, "folder")
    attempt(os.mkdir, "folder")
    attempt(open, "folder")
    attempt(open, "folder", "w")
    attempt(os.chdir, "folder/none")
    os.chdir("folder")
    print(os.getcwd(), os.listdir(".."), os.listdir(b""))
    os.chdir("..")
    attempt(os.rmdir, "none")
    attempt(os.remove, "none")
    attempt(os.rename, "none", "other")
    attempt(os.ilistdir, "none")
    os.rename("bytes", "folder/bytes")
    attempt(os.rmdir, "folder")
    print(os.stat("folder")[:6], os.stat("/m/folder/../folder/bytes")[6])
    os.chdir("/")
    vfs.umount("/m")
    print(list(files.ilistdir("/folder")))
