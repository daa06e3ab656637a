# Differs from CPython: the order of tasks.
# Tasks: order, results, errors, cancelling, waiting together.
import asyncio


async def count(name, times, log):
    for i in range(times):
        log.append((name, i))
        await asyncio.sleep(0)
    return name * 2


async def fails(wait):
    await asyncio.sleep_ms(wait)
    raise ValueError("failed")


async def forever(log):
    try:
        while True:
            await asyncio.sleep_ms(1)
    except asyncio.CancelledError:
        log.append("cancelled")
        raise
    finally:
        log.append("finally")


async def main():
    log = []
    tasks = [asyncio.create_task(count(name, 3, log)) for name in "abc"]
    results = []
    for task in tasks:
        results.append(await task)
    print(results)
    print(log)
    print(await asyncio.gather(count("x", 1, log), count("y", 2, log)))
    print([type(r).__name__ for r in await asyncio.gather(fails(1), count("z", 1, log), return_exceptions=True)])
    try:
        await asyncio.gather(fails(1), count("z", 1, log))
    except ValueError as error:
        print("gather", error)
    log = []
    task = asyncio.create_task(forever(log))
    await asyncio.sleep_ms(5)
    print(task.cancel(), task.done())
    try:
        await task
    except asyncio.CancelledError:
        print("cancelled", log, task.done(), task.cancel())
    try:
        await asyncio.wait_for_ms(forever(log), 5)
    except asyncio.TimeoutError:
        print("timeout", log)
    print(await asyncio.wait_for(count("w", 2, log), 1))
    print(asyncio.current_task().done())
    return "end"


print(asyncio.run(main()))
try:
    asyncio.run(fails(1))
except ValueError as error:
    print("run", error)
try:
    asyncio.create_task(1)
except TypeError as error:
    print("TypeError")
