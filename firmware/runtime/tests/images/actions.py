# Runs most kinds of instructions; `actions.mpy` is what mpy-cross 1.29 makes of it.
def tidy(items, *rest, key=None, **options):
    total = 0
    for item in items:
        try:
            if item == 3:
                continue
            if item == 5:
                break
            total += 10 // item
        except ZeroDivisionError as error:
            total -= 1
        finally:
            total += 1
    return [total, {key: rest}, options, (total, -total, 1.5, "text", b"bytes", 1 << 80)]


class Point:
    kind = "point"

    def __init__(self, x, y=0):
        self.x, self.y = x, y

    def __add__(self, other):
        return Point(self.x + other.x, self.y + other.y)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        return kind is KeyError

    def show(self):
        return lambda: (self.kind, self.x, self.y)


def count(limit):
    sent = None
    while limit:
        sent = yield limit if sent is None else sent
        limit -= 1
    yield from (n * n for n in range(3))


def work():
    print(tidy([0, 1, 3, 2, 5, 7], 8, key="k", extra=9))
    p = Point(1) + Point(2, 3)
    with p as q:
        raise KeyError
    print(p.show()(), q is p, list(count(2)), sorted({1, 2} | {3}))
    a, *b, c = [x for x in range(6) if x & 1] + [7]
    print(a, b, c, b[0:1], "%d %s" % (a, "x"), -a, not a, a in b)
    d = {i: str(i) for i in range(12)}
    del d[3]
    d[4] += "!"
    print(len(d), d.get(4), d.pop(5), "x" in d, a if b else c, a or b, a and b)


work()
print("done")
