# A small class of vectors and one of fractions with all their operators.
class V:
    def __init__(self, *c): self.c = c
    def __add__(self, o): return V(*(a + b for a, b in zip(self.c, o.c)))
    def __sub__(self, o): return V(*(a - b for a, b in zip(self.c, o.c)))
    def __mul__(self, k): return V(*(a * k for a in self.c)) if not isinstance(k, V) else sum(a * b for a, b in zip(self.c, k.c))
    def __rmul__(self, k): return self * k
    def __neg__(self): return self * -1
    def __eq__(self, o): return self.c == o.c
    def __len__(self): return len(self.c)
    def __getitem__(self, i): return self.c[i]
    def __iter__(self): return iter(self.c)
    def __bool__(self): return any(self.c)
    def __repr__(self): return "V" + repr(self.c)
    def __call__(self, i): return self.c[i]
    def __contains__(self, x): return x in self.c
a, b = V(1, 2, 3), V(4, 5, 6)
print(a + b, b - a, a * 2, 3 * a, a * b, -a, a == V(1, 2, 3), a != b, len(a), a[1], list(a), bool(V(0, 0)), a(2), 2 in a, sum(a), max(b))
def gcd(a, b):
    while b: a, b = b, a % b
    return a
class F:
    def __init__(self, n, d=1):
        g = gcd(abs(n), abs(d)) or 1
        if d < 0: g = -g
        self.n, self.d = n // g, d // g
    def __add__(self, o): o = F.of(o); return F(self.n * o.d + o.n * self.d, self.d * o.d)
    def __radd__(self, o): return self + o
    def __sub__(self, o): o = F.of(o); return F(self.n * o.d - o.n * self.d, self.d * o.d)
    def __rsub__(self, o): return F.of(o) - self
    def __mul__(self, o): o = F.of(o); return F(self.n * o.n, self.d * o.d)
    __rmul__ = __mul__
    def __truediv__(self, o): o = F.of(o); return F(self.n * o.d, self.d * o.n)
    def __pow__(self, k): return F(self.n ** k, self.d ** k)
    def __lt__(self, o): o = F.of(o); return self.n * o.d < o.n * self.d
    def __eq__(self, o): o = F.of(o); return (self.n, self.d) == (o.n, o.d)
    def __hash__(self): return hash((self.n, self.d))
    def __abs__(self): return F(abs(self.n), self.d)
    def __str__(self): return "%d/%d" % (self.n, self.d) if self.d != 1 else str(self.n)
    @staticmethod
    def of(x): return x if isinstance(x, F) else F(x)
h, t = F(1, 2), F(-1, 3)
print(h + t, h - t, h * t, h / t, 1 + h, 1 - h, 2 * h, h ** 3, abs(t), h < 1, t < h, h == F(2, 4), str(sum([h, t, h], F(0))), sorted([h, t, F(0)], key=lambda f: f.n / f.d)[0].n, len({F(1, 2), F(2, 4)}))
print(" ".join(str(sum((F(1, k) for k in range(1, n)), F(0))) for n in range(2, 8)))
