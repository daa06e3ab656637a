# Annotations of parameters and variables do not change what a program does.
x: int = 5
def f(a: int, b: str = "b", *args: tuple, c: float = 1.5, **kw: dict) -> list:
    z: int
    w: int = a
    return [a, b, args, c, kw, w]
print(x, f(1), f(1, 2, 3, c=4, d=5))
class C:
    y: int = 2
    z: str
    def g(self: "C") -> "int": return self.y
c = C()
c.w: int = 3
print(c.g(), c.w)
def g():
    try:
        v
    except NameError:
        print("an annotation makes a local")
    v: int = 1
    return v
print(g())
