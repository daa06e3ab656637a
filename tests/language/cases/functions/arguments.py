# Positional, default, keyword, starred parameters and how they are passed.
def f(a, b=2, *args, c, d=4, **kw): return a, b, args, c, d, sorted(kw.items())
print(f(1, c=3))
print(f(1, 5, 6, 7, c=8, d=9, e=10))
print(f(*[1, 2, 3], c=4, **{"x": 5}))
print(f(*(1,), *(2, 3), 4, c=5))
def g(a, *, b=1): return a, b
print(g(1), g(1, b=2), g(a=3))
def h(*, k): return k
print(h(k=1))
def i(*args, **kw): return args, kw
print(i(), i(1), i(x=1), i(*"ab", **{"y": 2}))
try:
    g(1, 2)
except TypeError:
    print("keyword only")
def many(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r): return r + q - a
print(many(*range(18)))
