# namedtuple, OrderedDict and deque with every method and error.
from collections import namedtuple, OrderedDict, deque
P = namedtuple("P", ("x", "y"))
p = P(1, y=2)
print(p, p.x, p[1], len(p), p == (1, 2), tuple(p), p + (3,), list(p), P("a", "b"), isinstance(p, tuple))
a, b = p
print(a, b, P(*[5, 6]), P(**{"x": 1, "y": 2}), namedtuple("Q", "a b c")(1, 2, 3))
for op in (lambda: P(1), lambda: P(1, 2, 3), lambda: P(1, z=2), lambda: p.z, lambda: setattr(p, "x", 5), lambda: P(1, x=1)):
    try:
        op()
    except (TypeError, AttributeError) as e:
        print(type(e).__name__, end=" ")
print()
o = OrderedDict([("z", 1), ("a", 2)])
o["m"] = 3
o["z"] = 9
print(list(o), list(o.items()), o["a"], o.pop("a"), list(o.keys()), list(o.values()), "m" in o, len(o))
o2 = OrderedDict()
for i in range(20): o2[i * 7 % 20] = i
print(list(o2), o == OrderedDict([("z", 9), ("m", 3)]))
print(o2.popitem(), len(o2))
d = deque((), 3)
for i in range(5): d.append(i)
print(list(d), len(d), d.popleft(), d.pop(), list(d), bool(d))
d.extend([7, 8, 9])
d.appendleft(6)
print(list(d), d[0], d[-1])
d[0] = 5
print(list(d))
e = deque([1, 2], 5)
e.extend([3])
print(list(e), [x for x in e])
try:
    deque((), 2).pop()
except IndexError:
    print("IndexError")
