# Method calls, chains, calls of results, keywords and stars.
class N:
    def __init__(self, v=0): self.v = v; self.next = self
    def add(self, n=1, *rest, **kw):
        self.v += n + sum(rest) + sum(kw.values())
        return self
    def fn(self): return lambda *a, **k: (a, k)
n = N()
print(n.add().add(2).add(n=3).add(1, 2, 3, x=4).v, n.next.next.add(1).v)
print(n.fn()(1, k=2), n.fn()(*[1], **{"z": 3}), N(5).v, N(v=6).add(*(1, 2)).v)
print(" a b ".strip().split()[0].upper(), "x".join(["1", "2"]), len("abc".replace("b", "")))
n.items = [lambda: "called"]
print(n.items[0](), (n.add)(1).v, [print][0]("printed"), getattr(n, "v"))
print(dict(a=1, **{"b": 2})["b"], max(*[1, 5], 3), max([1, 2], key=lambda v: -v))
