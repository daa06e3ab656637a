# Comprehensions against the loops, maps and filters that they stand for.
data = [3, -1, 4, -1, 5, -9, 2, 6]
loop = []
for x in data:
    if x > 0: loop.append(x * x)
print([x * x for x in data if x > 0] == loop == list(map(lambda x: x * x, filter(lambda x: x > 0, data))))
print({x: abs(x) for x in data if x < 0} == {-1: 1, -9: 9}, {abs(x) for x in data} == set(map(abs, data)), sum(x for x in data), [x for x in reversed(data)], [(i, x) for i, x in enumerate(data) if i % 3 == 0])
print([a * b for a, b in zip(data, data[1:])], [data[i:i + 3] for i in range(0, len(data), 3)], [x for x, y in zip(data, data[1:]) if y < x], ["".join(p) for p in zip("abc", "def")])
words = "It was the best of times it was the worst of times".lower().split()
print({w: words.count(w) for w in words} == {"it": 2, "was": 2, "the": 2, "best": 1, "of": 2, "times": 2, "worst": 1}, sorted({len(w): w for w in words}.items()), [w for w in words if len(w) > 3 and "t" in w], sorted({w[0] for w in words}))
print([[1 if i == j else 0 for j in range(3)] for i in range(3)], [n for n in range(2, 50) if all(n % d for d in range(2, int(n ** 0.5) + 1))], [(a, b, c) for a in range(1, 20) for b in range(a, 20) for c in range(b, 20) if a * a + b * b == c * c])
print(max([x for x in data if x % 2 == 0]), any(x > 5 for x in data), [y for x in [[1], [], [2, 3]] for y in x], list(x for x in [i for i in range(5)] if x not in (1, 3)))
