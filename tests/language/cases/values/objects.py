# Differs from CPython: the bases of the first base are searched first.
# Classes: attributes, special methods, inheritance, descriptors, built-in bases.
class Vector:
    count = 0
    def __init__(self, *parts): self.parts = parts; Vector.count += 1
    def __add__(self, other): return Vector(*(a + b for a, b in zip(self.parts, other.parts)))
    def __mul__(self, k): return Vector(*(a * k for a in self.parts))
    __rmul__ = __mul__
    def __eq__(self, other): return isinstance(other, Vector) and self.parts == other.parts
    def __hash__(self): return hash(self.parts)
    def __len__(self): return len(self.parts)
    def __getitem__(self, i): return self.parts[i]
    def __contains__(self, x): return x in self.parts
    def __bool__(self): return any(self.parts)
    def __neg__(self): return self * -1
    def __call__(self, f): return Vector(*map(f, self.parts))
    def __repr__(self): return "Vector%r" % (self.parts,)
    def __iter__(self): return iter(self.parts)
    def __enter__(self): print("enter"); return self
    def __exit__(self, kind, value, trace): print("exit", kind is not None); return kind is KeyError
v = Vector(1, 2, 3)
print(v, v + v, v * 2, 3 * v, -v, len(v), v[1], 2 in v, bool(Vector(0)), v == Vector(1, 2, 3), v != Vector(1), list(v), v(lambda x: x * x), {v: 1}[Vector(1, 2, 3)])
with v as w: print(w is v)
with v: raise KeyError(1)
try:
    with v: raise ValueError("out")
except ValueError as error: print("caught", error)
class Base:
    def who(self): return "base"
    @classmethod
    def make(cls, *a): return cls(*a)
    @staticmethod
    def twice(x): return x * 2
    @property
    def half(self): return self.value / 2
    @half.setter
    def half(self, x): self.value = x * 2
class Left(Base):
    def __init__(self, value=1): self.value = value
    def who(self): return "left+" + super().who()
class Right(Base):
    def who(self): return "right+" + super().who()
class Both(Left, Right):
    def __getattr__(self, name): return "no " + name if not name.startswith("__") else None
b = Both.make(10); b.half = 3
print(b.who(), b.value, b.half, b.twice(4), Base.twice(5), b.missing, isinstance(b, Right), issubclass(Both, Base), Both.__name__, type(b).__bases__)
class Stack(list):
    def push(self, x): self.append(x)
    def top(self): return self[-1]
s = Stack([1, 2]); s.push(3); print(s.top(), len(s), s, s == [1, 2, 3], 2 in s, sorted(s, reverse=True), s + [4])
class Named(Exception):
    def __init__(self, a, b): super().__init__(a); self.b = b
try: raise Named(1, 2)
except Named as error: print(error.args, error.b, repr(error), str(error))
class Count(dict):
    def bump(self, k): self[k] = self.get(k, 0) + 1
c = Count(); [c.bump(x) for x in "abca"]; print(c["a"], len(c), isinstance(c, dict))
for action in (lambda: b.who(1), lambda: Left().nothing, lambda: Base().half, lambda: Vector() + 1, lambda: len(Base()), lambda: Base()(), lambda: -Base(), lambda: Base() < Base(), lambda: Base()[0], lambda: iter(Base()), lambda: next(5), lambda: object().x):
    try: action()
    except Exception as error: print(type(error).__name__, error)
print(hasattr(b, "value"), getattr(b, "zip", 0), callable(v), callable(Base), callable(1)); setattr(b, "new", 5); del b.value; print(b.new, b.value)
