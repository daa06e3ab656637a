# Differs from CPython: the order of waiting tasks.
# Events, locks and flags.
import asyncio


async def waits(event, name, log):
    await event.wait()
    log.append(name)


async def uses(lock, name, log):
    async with lock:
        log.append(name + " in")
        await asyncio.sleep_ms(2)
        log.append(name + " out")


async def main():
    log = []
    event = asyncio.Event()
    tasks = [asyncio.create_task(waits(event, name, log)) for name in "abc"]
    await asyncio.sleep(0)
    print(log, event.is_set())
    event.set()
    await asyncio.sleep(0)
    print(log, event.is_set(), [task.done() for task in tasks])
    await event.wait()
    event.clear()
    print(event.is_set())

    log = []
    lock = asyncio.Lock()
    tasks = [asyncio.create_task(uses(lock, name, log)) for name in "123"]
    await asyncio.sleep(0)
    print(lock.locked(), log)
    tasks[1].cancel()
    for task in tasks:
        try:
            await task
        except asyncio.CancelledError:
            log.append("cancelled")
    print(log, lock.locked())
    try:
        lock.release()
    except RuntimeError as error:
        print("RuntimeError", error)

    flag = asyncio.ThreadSafeFlag()
    flag.set()
    await flag.wait()
    log = []
    task = asyncio.create_task(waits(flag, "flag", log))
    await asyncio.sleep_ms(2)
    print(log)
    flag.set()
    await task
    print(log)


asyncio.run(main())
