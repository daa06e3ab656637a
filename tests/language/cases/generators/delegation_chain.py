# A chain of generators that delegate: driven, thrown into, closed, and reached in its middle.
def leaf(n):
    try:
        for i in range(n):
            x = yield i
            if x: print("got", x)
    finally:
        print("leaf fin")
    return n * 10
def mid(n, d):
    try:
        if d == 0:
            r = yield from leaf(n)
        else:
            r = yield from mid(n, d - 1)
        print("mid", d, r)
        yield "extra%d" % d
        return r + 1
    except ValueError as e:
        print("mid caught", d, e)
        yield "after"
        if d % 2:
            raise KeyError(d)
        return -1
for d in (0, 1, 5, 20):
    print(list(mid(3, d)))
g = mid(3, 4)
print(next(g), g.send("hello"), next(g))
try:
    print(g.throw(ValueError("x")))
    while 1:
        print(next(g))
except KeyError as e:
    print("KeyError", e)
except StopIteration as e:
    print("stop", e.value)
def bad(d):
    if d == 0:
        yield 1
        raise RuntimeError("deep")
    else:
        yield from bad(d - 1)
try:
    for x in bad(6): print(x)
except RuntimeError as e:
    print(type(e).__name__, e)
# direct access to an intermediate
gs = []
def outer(d):
    if d == 0:
        yield 1
        print(next_of(gs[1]))
        yield 2
    else:
        g = outer(d - 1)
        gs.append(g)
        yield from g
        yield 10 + d
def next_of(g):
    try:
        return next(g)
    except ValueError as e:
        return str(e)
print(list(outer(3)))
gs.clear()
def drive(d):
    if d == 0:
        for i in range(4): yield i
    else:
        g = drive(d - 1)
        gs.append(g)
        yield from g
        yield 10 + d
g = drive(3)
print(next(g), next(gs[1]), next(gs[2]), next(g), next(g), next(g))
g = drive(3); gs.clear(); next(g); gs[2].close(); print(list(g))
g = drive(3); gs.clear(); next(g); gs[1].close(); print(list(g))
def rec(n):
    if n: yield from rec(n - 1)
    yield n
import sys
print(sum(rec(30)))
def stop(d):
    if d:
        r = yield from stop(d - 1)
        print("r", r)
    else:
        yield 1
        raise StopIteration(7)
try:
    print(list(stop(3)))
except RuntimeError as e:
    print(type(e).__name__, e)
class It:
    def __iter__(self): return self
    n = 0
    def __next__(self):
        self.n += 1
        if self.n > 3: raise StopIteration(99)
        return self.n
def over(d):
    r = yield from (over(d - 1) if d else It())
    print("over", d, r)
    return r
print(list(over(4)))
def wrap():
    try:
        yield from drive(2)
    except GeneratorExit:
        print("exit")
        raise
w = wrap(); next(w); w.close()
def loop():
    for x in drive(4): yield x * 2
print(list(loop()), sum(loop()))
