# weakref: references that keep nothing, and calls when an object is gone.

from _weakref import unwatch, watch, watched

# A finalize object lives until its object is gone.
_alive = []


class ref:
    def __init__(self, object, callback=None):
        watch(self, object, False)
        self._callback = callback

    def __call__(self):
        return watched(self)

    def __repr__(self):
        return "<ref>"

    def _gone(self):
        if self._callback is not None:
            return self._callback, (self,), None


class finalize:
    def __init__(self, object, callback, *args, **kwargs):
        watch(self, object, True)
        self._work = callback, args, kwargs
        _alive.append(self)

    def __repr__(self):
        return "<finalize>"

    @property
    def alive(self):
        return self._work is not None

    def peek(self):
        if self._work:
            return (watched(self),) + self._work

    def detach(self):
        what = self.peek()
        if what:
            self._gone()
        return what

    def __call__(self):
        work = self._gone()
        if work:
            return work[0](*work[1], **work[2])

    def _gone(self):
        work = self._work
        if work:
            self._work = None
            unwatch(self)
            _alive.remove(self)
        return work
