# send, throw, close, return values and what a finished generator says.
def echo():
    received = []
    while True:
        try:
            x = yield received
            received = received + [x]
        except KeyError as e:
            received = received + ["key"]
        except GeneratorExit:
            print("closing", received)
            raise
g = echo()
print(next(g), g.send(1), g.send("two"), g.throw(KeyError("k")), next(g))
g.close()
g.close()
for op in (lambda: next(g), lambda: g.send(1)):
    try:
        op()
    except StopIteration:
        print("StopIteration")
def value():
    yield 1
    return "result"
v = value()
print(next(v))
try:
    next(v)
except StopIteration as e:
    print(e.value, e.args)
try:
    value().send(5)
except TypeError:
    print("TypeError")
def stubborn():
    try:
        yield 1
    except GeneratorExit:
        yield 2
s = stubborn()
next(s)
try:
    s.close()
except RuntimeError as e:
    print("RuntimeError")
def failing():
    yield 1
    raise ValueError("inside")
f = failing()
next(f)
try:
    next(f)
except ValueError as e:
    print(e, list(f))
try:
    value().throw(OSError(5))
except OSError as e:
    print("thrown into a fresh one", e.args)
