# Differs from CPython: modules of MicroPython.
# The built-in modules a language needs.
import math, struct, collections, array, io, errno, micropython
print(math.floor(2.7), math.ceil(2.1), math.trunc(-2.7), math.sqrt(16), math.pi, math.isnan(math.nan), math.gcd(1, 1) if hasattr(math, "gcd") else 1)
print("%.9f %.9f %.9f %.9f" % (math.sin(1), math.exp(2), math.log(10), math.atan2(1, -1)), math.frexp(10.5), math.ldexp(0.5, 4), math.modf(-2.25), math.factorial(20))
print(struct.pack("<HhIq", 1, -2, 3, -4), struct.unpack(">BxH3s", b"\x01\x00\x02\x03abc"), struct.calcsize("bi"), struct.pack("<fd", 1.5, -2.25), struct.unpack_from("<H", b"xx\x05\x00", 2))
Point = collections.namedtuple("Point", ("x", "y"))
p = Point(1, y=2); print(p, p.x, p[1], len(p), p == (1, 2), isinstance(p, tuple))
q = collections.deque((), 3); q.append(1); q.append(2); q.append(3); q.append(4); q.appendleft(0); print(list(q), q.popleft(), q.pop(), len(q), q[0])
o = collections.OrderedDict([("z", 1), ("a", 2)]); o["m"] = 3; print(o, list(o.keys()), o.popitem())
a = array.array("h", [1, -2, 3]); a.append(4); a.extend([5]); print(a, a[1], len(a), a[1:3], bytes(a)[:4], sum(a))
f = io.StringIO("one\ntwo\n"); print(f.readline(), f.read(2), f.read(), f.getvalue()); b = io.BytesIO(); b.write(b"abc"); b.seek(1); print(b.read(), b.getvalue())
print(errno.ENOENT, errno.errorcode[errno.EIO], micropython.const(5), micropython.opt_level())
for action in (lambda: math.sqrt(-1), lambda: math.log(0), lambda: struct.unpack("<I", b"x"), lambda: Point(1), lambda: q[9], lambda: array.array("x"), lambda: __import__("nothing")):
    try: action()
    except Exception as error: print(type(error).__name__, error)
