# Differs from CPython: texts of errors.
# Lists, tuples, dicts and sets: methods, slices, errors.
items = [5, 3, 9, 1, 3]
items.append(7); items.insert(0, 8); items.insert(-1, 6); items.extend(range(2))
print(items, items.index(9), items.count(3), items.pop(), items.pop(0), len(items))
items.sort(); print(items); items.sort(reverse=True); print(items)
items.sort(key=lambda x: (x % 3, -x)); print(items); items.reverse(); print(items)
items.remove(9); del items[0], items[1:3]; print(items)
items[1:1] = [10, 11]; items[:1] = []; items[-1:] = (1, 2, 3); print(items, items[::-1], items[::2], items[-3:-1])
print([1] * 3 + [2], [1, 2] < [1, 3], [1, 2] == [1, 2], (1, 2) + (3,), (1,) * 3, (3, 1) > (2, 9))
words = ["pear", "fig", "apple", "kiwi", "date"]
print(sorted(words), sorted(words, key=lambda w: (len(w), w)), sorted(words, key=lambda w: w[-1], reverse=True))
print(min(words), max(words, key=lambda w: (len(w), w)), sum([1, 2, 3], 10), any([0, 1]), all([]), list(zip(words, range(3))))
d = {"a": 1, 2: "b", (3, 4): [5]}
d["c"] = d.get("a") + 1; d.update({"e": 0}, f=6); print(len(d), d.pop("a"), d.pop("zz", None), d.setdefault("g", 7))
print("c" in d, (3, 4) in d, sorted(k for k in d if isinstance(k, str)), d == dict(d), d.get("nothing"))
for action in (lambda: d["nothing"], lambda: items[99], lambda: [].pop(), lambda: {}.popitem(), lambda: d[[1]], lambda: (1,)[5]):
    try:
        action()
    except Exception as error:
        print(type(error).__name__, error)
table = {}
for number in range(200):
    table[number * 7 % 101] = number
    if number % 3 == 0:
        table.pop(number % 50, None)
print(len(table), sum(table.values()), sum(table))
s, t = {1, 2, 3, 4}, frozenset([3, 4, 5])
print(sorted(s | t), sorted(s & t), sorted(s - t), sorted(s ^ t), s <= {1, 2, 3, 4, 5}, s.isdisjoint(t), 3 in s)
s.add(9); s.discard(1); s.update([7, 7]); s -= {2}; print(sorted(s), len(s), set() == set(()))
a, *b, c = range(5); (x, y), z = (1, 2), 3; print(a, b, c, x, y, z)
for count in (2, 4):
    try:
        values = [0] * count
        p, q, r = values
    except ValueError as error:
        print(error)
print(list(enumerate("ab", 5)), list(reversed([1, 2])), list(map(lambda a, b: a * b, [1, 2], [3, 4])), list(filter(None, [0, 1, 2])))
print(range(10)[2:8:2], len(range(0, 10, 3)), 4 in range(0, 10, 2), list(range(5, 0, -2)))
