# asyncio: gather with results and exceptions, wait_for, cancellation, events and locks in a known order.
import asyncio
log = []
async def worker(name, n, delay):
    for i in range(n):
        log.append((name, i))
        await asyncio.sleep(delay)
    return name
async def fails():
    await asyncio.sleep(0)
    raise ValueError("boom")
async def main():
    print(await asyncio.gather(worker("a", 2, 0), worker("b", 2, 0), worker("c", 1, 0)))
    print(log)
    r = await asyncio.gather(worker("d", 1, 0), fails(), return_exceptions=True)
    print(r[0], type(r[1]).__name__, r[1].args)
    try:
        await asyncio.gather(fails())
    except ValueError as e:
        print("gathered", e)
    try:
        await asyncio.wait_for(worker("slow", 1, 10), 0.01)
    except asyncio.TimeoutError:
        print("timeout")
    print(await asyncio.wait_for(worker("e", 1, 0), 1))
    t = asyncio.create_task(worker("long", 100, 1))
    await asyncio.sleep(0)
    t.cancel()
    try:
        await t
    except asyncio.CancelledError:
        print("cancelled", t.done())
    e = asyncio.Event()
    async def waiter(n):
        await e.wait()
        log.append(("woken", n))
    ts = [asyncio.create_task(waiter(i)) for i in range(3)]
    await asyncio.sleep(0)
    e.set()
    for t in ts: await t
    print(log[-3:], e.is_set())
    lock = asyncio.Lock()
    async def locked(n):
        async with lock:
            log.append(("in", n))
            await asyncio.sleep(0)
            log.append(("out", n))
    await asyncio.gather(locked(1), locked(2))
    print(log[-4:], lock.locked())
    return "main"
print(asyncio.run(main()))
