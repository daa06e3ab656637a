# __getattr__, __setattr__, __delattr__ and attributes that are looked up in the class first.
class Lazy:
    def __init__(self): self.calls = []
    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        self.calls.append(name)
        return name.upper()
l = Lazy()
print(l.abc, l.xyz, l.calls, hasattr(l, "_no"), hasattr(l, "yes"), getattr(l, "_no", "default"))
l.abc = 5
print(l.abc, l.calls)
class Proxy:
    def __init__(self, target): self.target = target
    def __getattr__(self, name): return getattr(self.target, name)
p = Proxy([3, 1, 2])
p.sort()
p.append(9)
print(p.target, p.count(9), p.index(1))
class Chain:
    def __init__(self, path=""): self.path = path
    def __getattr__(self, n): return Chain(self.path + "." + n)
    def __call__(self, *a): return self.path, a
print(Chain().a.b.c(1, 2))
