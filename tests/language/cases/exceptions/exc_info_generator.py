# A generator sees what its caller handles.
import sys


def generator():
    while True:
        yield sys.exc_info()[0]


steps = generator()
print(next(steps))
try:
    1 // 0
except ZeroDivisionError:
    print(next(steps))
    print(sys.exc_info()[0])
