# Waiting for one task with a limit, and for several at once.

from . import core
from .event import Event


def _task(aw):
    return aw if isinstance(aw, core.Task) else core.create_task(aw)


async def _outcome(task, outcome, ended):
    # Waits for a task and keeps what it returned or raised.
    try:
        outcome.append(await task)
    except BaseException as error:
        outcome.append(error)
        outcome.append(True)
    ended.set()


async def _expire(timeout, sleep, ended):
    await sleep(timeout)
    ended.set()


async def wait_for(aw, timeout, sleep=core.sleep):
    if timeout is None:
        return await aw
    task = _task(aw)
    outcome = []
    ended = Event()
    runner = core.create_task(_outcome(task, outcome, ended))
    timer = core.create_task(_expire(timeout, sleep, ended))
    cancelled = None
    try:
        await ended.wait()
    except core.CancelledError as error:
        cancelled = error
    timer.cancel()
    if cancelled:
        task.cancel()
        raise cancelled
    if not outcome:
        # The task is told, and waited for, before the caller hears of it.
        task.cancel()
        await runner
        raise core.TimeoutError
    if len(outcome) > 1:
        raise outcome[0]
    return outcome[0]


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

    try:
        for task in tasks:
            if task.finished:
                ended(task)
            elif task.waiting or task.watcher:
                raise RuntimeError("can't gather")
            else:
                task.watcher = ended
        await done.wait()
    except core.CancelledError as error:
        for task in tasks:
            task.cancel()
        raise error
    finally:
        for task in tasks:
            if task.watcher is ended:
                task.watcher = None
    if failed is not None:
        raise failed
    return [
        task.data.value if isinstance(task.data, StopIteration) else task.data for task in tasks
    ]
