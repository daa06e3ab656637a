# A scheduler of coroutines written by hand: sleeping, waiting for each other, results and failures.
import heapq
class Wait:
    def __init__(self, what, arg): self.what, self.arg = what, arg
    def __iter__(self): return (yield self)
    __await__ = __iter__
class Loop:
    def __init__(self): self.now, self.q, self.n, self.done, self.waiting = 0, [], 0, {}, {}
    def add(self, name, coro, at=0):
        self.n += 1
        heapq.heappush(self.q, (at, self.n, name, coro, None))
    def run(self):
        while self.q:
            self.now, _, name, coro, value = heapq.heappop(self.q)
            try: w = coro.send(value)
            except StopIteration as e: self.finish(name, e.value)
            except ValueError as e: self.finish(name, "failed " + str(e))
            else:
                self.n += 1
                if w.what == "sleep": heapq.heappush(self.q, (self.now + w.arg, self.n, name, coro, self.now + w.arg))
                elif w.arg in self.done: heapq.heappush(self.q, (self.now, self.n, name, coro, self.done[w.arg]))
                else: self.waiting.setdefault(w.arg, []).append((name, coro))
    def finish(self, name, value):
        print(self.now, name, value)
        self.done[name] = value
        for n, c in self.waiting.pop(name, []):
            self.n += 1
            heapq.heappush(self.q, (self.now, self.n, n, c, value))
async def work(n):
    t = 0
    for i in range(n): t = await Wait("sleep", i + 1)
    return t
async def fails():
    await Wait("sleep", 2)
    raise ValueError("x")
async def both(names):
    out = []
    for n in names: out.append((n, await Wait("join", n)))
    return out
l = Loop()
l.add("a", work(3)); l.add("b", work(1)); l.add("f", fails()); l.add("j", both(["a", "f", "b"]))
l.run()
