# Locks: one task at a time, the others in the order they came.

from . import core


class Lock:
    def __init__(self):
        # None: free. A task: it is the next owner and has not run yet. True: taken.
        self._owner = None
        self._waiting = core.TaskQueue()

    def locked(self):
        return self._owner is True

    def release(self):
        if self._owner is not True:
            raise RuntimeError("Lock not acquired")
        if self._waiting.peek():
            # The first in line gets it before anyone who asks meanwhile.
            self._owner = task = self._waiting.pop()
            task.data = None
            core._tasks.push(task)
        else:
            self._owner = None

    def acquire(self):
        if self._owner is not None:
            task = core.current()
            self._waiting.push(task, 0)
            task.data = self._waiting
            try:
                yield
            except core.CancelledError as error:
                if self._owner is task:
                    # It was about to get the lock: hand it on.
                    self._owner = True
                    self.release()
                raise error
        self._owner = True
        return True

    async def __aenter__(self):
        return await self.acquire()

    async def __aexit__(self, kind, value, traceback):
        return self.release()
