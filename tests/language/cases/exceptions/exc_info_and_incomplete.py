# Differs from CPython: there are no traceback objects.
# What is being handled, here and in callers, and exceptions that are raised before they are made.
import sys


def seen():
    kind, value, trace = sys.exc_info()
    return kind, value and value.args, trace


print(seen())
try:
    try:
        raise KeyError("inner", 1)
    except KeyError:
        print(seen())
        print([seen() for _ in range(2)])
        raise OSError(5)
except OSError:
    # MicroPython has forgotten this one: an inner `except` has ended.
    pass
print(seen())


class Hasty(Exception):
    def __init__(self, after):
        if not after:
            raise self
        super().__init__("made", after)
        raise self


for after in (0, 1):
    try:
        Hasty(after)
    except (TypeError, Hasty) as error:
        print(type(error).__name__, error.args)
