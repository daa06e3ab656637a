# Every kind of block; `blocks.mpy` is what mpy-cross 1.29 makes of it.
import sys as system


def finish(items, *rest, key=None, **options):
    total = 0
    for item in items:
        try:
            with open(item) as file:
                if not file:
                    break
                total += len(file)
                continue
        except OSError as error:
            total -= 1
            if key:
                return error
        finally:
            total += 1
    return [total, {key: rest}, options, (total, -total, 1.5, "text", b"bytes", 1 << 80)]


class Point:
    def __init__(self, x, y=0):
        self.x, self.y = x, y

    def __add__(self, other):
        return Point(self.x + other.x, self.y + other.y)

    def show(self):
        return lambda: super().__repr__()


def count(limit):
    sent = None
    while limit:
        sent = yield limit if sent is None else sent
        limit -= 1
    yield from (n * n for n in range(limit))


async def guarded(lock):
    async with lock:
        for a, *b in [(1, 2, 3)]:
            return a, b[1:2]
