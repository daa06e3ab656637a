# Differs from CPython: its file systems are those of the host.
# Mount points, the current directory, file systems written in Python.
import os, vfs


class Files:
    def __init__(self, name):
        self.name = name

    def mount(self, readonly, mkfs):
        print(self.name, "mount", readonly, mkfs)

    def umount(self):
        print(self.name, "umount")

    def __getattr__(self, method):
        def call(*args):
            print(self.name, method, args)
            if method == "ilistdir":
                return iter([("one", 0x8000, 0, 1), ("two", 0x4000, 0)])
            if method == "getcwd":
                return "/inner"
            if method == "stat":
                return (0x8000, 0, 0, 0, 0, 0, 3, 0, 0, 0)
            if method == "open":
                raise OSError(13)

        return call


def attempt(function, *args, **named):
    try:
        print(function(*args, **named))
    except OSError as error:
        print("OSError", error.errno)


vfs.umount("/")
print(vfs.mount(), os.getcwd(), os.listdir("/"), os.listdir())
attempt(os.stat, "/a")
attempt(open, "a")
attempt(os.mkdir, "/")
attempt(os.remove, "/")
print(os.stat("/"), os.statvfs("/")[:9])

a, b = Files("a"), Files("b")
vfs.mount(a, "/a")
vfs.mount(b, "/b", readonly=True)
print([point for _, point in vfs.mount()])
attempt(vfs.mount, a, "/a")
attempt(vfs.mount, a, "/a/c")
attempt(vfs.umount, "/c")
print(os.listdir("/"), os.listdir("/a"), os.listdir("/a/x"))
print(list(os.ilistdir(b"/")))
for path in ("/a", "/a/", "/ab", "b/x", "/b//y"):
    attempt(os.stat, path)
attempt(os.mkdir, "/a")
attempt(os.mkdir, "/a/new")
attempt(os.rename, "/a/x", "/a/y")
attempt(os.rename, "/a/x", "/b/y")
attempt(open, "/a/file", "rb")
os.chdir("/a")
print(os.getcwd())
attempt(os.stat, "relative")
os.chdir("/")
print(os.getcwd())
root = Files("root")
vfs.mount(root, "/")
print([point for _, point in vfs.mount()])
print(os.listdir("/"))
attempt(os.stat, "/else/where")
attempt(vfs.mount, a, "/")
os.chdir("/")
os.chdir("sub")
print(os.getcwd())
vfs.umount(b)
vfs.umount("/")
print(os.getcwd())
vfs.umount("/a")
