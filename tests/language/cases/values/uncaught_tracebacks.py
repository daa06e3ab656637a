# Differs from CPython: tracebacks have no lines of source.
# Tracebacks as they are printed.
import sys
def inner(x):
    return 1 // x
def middle(x):
    try:
        return inner(x)
    finally:
        x = None
def outer():
    return [middle(v) for v in (1, 0)]
try:
    outer()
except ZeroDivisionError as error:
    sys.print_exception(error)
def generator():
    yield 1
    raise KeyError("k", 2)
try:
    for _ in generator(): pass
except KeyError as error:
    sys.print_exception(error)
class Odd(Exception):
    def __init__(self, *a): super().__init__(*a)
    def __str__(self): return "odd one"
for make in (lambda: Odd(1), lambda: OSError(2), lambda: OSError("x", 1), lambda: KeyError("a"), lambda: ValueError(), StopIteration, lambda: SystemExit(3)):
    error = make()
    print(repr(error), "/", str(error), "/", error.args if isinstance(error, Exception) else "")
try:
    try:
        raise ValueError("first")
    except ValueError:
        raise TypeError("second")
except TypeError as error:
    sys.print_exception(error)
def reraise():
    try:
        inner(0)
    except ZeroDivisionError:
        raise
try: reraise()
except ZeroDivisionError as error: sys.print_exception(error)
raise RuntimeError("the end")
