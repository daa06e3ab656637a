# __new__, __init__, instances made in odd ways, class attributes that are shared, type().
class N:
    made = 0
    def __new__(cls, *args):
        N.made += 1
        self = super().__new__(cls)
        self.args = args
        return self
    def __init__(self, *args): self.inited = len(args)
n = N(1, 2)
print(n.args, n.inited, N.made)
class Single:
    one = None
    def __new__(cls):
        if cls.one is None: cls.one = super().__new__(cls)
        return cls.one
print(Single() is Single())
class Shared:
    items = []
    def add(self, x): self.items.append(x); return self
print(Shared().add(1).add(2).items, Shared.items)
T = type("T", (Shared,), {"x": 5, "get": lambda self: self.x})
print(T().get(), T.__name__, issubclass(T, Shared), type(T()) is T, type(5) is int, type(type(5)) is type)
class Empty: pass
e = Empty()
e.a, e.b = 1, 2
print(e.a + e.b, isinstance(e, Empty), callable(Empty), callable(e), callable(len))
for op in (lambda: type("X", 5, {}), lambda: object().x):
    try:
        op()
    except (TypeError, AttributeError) as x:
        print(type(x).__name__)
class Init:
    def __init__(self): return 5
try:
    Init()
except TypeError:
    print("TypeError")
def factory(base):
    class Made(base):
        def kind(self): return base.__name__
    return Made
print(factory(list)().kind(), factory(Empty)().kind())
