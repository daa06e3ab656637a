# Every binary operator, its reflected form, and what happens when a type declines.
class Left:
    def __init__(self, name): self.name = name
for name in ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lshift", "rshift", "and", "or", "xor", "matmul"]:
    def op(self, other, name=name): return (name, self.name, getattr(other, "name", other))
    setattr(Left, "__%s__" % name, op)
l = Left("l")
print(l + 1, l - 1, l * 1, l / 1, l // 1, l % 1, l ** 1, l << 1, l >> 1, l & 1, l | 1, l ^ 1, l @ 1)
class Decline:
    def __add__(self, o): return NotImplemented
    def __eq__(self, o): return NotImplemented
    def __lt__(self, o): return NotImplemented
try:
    Decline() + 1
except TypeError:
    print("TypeError")
d = Decline()
print(d == 1, d != 1, d == d)
try:
    d < 1
except TypeError:
    print("TypeError")
class Unary:
    def __neg__(self): return "neg"
    def __pos__(self): return "pos"
    def __invert__(self): return "invert"
    def __bool__(self): return False
    def __len__(self): return 3
    def __abs__(self): return "abs"
    def __contains__(self, x): return x == 5
    def __getitem__(self, i): return ("item", i)
    def __setitem__(self, i, v): print("set", i, v)
    def __delitem__(self, i): print("del", i)
    def __call__(self, *a, **k): return a, k
    def __hash__(self): return 42
u = Unary()
print(-u, +u, ~u, bool(u), len(u), abs(u), 5 in u, 6 in u, u[1], u[1:2], u["k"], u(1, a=2), hash(u), not u)
u[0] = 1
del u[0]
u[1:3] = "x"
