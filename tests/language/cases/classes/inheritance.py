# Differs from CPython: the bases of the first base are searched before the second base.
# Several bases, method resolution, super in every position, attributes of class and instance.
class Root:
    tag = "root"
    def __init__(self): self.seen = ["Root"]
    def who(self): return "Root.who"
    def call(self): return self.who()
class A(Root):
    def __init__(self):
        super().__init__()
        self.seen.append("A")
    def who(self): return "A." + super().who()
class B(Root):
    tag = "b"
    def extra(self): return "extra"
class C(A, B):
    def __init__(self):
        A.__init__(self)
        self.seen.append("C")
c = C()
print(c.seen, c.who(), c.call(), c.extra(), c.tag, C.tag, isinstance(c, B), issubclass(C, Root), issubclass(A, B), isinstance(c, (int, Root)))
print(c.__class__ is C, type(c) is C, C.__name__, C.__bases__ == (A, B), Root.__bases__ == (object,))
C.tag = "changed"
c.tag2 = 5
print(c.tag, A.tag, hasattr(c, "tag2"), hasattr(C, "tag2"), getattr(c, "none", "default"), sorted(k for k in c.__dict__))
del C.tag
print(c.tag)
setattr(c, "dyn", lambda x: x * 2)
print(c.dyn(4))
delattr(c, "dyn")
for op in (lambda: c.dyn, lambda: C.nothing, lambda: delattr(c, "dyn"), lambda: Root().extra()):
    try:
        op()
    except AttributeError:
        print("AttributeError")
class List(list):
    def total(self): return sum(self)
    def append(self, x): super().append(x * 10)
l = List([1, 2])
l.append(3)
print(l, l.total(), len(l), l[0], isinstance(l, list), l == [1, 2, 30], l + [1])
class Dict(dict):
    def __missing__(self, k): return k
    def get2(self, k): return self.get(k, "none")
d = Dict()
d["a"] = 1
print(d["a"], d.get2("a"), d.get2("zz"), len(d))
class Int(int):
    def double(self): return self * 2
print(Int(5).double(), Int(5) + 1, Int(7) == 7)
class Str(str):
    def shout(self): return self.upper() + "!"
print(Str("abc").shout(), Str("x") + "y", len(Str("four")))
class Tup(tuple):
    def first(self): return self[0]
print(Tup((9, 8)).first(), len(Tup((1,))))
class Err(ValueError):
    def info(self): return self.args
print(Err(1, 2).info())
