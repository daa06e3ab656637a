# Differs from CPython: the value of an item of a dict is evaluated before its key.
# Order of evaluation and short circuits, made visible.
trace = []
def v(x):
    trace.append(x)
    return x
def show(value):
    global trace
    print(value, trace)
    trace = []
show(v(1) < v(2) < v(3))
show(v(3) < v(2) < v(1))
show(v(1) and v(0) and v(2))
show(v(0) or v(0) or v(3))
show(v(1) if v(0) else v(2))
show(not v(0))
show(v(1) + v(2) * v(3))
show([v(1), v(2)][v(0)])
show({v("k"): v("v")})
show((lambda a, b=v(2): a + b)(v(1)))
show(v(2) ** v(3) ** v(1))
show(v(1) in [v(2), v(1)])
show(v(1) == v(1) != v(2) is not v(3))
def f(*a, **k): return a, sorted(k.items())
show(f(v(1), *v([2]), k=v(3), **v({"z": 4})))
x = [0, 0]
x[v(0)], x[v(1)] = v(5), v(6)
show(x)
x[v(0)] += v(10)
show(x)
a = b = v(9)
show((a, b))
