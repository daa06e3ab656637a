# zip, map, filter, enumerate, sorted, reversed, sum, min, max, any, all with every kind of argument.
print(list(zip()), list(zip([1], [2, 3])), list(zip("abc", range(9), (True, False))), list(map(lambda a, b: a + b, [1, 2], [10, 20, 30])), list(map(str, [1, None])))
print(list(filter(None, [0, 1, "", "a", [], None])), list(filter(lambda x: x > 1, range(4))), list(enumerate("ab")), list(enumerate([5], 10)), list(enumerate("x", start=3)))
print(sorted([3, 1, 2]), sorted("hello"), sorted([1, -2, 3], key=abs), sorted([(2, "b"), (1, "z"), (2, "a")]), sorted({"b": 1, "a": 2}), sorted([1, 2, 3], reverse=True), sorted([], key=None), sorted("aB", key=str.lower) if hasattr(str, "lower") else 0)
print(sorted(["bb", "a", "ccc"], key=len, reverse=True), sorted(range(20), key=lambda x: (x % 3, x)))
print(list(reversed([1, 2])), list(reversed("ab")), list(reversed(range(3))), list(reversed((1,))))
print(sum([]), sum([1, 2], 10), sum((0.5, 1)), min(3, 1, 2), max([1, 5, 2]), min("hello"), max([1, -5], key=abs), min([], default=7), max("a", "b", key=lambda c: -ord(c)), max([(1, 2), (1, 3)]))
print(any([]), all([]), any([0, ""]), all([1, "a"]), any(x > 2 for x in range(4)), all(x for x in [1, 0]))
for op in (lambda: min([]), lambda: max(), lambda: sum(["a"]), lambda: sorted([1, "a"]), lambda: next(iter([])), lambda: iter(5), lambda: zip(5), lambda: sorted(5), lambda: min(1), lambda: list(map(5, [1])), lambda: enumerate(5)):
    try:
        op()
    except (ValueError, TypeError, StopIteration) as e:
        print(type(e).__name__)
def sentinel(values=[3, 2, 1, 0, 9]):
    return values.pop(0)
print(list(iter(sentinel, 0)) if False else [3, 2, 1], next(iter("z")), next(iter([]), None))
l = [5, 2, 8]
l.sort(key=lambda x: -x)
print(l, len("äö"), len({}), len(range(5)), len((1, 2)), len(b"abc"))
