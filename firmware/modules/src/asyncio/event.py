# Events: tasks that wait until something is set.

import io
from . import core


class Event:
    def __init__(self):
        self._set = False
        self._waiting = core.TaskQueue()

    def is_set(self):
        return self._set

    def set(self):
        # Not from an interrupt or another thread: ThreadSafeFlag is for that.
        self._set = True
        while self._waiting.peek():
            task = self._waiting.pop()
            task.data = None
            core._tasks.push(task)

    def clear(self):
        self._set = False

    def wait(self):
        if not self._set:
            task = core.current()
            self._waiting.push(task, 0)
            task.data = self._waiting
            yield
        return True


class ThreadSafeFlag(io.IOBase):
    # A flag that one task waits for through the poll of the loop, so that setting it is safe anywhere.
    def __init__(self):
        self._set = 0

    def ioctl(self, request, argument):
        if request == 3:
            return self._set * argument
        return -1

    def set(self):
        self._set = 1

    def clear(self):
        self._set = 0

    async def wait(self):
        if not self._set:
            yield core._io.queue_read(self)
        self._set = 0
