# Waiting for one task with a limit, and for several at once.

from . import core
from .event import Event


def _task(aw):
    return aw if isinstance(aw, core.Task) else core.create_task(aw)


async def _expire(task, timeout, sleep, expired):
    await sleep(timeout)
    expired.append(True)
    task.cancel()


async def wait_for(aw, timeout, sleep=core.sleep):
    task = _task(aw)
    if timeout is None:
        return await task
    expired = []
    timer = core.create_task(_expire(task, timeout, sleep, expired))
    try:
        return await task
    except core.CancelledError as error:
        if expired:
            raise core.TimeoutError
        raise error
    finally:
        timer.cancel()


def wait_for_ms(aw, timeout):
    return wait_for(aw, timeout, core.sleep_ms)


async def gather(*aws, return_exceptions=False):
    if not aws:
        return []
    tasks = [_task(aw) for aw in aws]
    done = Event()
    left = len(tasks)
    failed = None

    def ended(task):
        nonlocal left, failed
        left -= 1
        if not return_exceptions and failed is None and not isinstance(task.data, StopIteration):
            failed = task.data
        if left == 0 or failed is not None:
            done.set()

    for task in tasks:
        if task.finished:
            ended(task)
        elif task.waiting or task.watcher:
            raise RuntimeError("can't gather")
        else:
            task.watcher = ended
    try:
        await done.wait()
    except core.CancelledError as error:
        for task in tasks:
            task.cancel()
        raise error
    if failed is not None:
        raise failed
    return [
        task.data.value if isinstance(task.data, StopIteration) else task.data for task in tasks
    ]
