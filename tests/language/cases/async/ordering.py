# Differs from CPython: awaiting a plain generator.
# Coroutines driven by hand: await, return values, exceptions, async with and async for, cancellation by close.
class Sleep:
    def __init__(self, v): self.v = v
    def __iter__(self):
        got = yield self.v
        return got
    __await__ = __iter__
async def leaf(x):
    r = await Sleep(x)
    return (x, r)
async def middle(n):
    out = []
    for i in range(n):
        out.append(await leaf(i))
    return out
def drive(c, send=None):
    seen = []
    try:
        v = c.send(None)
        while True:
            seen.append(v)
            v = c.send(("sent", v))
    except StopIteration as e:
        return seen, e.value
print(drive(middle(3)))
class CM:
    async def __aenter__(self):
        print("aenter", await Sleep("in"))
        return self
    async def __aexit__(self, t, v, tb):
        print("aexit", t and t.__name__, await Sleep("out"))
        return t is ValueError
async def uses():
    async with CM() as c:
        print(type(c).__name__, await Sleep("body"))
        raise ValueError("swallowed")
    return "done"
print(drive(uses()))
class AIter:
    def __init__(self, n): self.n = n
    def __aiter__(self): return self
    async def __anext__(self):
        if self.n == 0: raise StopAsyncIteration
        self.n -= 1
        return await Sleep(self.n)
async def loops():
    out = []
    async for x in AIter(3):
        if x[1] == 1: continue
        out.append(x)
    else:
        out.append("else")
    return out
print(drive(loops()))
async def closing():
    try:
        await Sleep(1)
    finally:
        print("cleaned up")
c = closing()
c.send(None)
c.close()
async def failing():
    await Sleep(1)
    raise KeyError("in coroutine")
try:
    drive(failing())
except KeyError as e:
    print("KeyError", e.args)
async def throws():
    try:
        await Sleep("waiting")
    except OSError as e:
        return "caught", e.args
t = throws()
t.send(None)
try:
    t.throw(OSError(5))
except StopIteration as e:
    print(e.value)
