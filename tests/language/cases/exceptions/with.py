# Context managers: order, several, targets, swallowing, leaving by return and break.
class M:
    def __init__(self, name, swallow=False): self.name, self.swallow = name, swallow
    def __enter__(self):
        print("enter", self.name)
        return self.name
    def __exit__(self, t, v, tb):
        print("exit", self.name, t and t.__name__)
        return self.swallow
with M("a"): pass
with M("a") as x, M("b") as y: print(x, y)
with M("s", True): raise ValueError
def f():
    for i in range(3):
        with M(i) as v, M("n"):
            if i == 0: continue
            if i == 1: break
    with M("r"): return "returned"
print(f())
class Holder: pass
h = Holder(); d = {}
with M("attr") as h.x, M("item") as d["k"]: print(h.x, d)
class P(M):
    def __enter__(self): return 1, (2, 3)
with P("p") as (a, (b, c)): print(a, b, c)
try:
    with M("o"):
        with M("i"): raise KeyError("k")
except KeyError as e: print(e.args)
