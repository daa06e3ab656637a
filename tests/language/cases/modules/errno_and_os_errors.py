# Differs from CPython: errno is the first argument.
# OSError with numbers: how they read, and which operations raise which.
import errno, os
for name in ("ENOENT", "EEXIST", "EINVAL", "EIO"):
    n = getattr(errno, name)
    print(name, OSError(n).errno == n, OSError(n).args == (n,))
def number(f):
    try:
        f()
    except OSError as e:
        return errno.errorcode[e.errno]
print(number(lambda: open("not_there_at_all")), number(lambda: os.remove("not_there_at_all")), number(lambda: os.listdir("not_there_at_all")), number(lambda: os.stat("not/there")), number(lambda: os.mkdir("..")), number(lambda: os.rmdir("not_there_at_all")), number(lambda: os.rename("not_there_at_all", "x")), number(lambda: os.chdir("not_there_at_all")))
