# Differs from CPython: what a package imports is found where it is.
# import forms over a package that is written here: relative, as, from, nested, cycles, errors, __init__, __name__.
import sys, os
here = "imports_packages_tmp"
def put(path, text):
    parts = path.split("/")
    for i in range(1, len(parts)):
        try:
            os.mkdir("/".join(parts[:i]))
        except OSError:
            pass
    with open(path, "w") as f:
        f.write(text)
put(here + "/ipkg/__init__.py", "print('init', __name__)\nfrom . import one\nvalue = one.value + 1\n__all__ = ['one', 'value']\n")
put(here + "/ipkg/one.py", "print('one', __name__)\nvalue = 41\n_hidden = 1\n")
put(here + "/ipkg/two.py", "from .one import value as v\nfrom . import one as o\nfrom .sub import deep\nv2 = v + o.value + deep.x\n")
put(here + "/ipkg/sub/__init__.py", "")
put(here + "/ipkg/sub/deep.py", "from ..one import value\nfrom ... import ipkg if False else None\nx = value\n".replace("from ... import ipkg if False else None\n", ""))
put(here + "/icycle_a.py", "import icycle_b\nx = 1\ndef f(): return icycle_b.y\n")
put(here + "/icycle_b.py", "import icycle_a\ny = 2\n")
put(here + "/ibroken.py", "x = 1\n1 / 0\n")
put(here + "/isyntax.py", "def f(:\n")
put(here + "/imain.py", "print(__name__)\na, b, _c = 1, 2, 3\n")
sys.path.insert(0, here)
import ipkg
print(ipkg.value, ipkg.one.value, ipkg.__name__)
import ipkg.two as t
print(t.v2, sys.modules["ipkg.two"] is t)
from ipkg.sub.deep import x
from ipkg import one, value as val
print(x, one.value, val)
import icycle_a
print(icycle_a.f())
for name in ("ibroken", "isyntax", "inothere", "ipkg.nothere"):
    try:
        __import__(name)
    except (ZeroDivisionError, SyntaxError, ImportError) as e:
        print(name, type(e).__name__, name in sys.modules)
try:
    from ipkg import nothing
except ImportError:
    print("ImportError")
from imain import *
print(a, b, "_c" in globals())
import imain as again
print(again.a, again is sys.modules["imain"])
def inside():
    import ipkg.one
    from imain import b as bb
    return ipkg.one.value, bb
print(inside())
def clean(d):
    for n in os.listdir(d):
        p = d + "/" + n
        try:
            os.remove(p)
        except OSError:
            clean(p)
    os.rmdir(d)
clean(here)
