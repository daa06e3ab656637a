# yield in odd places: arguments, conditions, subscripts, lambdas, assignments.
def f():
    x = [(yield 1), (yield 2)]
    y = {(yield 3), (yield)}
    if (yield 4): z = yield 5
    else: z = 0
    a = b = yield
    a += yield 6
    print("call", (yield 7), key(v=(yield 8)))
    return x, sorted(y), z, a, b
def key(v): return v
g = f()
sent = [None, 10, 20, 30, 40, 1, 50, 60, 70, 80, 90]
try:
    for value in sent:
        print(g.send(value))
except StopIteration as e:
    print(e.value)
h = (lambda: (yield 1))()
print(list(h))
