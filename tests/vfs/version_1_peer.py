# A littlefs of version 1 in a file, worked on by MicroPython or by upy.
# usage: version_1_peer.py IMAGE format|first|second|show
import os, sys, vfs

BLOCK = 512


class Device:
    def __init__(self, data):
        self.data = data

    def readblocks(self, block, buf, offset=0):
        at = block * BLOCK + offset
        buf[:] = self.data[at : at + len(buf)]

    def writeblocks(self, block, buf, offset=0):
        at = block * BLOCK + offset
        self.data[at : at + len(buf)] = buf

    def ioctl(self, op, arg):
        if op == 4:
            return len(self.data) // BLOCK
        if op == 5:
            return BLOCK
        if op == 6:
            at = arg * BLOCK
            self.data[at : at + BLOCK] = b"\xff" * BLOCK
            return 0


def put(path, content, mode="wb"):
    with open("/v1/" + path, mode) as file:
        file.write(content)


def show(path=""):
    for entry in sorted(os.ilistdir("/v1" + path)):
        name = path + "/" + entry[0]
        if entry[1] == 0x4000:
            print(name, "directory")
            show(name)
        else:
            with open("/v1" + name, "rb") as file:
                content = file.read()
            print(name, len(content), entry[3], sum(content) & 0xFFFF, content[:20])


image, what = sys.argv[1:]
if what == "format":
    device = Device(bytearray(BLOCK * 400))
    vfs.VfsLfs1.mkfs(device)
else:
    with open(image, "rb") as file:
        device = Device(bytearray(file.read()))
vfs.mount(vfs.VfsLfs1(device), "/v1")
if what in ("format", "first"):
    os.mkdir("/v1/" + what)
    for number in range(40):
        # More entries than a pair of blocks holds.
        put("%s/a name of some length %d" % (what, number), bytes([number]) * (number * 60))
    os.mkdir("/v1/%s/inner" % what)
    put(what + "/inner/empty", b"")
    put("large of " + what, bytes((number * number >> 3) & 255 for number in range(9000)))
elif what == "second":
    for number in range(0, 40, 3):
        os.remove("/v1/first/a name of some length %d" % number)
    os.rename("/v1/first/inner/empty", "/v1/format/inner/moved")
    os.rename("/v1/first/a name of some length 7", "/v1/short")
    os.rename("/v1/large of first", "/v1/large of format")
    put("large of format", b"appended", "ab")
    with open("/v1/format/a name of some length 30", "r+b") as file:
        file.seek(900)
        file.write(b"patched")
    os.rmdir("/v1/first/inner")
show()
print(os.statvfs("/v1")[:5])
vfs.umount("/v1")
with open(image, "wb") as file:
    file.write(device.data)
