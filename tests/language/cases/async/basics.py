# Coroutines driven by hand: await, async for, async with.
class Step:
    def __init__(self, v): self.v = v
    def __iter__(self):
        yield self.v
        return self.v * 2
    __await__ = __iter__
class Items:
    def __init__(self, n): self.n = n
    def __aiter__(self): return self
    async def __anext__(self):
        if self.n == 0: raise StopAsyncIteration
        self.n -= 1
        return await Step(self.n)
class Manager:
    async def __aenter__(self):
        await Step("enter")
        return self
    async def __aexit__(self, t, v, tb):
        await Step("exit")
        return t is ValueError
async def main(n):
    total = 0
    async for i in Items(n):
        if i == 4: continue
        total += i
    else:
        print("else")
    async with Manager() as m, Manager():
        print("inside", await Step(3))
    async with Manager():
        raise ValueError
    async for i in Items(9):
        async with Manager():
            break
    return total
def run(c):
    try:
        while True: print(c.send(None))
    except StopIteration as e: return e.value
print("result", run(main(3)))
class D:
    async def method(self): return 5
async def uses(): return [await D().method(), (await Step(1)) + 1]
print(run(uses()))
