# Differs from CPython: its file systems are those of the host.
# The same random steps on littlefs and FAT: results, errors and what is there in the end.
import gc, os, vfs


class Device:
    def __init__(self, size, count):
        self.size = size
        self.data = bytearray(size * count)

    def readblocks(self, block, buffer, offset=0):
        at = block * self.size + offset
        buffer[:] = self.data[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        at = block * self.size + offset
        self.data[at : at + len(buffer)] = buffer

    def ioctl(self, request, argument):
        if request == 4:
            return len(self.data) // self.size
        if request == 5:
            return self.size
        if request == 6:
            return 0


state = 1


def random(limit):
    global state
    state = (state * 1103515245 + 12345) & 0x7FFFFFFF
    return (state >> 8) % limit


NAMES = ("a", "ab", "abc.txt", "Longer Name.text", "b", "c1")


def name():
    depth = random(3)
    parts = ["d%d" % random(2) for _ in range(depth)]
    return "/m/" + "/".join(parts + [NAMES[random(len(NAMES))]])


def folder():
    return "/m/" + "/".join("d%d" % random(2) for _ in range(1 + random(2)))


def step():
    kind = random(12)
    if kind < 4:
        path = name()
        with open(path, "wb") as file:
            return path, file.write(bytes((state + n) & 255 for n in range(random(1500))))
    if kind == 4:
        path = name()
        with open(path, "ab") as file:
            return path, file.write(b"x" * random(300)), file.tell()
    if kind == 5:
        path = name()
        with open(path, "r+b") as file:
            at = file.seek(random(400))
            return path, at, file.write(b"patch"), file.tell(), file.read(3)
    if kind == 6:
        path = name()
        with open(path, "rb") as file:
            return path, len(file.readline()), file.tell()
    if kind == 7:
        path = name()
        return path, os.remove(path)
    if kind == 8:
        path = folder()
        return path, os.mkdir(path)
    if kind == 9:
        path = folder()
        return path, os.rmdir(path)
    if kind == 10:
        one, other = name(), name()
        return one, other, os.rename(one, other)
    path = name()
    return path, os.stat(path)[:1], os.stat(path)[6]


def tree(path):
    for entry in sorted(os.ilistdir(path)):
        inner = path + "/" + entry[0]
        if entry[1] == 0x4000:
            print(inner, entry[1:3])
            tree(inner)
        else:
            with open(inner, "rb") as file:
                content = file.read()
            print(inner, entry[1:], len(content), sum(content))


for kind, size, count in ((vfs.VfsLfs2, 512, 128), (vfs.VfsFat, 512, 200)):
    gc.collect()
    device = Device(size, count)
    kind.mkfs(device)
    vfs.mount(kind(device), "/m")
    for number in range(250):
        try:
            print(number, step())
        except OSError as error:
            print(number, error.errno)
        if number % 60 == 0:
            vfs.umount("/m")
            vfs.mount(device, "/m")
    tree("/m")
    print(os.statvfs("/m")[:3], os.statvfs("/m")[5:])
    vfs.umount("/m")
