# Every method of set and frozenset.
a, b = {1, 2, 3}, {3, 4}
show = lambda s: sorted(s)
print(show(a | b), show(a & b), show(a - b), show(a ^ b), show(a.union(b)), show(a.intersection(b)), show(a.difference(b)), show(a.symmetric_difference(b)))
print(a.isdisjoint({9}), a.isdisjoint(b), {1} < a, {1} <= a, a > {1}, a >= a, a == {3, 2, 1}, a != b, {1}.issubset(a), a.issuperset({2}))
c = a.copy()
c.add(9); c.discard(1); c.discard(100); c.remove(2); c.update([7, 8])
print(show(c), len(c), 9 in c, c.pop() in {3, 7, 8, 9}, len(c))
c.intersection_update({7, 8, 9}); print(c <= {7, 8, 9})
c = {1, 2}; c.difference_update({1}); print(c); c.symmetric_difference_update({2, 5}); print(c)
c.clear(); print(c, set(), bool(c), bool({0}))
f = frozenset([1, 2])
print(show(f | {3}), f == {1, 2}, {f: 1}[frozenset((2, 1))], hash(f) == hash(frozenset([2, 1])), len(f))
for op in (lambda: {[]}, lambda: set().pop(), lambda: {1}.remove(2), lambda: {1} | [2], lambda: f.add(1), lambda: {1} < [1], lambda: set(5)):
    try:
        op()
    except (TypeError, KeyError, AttributeError) as e:
        print(type(e).__name__)
print(show({x % 3 for x in range(10)}), show(set("hello")), show(set(range(3)) - set()), len({1, 1.0, True}))
s = set()
for i in range(200):
    s.add(i * 7 % 101)
print(len(s), sum(s))
