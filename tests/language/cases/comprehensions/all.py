# Lists, sets, dicts and generators, with conditions and several loops.
n = 3
print([x * n for x in range(4)], [x for x in range(10) if x % 2 if x > 3])
print([(x, y) for x in range(3) for y in range(x)], {x: x * x for x in range(1)})
print(sorted({x % 3 for x in range(9)}), list(x for x in "abc"), sum(x for x in range(5)))
print([[y for y in range(x)] for x in range(3)], [a + b for a, b in [(1, 2), (3, 4)]])
print({k: v for k, v in zip("ab", (1, 2)) if v > 1}, [x if x else -1 for x in (0, 1)])
print([i for i in range(2) for i in range(i, 3)], tuple(i for i in () if i))
g = (x * 2 for x in iter([1, 2]))
print(next(g), next(g), [[(i, j, k) for k in range(1)] for i in range(1) for j in range(1)])
print({x for x in (1,)}, {y: x for x in (1,) for y in (2,)}, max((v for v in (1, 2)), key=lambda q: -q))
