# Tuples: indexing, slices, comparison, hashing, unpacking and the one-element form.
t = (1, "a", None, (2, 3))
print(t, len(t), t[0], t[-1], t[1:3], t[::-1] if False else t[::1], t + (4,), t * 2, () * 5, (1,), ())
print(t.index("a"), t.count(1), "a" in t, (1, 2) == (1, 2), (1, 2) < (1, 3), (1,) < (1, 2), () < (1,), (1, 2) != (2, 1))
print({(1, 2): "k"}[(1, 2)], hash((1, 2)) == hash((1, 2)), len({(1,), (1,), (2,)}))
a, b = (1, 2)
(c, d), e = (3, 4), 5
f, = [6]
print(a, b, c, d, e, f)
a, b = b, a
print(a, b)
print(tuple("ab"), tuple([1]), tuple(), tuple(range(3)), tuple({1: 2}))
for op in (lambda: t[9], lambda: t.index(99), lambda: (lambda x, y: 0)(*(1,)), lambda: t.__setitem__(0, 1)):
    try:
        op()
    except (IndexError, ValueError, TypeError, AttributeError) as e:
        print(type(e).__name__)
for values in ((1,), (1, 2, 3)):
    try:
        a, b = values
    except ValueError:
        print("ValueError")
try:
    a, b = 5
except TypeError:
    print("TypeError")
