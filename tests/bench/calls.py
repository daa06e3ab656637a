"""Calls of every kind: none to three arguments, defaults, keywords, closures, methods, built-ins."""


def nothing():
    pass


def one(a):
    return a


def two(a, b=3):
    return b


def three(a, *, key=1, other=2):
    return key


def counter():
    count = 0

    def step():
        nonlocal count
        count += 1
        return count

    return step


class Thing:
    kind = 7

    def method(self, a):
        return a

    @staticmethod
    def plain(a):
        return a

    @property
    def twice(self):
        return self.kind * 2


def work(rounds):
    step = counter()
    thing = Thing()
    bound = thing.method
    items = [1, 2, 3]
    total = 0
    for i in range(rounds):
        nothing()
        total += one(i) + two(i) + two(i, 1) + three(i, key=2) + step()
        total += thing.method(i) + bound(i) + Thing.plain(1) + thing.twice
        total += len(items) + max(i, 3) + abs(-1) + ord("a") + min(1, 2)
        items.append(i)
        items.pop()
        isinstance(thing, Thing)
    return total


print(work(5000))
