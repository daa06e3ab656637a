# getattr, setattr, hasattr, delattr, dir and methods taken from objects and classes.
class A:
    x = 1
    def m(self, y=2): return self.x + y
    @staticmethod
    def s(): return "s"
a = A()
print(getattr(a, "x"), getattr(a, "m")(3), getattr(A, "m")(a, 4), getattr(a, "zz", None), hasattr(a, "m"), hasattr(a, "zz"), hasattr(5, "to_bytes"), hasattr([], "append"), hasattr("", "nope"))
setattr(a, "x", 10)
bound = a.m
a.x = 20
print(bound(), bound(0), A.x, A.m(a), a.s(), A.s())
delattr(a, "x")
print(a.x, "m" in dir(a), "x" in dir(A), "append" in dir([]))
f = [].append
g = "abc".upper
h = {}.get
print(g(), h("k", 5), list(map("{}".format, [1, 2])), list(map(str.upper, ["a", "b"])), "-".join(map(str, range(3))))
add = list.append
l = []
add(l, 5)
print(l, str.upper("x"), dict.get({"a": 1}, "a"), int.from_bytes(b"\x01", "big"), len(str.split("a b")))
for op in (lambda: getattr(5, "x"), lambda: setattr(5, "x", 1), lambda: (5).x, lambda: None.x, lambda: [].x, lambda: "".x, lambda: getattr(a, 5), lambda: len.x, lambda: setattr([], "x", 1), lambda: delattr(A(), "q")):
    try:
        op()
    except (AttributeError, TypeError) as e:
        print(type(e).__name__, end=" ")
print()
class B: pass
b = B()
b.f = lambda: "no self"
B.g = lambda self: "self"
print(b.f(), b.g(), B.g(b))
