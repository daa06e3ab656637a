# The event loop: which task runs next, what it waits for, how it ends.

import sys, select
from time import ticks_ms, ticks_diff, ticks_add
from _asyncio import Task, TaskQueue, tasks as _tasks, current


class CancelledError(BaseException):
    pass


class TimeoutError(Exception):
    pass


# ---- waiting -----------------------------------------------------------------------------------------------


class _Sleep:
    # Pausing the running task. One object serves all sleeps, so that sleeping allocates nothing: between
    # the call of sleep_ms() and the first step of its await no other task runs.
    def __init__(self):
        self.until = None
        self.end = StopIteration()

    def __iter__(self):
        return self

    def __next__(self):
        until = self.until
        if until is None:
            self.end.__traceback__ = None
            raise self.end
        self.until = None
        _tasks.push(current(), until)


_sleep = _Sleep()


def sleep_ms(t):
    _sleep.until = ticks_add(ticks_ms(), t if t > 0 else 0)
    return _sleep


def sleep(t):
    return sleep_ms(int(t * 1000))


class _Streams:
    # Tasks that wait for a stream to be readable or writable.
    def __init__(self):
        self.poller = select.poll()
        # id of a stream: [stream, reading task, writing task]
        self.waiting = {}

    def _wait(self, stream, side):
        entry = self.waiting.get(id(stream))
        if entry is None:
            entry = self.waiting[id(stream)] = [stream, None, None]
        entry[side] = task = current()
        self._register(entry)
        # Task.cancel() takes the task away again through remove().
        task.data = self

    def _register(self, entry):
        events = (select.POLLIN if entry[1] else 0) | (select.POLLOUT if entry[2] else 0)
        if events:
            self.poller.register(entry[0], events)
        else:
            del self.waiting[id(entry[0])]
            self.poller.unregister(entry[0])

    def queue_read(self, stream):
        self._wait(stream, 1)

    def queue_write(self, stream):
        self._wait(stream, 2)

    def remove(self, task):
        for entry in list(self.waiting.values()):
            if task is entry[1] or task is entry[2]:
                if task is entry[1]:
                    entry[1] = None
                if task is entry[2]:
                    entry[2] = None
                self._register(entry)

    def poll(self, timeout):
        for stream, events in self.poller.ipoll(timeout):
            entry = self.waiting.get(id(stream))
            if entry is None:
                continue
            # An error or a hang-up wakes both sides.
            if events & ~select.POLLOUT and entry[1]:
                _tasks.push(entry[1])
                entry[1] = None
            if events & ~select.POLLIN and entry[2]:
                _tasks.push(entry[2])
                entry[2] = None
            self._register(entry)


_io = _Streams()


# ---- running -----------------------------------------------------------------------------------------------


def create_task(coro):
    if not hasattr(coro, "send"):
        raise TypeError("coroutine expected")
    task = Task(coro)
    _tasks.push(task)
    return task


def current_task():
    task = current()
    if task is None:
        raise RuntimeError("no running event loop")
    return task


def _next(forever):
    # The task whose turn it is, None when nothing is left to wait for. What a scheduled call or an interrupt may
    # do is waited for as well if forever.
    while True:
        task = _tasks.peek()
        if task:
            delay = ticks_diff(task.when, ticks_ms())
            _io.poll(delay if delay > 0 else 0)
            # Something earlier may have come meanwhile.
            task = _tasks.peek()
            if ticks_diff(task.when, ticks_ms()) <= 0:
                return _tasks.pop()
        elif forever or _io.waiting:
            _io.poll(5)
        else:
            return None


def _finish(task, error):
    task.finished = True
    task.data = error
    if task.watcher:
        task.watcher(task)
    elif task.waiting:
        while task.waiting.peek():
            waiter = task.waiting.pop()
            waiter.data = None
            _tasks.push(waiter)
    elif task.retrieved:
        pass
    elif not isinstance(error, (StopIteration, CancelledError)):
        # If nobody asks for it until its turn comes again, the exception is reported.
        _tasks.push(task)


def _report(task):
    _context["exception"] = task.data
    _context["future"] = task
    Loop.call_exception_handler(_context)


_context = {"message": "Task exception wasn't retrieved", "exception": None, "future": None}


def run_until_complete(main_task=None):
    global _stopper
    while True:
        task = _next(main_task)
        if task is None:
            current(None)
            return
        if task.finished:
            if not task.retrieved:
                _report(task)
            continue
        current(task)
        thrown = task.data
        task.data = None
        try:
            if isinstance(thrown, BaseException):
                task.coro.throw(thrown)
            else:
                task.coro.send(None)
        except BaseException as error:
            current(None)
            if task is main_task:
                iter(task)
                _finish(task, error)
                if isinstance(error, StopIteration):
                    return error.value
                raise error
            if task is _stopper:
                _stopper = None
                return
            if not isinstance(error, (Exception, CancelledError)):
                # The program is to end, not the task alone.
                raise error
            _finish(task, error)


def run(coro):
    return run_until_complete(create_task(coro))


# ---- the loop as an object ---------------------------------------------------------------------------------

_stopper = None


async def _stop():
    pass


class Loop:
    _handler = None

    def create_task(coro):
        return create_task(coro)

    def run_forever():
        global _stopper
        run_until_complete()
        _stopper = None

    def run_until_complete(aw):
        return run_until_complete(aw if isinstance(aw, Task) else create_task(aw))

    def stop():
        global _stopper
        if _stopper is None:
            _stopper = create_task(_stop())

    def close():
        pass

    def set_exception_handler(handler):
        Loop._handler = handler

    def get_exception_handler():
        return Loop._handler

    def default_exception_handler(loop, context):
        print(context["message"], file=sys.stderr)
        print("future:", context["future"], "coro=", context["future"].coro, file=sys.stderr)
        sys.print_exception(context["exception"], sys.stderr)

    def call_exception_handler(context):
        (Loop._handler or Loop.default_exception_handler)(Loop, context)


def get_event_loop(runq_len=0, waitq_len=0):
    return Loop


def new_event_loop():
    # Everything that was scheduled is dropped.
    global _stopper, _io
    while _tasks.peek():
        _tasks.pop()
    _stopper = None
    _io = _Streams()
    current(None)
    return Loop
