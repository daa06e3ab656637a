# Generators: yield as statement and expression, sending, closing, delegating.
def count(n):
    for i in range(n):
        got = yield i
        if got: print("got", got)
    return "end"
g = count(3)
print(next(g), g.send("a"), next(g))
try:
    next(g)
except StopIteration as e:
    print(e.value)
def delegate():
    result = yield from count(2)
    print("result", result)
    x = yield
    yield x, (yield)
d = delegate()
print(next(d), next(d), next(d), d.send(5), d.send(6))
def closing():
    try:
        yield 1
    finally:
        print("closed")
c = closing(); next(c); c.close()
def empty():
    return
    yield
print(list(empty()), list((v for v in count(2))))
def inner():
    try:
        yield 1
    except ValueError:
        yield "caught"
i = inner(); next(i)
print(i.throw(ValueError))
