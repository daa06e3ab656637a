# Classes made from a namedtuple have its fields and their own methods.
from collections import namedtuple

Point = namedtuple("Point", ["x", "y"])


class Named:
    def name(self):
        return "point {}".format(self.x)


class Moved(Point):
    step = 3

    def move(self):
        return self.x + self.step


class Both(Point, Named):
    pass


print(Moved(1, 2).move(), Moved(1, 2).step)
print(Both(4, 5).name(), len(Both(4, 5)))
try:
    Both(1, 2).absent
except AttributeError:
    print("AttributeError")
