# Classes that can be iterated, indexed, measured, searched and compared, used by the built-in functions.
class Seq:
    def __init__(self, *items): self.items = items
    def __len__(self): return len(self.items)
    def __getitem__(self, i):
        if isinstance(i, slice): return ("slice", i.start, i.stop)
        return self.items[i]
s = Seq(5, 6, 7)
print(list(s), [x for x in s], tuple(s), 6 in s, 9 in s, s[1], s[-1], s[1:2], len(s), bool(s), bool(Seq()), max(s), sum(s), sorted(s, reverse=True))
a, b, c = s
print(a, b, c, list(zip(s, s)), list(map(str, s)), list(enumerate(s)))
class It:
    def __init__(self, n): self.n = n
    def __iter__(self): return self
    def __next__(self):
        if self.n == 0: raise StopIteration
        self.n -= 1
        return self.n
print(list(It(4)), sum(It(5)), [x for x in It(3)], 2 in It(5), max(It(7)))
for x in It(2): print("loop", x)
class Fresh:
    def __iter__(self): return iter([1, 2])
f = Fresh()
print(list(f), list(f), *f)
for bad in (5, None, It, object()):
    try:
        for x in bad: pass
    except TypeError:
        print("TypeError")
class BadIter:
    def __iter__(self): return 5
try:
    list(BadIter())
except TypeError:
    print("TypeError")
class Reversed:
    def __len__(self): return 3
    def __getitem__(self, i): return i * 10
print(list(reversed(Seq(1, 2, 3))), list(reversed(Reversed())))
it = iter([1, 2, 3])
print(next(it), list(it), next(it, "end"))
