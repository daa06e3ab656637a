# What names mean in class bodies, nested classes, methods and comprehensions.
x = "global"
class A:
    x = "class"
    y = x + "!"
    def m(self): return x
    def n(self): return self.x
    l = [i for i in range(2)]
    class B:
        z = x
        def get(self): return A.x, self.z
    f = lambda self: x
print(A().m(), A().n(), A.y, A.B.z, A.B().get(), A.l, A().f())
def f():
    x = "local"
    class C:
        y = x
        def m(self): return x
    return C.y, C().m()
print(f())
def g(x):
    class D:
        v = x
    def h():
        class E:
            w = x
            def q(self): return [x for _ in range(2)]
        return E.w, E().q()
    return D.v, h()
print(g("param"))
def counter():
    class Count:
        n = 0
        @classmethod
        def up(cls):
            cls.n += 1
            return cls.n
    return Count
a, b = counter(), counter()
print(a.up(), a.up(), b.up())
for i in range(2):
    class Loop:
        v = i
        global made
        made = i
print(Loop.v, made)
def h():
    global created
    created = "by h"
h()
print(created)
del created
try:
    created
except NameError:
    print("NameError")
i = "outer"
[i for i in range(3)]
print(i)
