# Differs from CPython: modules of MicroPython.
# Polling streams written in Python.
import io, select


class Stream(io.IOBase):
    def __init__(self, ready):
        self.ready = ready

    def ioctl(self, request, argument):
        return self.ready & argument if request == 3 else -1


a, b = Stream(1), Stream(4)
poll = select.poll()
poll.register(a)
poll.register(b, select.POLLIN)
print([(s is a, events) for s, events in poll.poll(0)])
poll.modify(b, select.POLLOUT)
print([events for s, events in poll.poll(0)], [events for s, events in poll.ipoll(0)])
a.ready = 0
print([events for s, events in poll.poll(1)])
poll.unregister(b)
print(poll.poll(0))
poll.unregister(b)
for wrong in (lambda: poll.modify(b, 1), lambda: poll.register(object())):
    try:
        wrong()
    except Exception as error:
        print(type(error).__name__)
