# Every method of list, with negative indices, slices and errors.
l = [3, 1, 2]
l.append(4); l.extend((5, 6)); l.insert(0, 0); l.insert(-1, 9); l.insert(100, 7); l.insert(-100, -1)
print(l, len(l))
print(l.pop(), l.pop(0), l.pop(-2), l.index(2), l.index(2, 1), l.count(1), l)
l.remove(9) if 9 in l else None
l.reverse(); print(l)
l.sort(); print(l)
l.sort(key=lambda x: -x); print(l)
print(l[:], l[::-1], l[1:-1], l[-2:], l[::2], l[10:], l[-100:100])
m = l.copy(); m.clear(); print(m, l)
for i in (0, -1, 2):
    l[i] = "x"
del l[0]; del l[-1]
print(l)
l[1:2] = ["a", "b", "c"]; print(l)
l[:0] = [0]; print(l)
l[len(l):] = [99]; print(l)
del l[1:3]; print(l)
l[1:1] = []; print(l)
for op in (lambda: [].pop(), lambda: [1][5], lambda: [1].remove(2), lambda: [1].index(2), lambda: [1].pop(3)):
    try:
        op()
    except (IndexError, ValueError) as e:
        print(type(e).__name__)
print([1, 2] + [3], [0] * 3, [1] * 0, [[1]] * 2, 2 in [1, 2], [1, 2] == [1, 2], [1, 2] < [1, 3], [1] < [1, 0], [] == [])
print(list("abc"), list(range(3)), list({"a": 1}), list((x for x in "xy")), list(), list([1]))
a, *b, c = [1, 2, 3, 4]
print(a, b, c)
[p, [q, *r]] = [1, [2, 3, 4]]
print(p, q, r)
