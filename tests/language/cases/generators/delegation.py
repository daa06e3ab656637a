# yield from: values, sent values, exceptions and results go through; any iterable will do.
log = []
def inner(n):
    try:
        got = []
        for i in range(n):
            got.append((yield i))
        return got
    except ValueError as e:
        log.append("inner caught")
        yield "after"
        return "recovered"
    finally:
        log.append("inner done")
def outer(n):
    result = yield from inner(n)
    yield ("result", result)
    yield from [10, 20]
    yield from "ab"
    yield from {"k": 1}
    return "end"
print(list(outer(2)), log)
g = outer(3)
print(next(g), g.send("a"), g.send("b"), g.send("c"))
g = outer(3)
print(next(g), g.throw(ValueError("v")), next(g), log)
g = outer(3)
next(g)
g.close()
print(log)
def deep(n):
    if n:
        yield from deep(n - 1)
        yield n
print(list(deep(20)))
class It:
    def __init__(self): self.n = 3
    def __iter__(self): return self
    def __next__(self):
        self.n -= 1
        if self.n < 0:
            raise StopIteration("it is over")
        return self.n
def take():
    r = yield from It()
    yield r
print(list(take()))
def bad():
    yield from 5
try:
    list(bad())
except TypeError:
    print("TypeError")
def twice():
    yield from (x * 2 for x in range(3))
    return (yield)
t = twice()
print([next(t) for _ in range(4)])
