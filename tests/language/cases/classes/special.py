# Special methods that syntax calls.
class V:
    def __init__(self, v): self.v = v
    def __add__(self, o): return V(self.v + o.v)
    def __eq__(self, o): return self.v == o.v
    def __lt__(self, o): return self.v < o.v
    def __neg__(self): return V(-self.v)
    def __call__(self, *a, **k): return a, k
    def __getitem__(self, i): return ("get", i)
    def __setitem__(self, i, x): print("set", i, x)
    def __delitem__(self, i): print("del", i)
    def __contains__(self, x): return x == self.v
    def __len__(self): return self.v
    def __iter__(self): return iter([self.v])
    def __repr__(self): return "V(%d)" % self.v
a = V(1)
print(a + V(2), -a, a == V(1), a < V(2), a(1, k=2), a[5], a["k"], 1 in a, 2 not in a)
a[3] = 4
del a[0]
print(len(V(4)), list(a), bool(V(0)))
