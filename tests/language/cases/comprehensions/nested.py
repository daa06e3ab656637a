# Comprehensions within comprehensions, with several loops and conditions, over dicts and sets.
print([[i * j for j in range(3)] for i in range(3)], [x for row in [[1, 2], [3]] for x in row], [(i, j) for i in range(3) if i for j in range(i) if j % 2 == 0])
print({k: [v for v in range(k)] for k in range(3)} == {0: [], 1: [0], 2: [0, 1]}, sorted({i % 3 for i in range(10) if i > 2}), {v: k for k, v in {"a": 1}.items()})
matrix = [[1, 2, 3], [4, 5, 6]]
print([[row[i] for row in matrix] for i in range(3)], [sum(r) for r in matrix], list(zip(*matrix)))
print([f(2) for f in [lambda x: x + 1, lambda x: x * 5]], [x if x % 2 else -x for x in range(5)], [a + b for a, b in zip("ab", "cd")], [i for i, in [(1,), (2,)]])
x = "outer"
print([x for x in range(2)], x, list(x for x in "q"), x)
print(["%d%s" % (n, c) for n in (1, 2) for c in "ab"], sum(i * i for i in range(5)), max((len(w), w) for w in ["a", "ccc", "bb"]))
def g(n): return [[k for k in range(j)] for j in range(n)]
print(g(4), [g(i) for i in range(2)])
class K:
    items = [1, 2]
    doubled = [i * 2 for i in items]
print(K.doubled)
print([[]] * 2, [() for _ in range(2)], [None for _ in []], {}, {i: i for i in ()})
print([y for y in [z for z in range(6) if z % 2] if y > 1], [i for i in range(20) if i % 2 == 0 if i % 3 == 0])
