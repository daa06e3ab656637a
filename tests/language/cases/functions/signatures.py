# Every form of parameter with every form of call, and the errors of wrong calls.
def f(a, b=2, *c, d, e=5, **f): return a, b, c, d, e, sorted(f.items())
print(f(1, d=4), f(1, 2, 3, 4, d=4), f(d=1, a=2), f(*[1, 2, 3], **{"d": 1, "z": 9}), f(1, *(), d=0, **{}), f(1, *[2], d=3, q=1))
def g(*, k): return k
def h(*args): return args
def i(**kw): return sorted(kw.items())
def j(a, b, c=3): return a, b, c
print(g(k=1), h(), h(1, 2), i(), i(x=1, y=2), j(1, 2), j(b=1, a=2), j(*[1], b=5), j(*"xy"), j(1, *(2,), **{"c": 9}))
calls = [lambda: f(), lambda: f(1), lambda: g(1), lambda: g(), lambda: h(x=1), lambda: i(1), lambda: j(1), lambda: j(1, 2, 3, 4), lambda: j(1, a=2, b=3), lambda: j(1, 2, z=3), lambda: j(*5)]
for call in calls:
    try:
        print(call())
    except TypeError:
        print("TypeError")
def defaults(a=[], b={}): a.append(1); b[len(b)] = 1; return len(a), len(b)
print(defaults(), defaults(), defaults([]), defaults())
x = 1
def late(y=x): return y
x = 2
print(late(), (lambda z=x: z)())
print((lambda *a, k=1, **kw: (a, k, kw))(1, 2, k=3, q=4), (lambda: None)(), (lambda a, b: a - b)(b=1, a=5))
def recursive(n): return 1 if n < 2 else n * recursive(n - 1)
print(recursive(20), f.__name__, (lambda: 0).__name__)
