# Properties with getter, setter and deleter; static and class methods; inheritance of them.
class P:
    count = 0
    def __init__(self): self._x = 1
    @property
    def x(self): return self._x
    @x.setter
    def x(self, v):
        P.count += 1
        self._x = v
    @x.deleter
    def x(self): print("deleted"); self._x = None
    @property
    def ro(self): return "ro"
    @staticmethod
    def s(a, b=2): return a + b
    @classmethod
    def c(cls, n): return cls.__name__, n
    old = property(lambda self: "old", lambda self, v: print("set old", v))
class Q(P):
    @classmethod
    def make(cls): return cls()
    def s2(self): return self.s(5), self.c(1), super().c(2) if False else ("Q", 2)
for cls in (P, Q):
    p = cls()
    p.x += 5
    print(p.x, p.ro, p.s(1), cls.s(1, 1), p.c(3), cls.c(4), p.old)
    p.old = 9
    del p.x
    print(p.x)
    try:
        p.ro = 1
    except AttributeError:
        print("AttributeError")
print(P.count, Q.make().s2())
class Temp:
    def __init__(self, c): self.c = c
    f = property(lambda self: self.c * 9 / 5 + 32)
print(Temp(100).f, Temp(-40).f)
