# in, not in, is, is not with every kind of container and their mixtures.
print(1 in [1], 2 not in [1], "a" in "abc", "" in "", "bc" in "abc", b"b" in b"abc", 98 in b"abc", 1 in (1,), 1 in {1: 2}, 2 in {1: 2}, 2 in {1: 2}.values(), (1, 2) in {1: 2}.items() if False else True, 3 in range(5), 5 in range(5), None in [None], [] in [[]], 1.0 in [1], True in [1], "1" in [1])
a = [1]
b = a
print(a is b, a is not [1], a is [1], None is None, () is not None, a in [a], [a].index(b), not a is b, not (1 in a), 1 in a is True if False else (1 in a) is True)
class In:
    def __contains__(self, x): return x % 2 == 0
class It:
    def __iter__(self): return iter([1, 2, 3])
class Get:
    def __getitem__(self, i):
        if i > 3: raise IndexError
        return i * 10
print(2 in In(), 3 in In(), 2 in It(), 9 in It(), 20 in Get(), 25 in Get(), 4 not in In())
for op in (lambda: 1 in 5, lambda: 1 in None, lambda: 1 in "abc", lambda: [] in {1: 1}, lambda: "a" in b"abc" if False else 1 in 5.5):
    try:
        print(op())
    except TypeError:
        print("TypeError", end=" ")
print()
g = (x for x in range(10))
print(3 in g, next(g), 2 in g)
