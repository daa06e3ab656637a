# Comparison methods, identity and equality of instances, and their use by sort, in and index.
class N:
    def __init__(self, v): self.v = v
    def __eq__(self, o): return isinstance(o, N) and self.v == o.v
    def __lt__(self, o): return self.v < o.v
    def __le__(self, o): return self.v <= o.v
    def __gt__(self, o): return self.v > o.v
    def __ge__(self, o): return self.v >= o.v
    def __hash__(self): return self.v
    def __repr__(self): return "N%d" % self.v
a, b, c = N(1), N(2), N(1)
print(a == c, a is c, a != b, a < b, b > a, a <= c, a >= c, a in [c], [b, c].index(a), [a, c, b].count(a))
print(sorted([b, a, N(0)]), max(a, b), min([b, a]), len({a, b, c}), {a: 1}[c])
l = [N(3), N(1), N(2)]
l.sort()
print(l)
l.sort(reverse=True)
print(l)
l.sort(key=lambda n: -n.v % 3)
print(l)
l.remove(N(3))
print(l)
class NoEq: pass
x, y = NoEq(), NoEq()
print(x == y, x == x, x != y, x in [y], x in [y, x])
for op in (lambda: x < y, lambda: x >= y, lambda: sorted([x, y])):
    try:
        op()
    except TypeError:
        print("TypeError")
