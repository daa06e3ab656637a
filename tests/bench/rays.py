"""Rays against spheres: vectors as objects, operators, attributes, floats."""
from math import sqrt


class V:
    def __init__(self, x, y, z):
        self.x = x
        self.y = y
        self.z = z

    def __add__(self, o):
        return V(self.x + o.x, self.y + o.y, self.z + o.z)

    def __sub__(self, o):
        return V(self.x - o.x, self.y - o.y, self.z - o.z)

    def times(self, f):
        return V(self.x * f, self.y * f, self.z * f)

    def dot(self, o):
        return self.x * o.x + self.y * o.y + self.z * o.z

    def unit(self):
        return self.times(1.0 / sqrt(self.dot(self)))


class Sphere:
    def __init__(self, centre, radius, shade):
        self.centre = centre
        self.radius = radius
        self.shade = shade

    def hit(self, origin, direction):
        to = self.centre - origin
        along = to.dot(direction)
        under = self.radius * self.radius - to.dot(to) + along * along
        if under < 0 or along < 0:
            return None
        return along - sqrt(under)

    def normal(self, point):
        return (point - self.centre).unit()


class Floor:
    shade = 0.4

    def hit(self, origin, direction):
        if direction.y > -0.001:
            return None
        return (-1 - origin.y) / direction.y

    def normal(self, point):
        return V(0.0, 1.0, 0.0)


things = [Sphere(V(0.0, 0.0, 5.0), 1.0, 0.9), Sphere(V(1.5, 0.5, 6.0), 0.8, 0.7), Floor()]
light = V(2.0, 4.0, -1.0).unit()


def trace(origin, direction, depth):
    best = None
    for thing in things:
        far = thing.hit(origin, direction)
        if far is not None and far > 0.001 and (best is None or far < best[0]):
            best = (far, thing)
    if best is None:
        return 0.1
    point = origin + direction.times(best[0])
    normal = best[1].normal(point)
    shade = max(0.0, normal.dot(light)) * best[1].shade
    if depth:
        mirrored = direction - normal.times(2 * normal.dot(direction))
        shade = 0.7 * shade + 0.3 * trace(point + normal.times(0.01), mirrored, depth - 1)
    return shade


total = 0.0
for y in range(20):
    for x in range(24):
        total += trace(V(0.0, 0.0, 0.0), V((x - 12) / 12, (10 - y) / 12, 1.0).unit(), 2)
print("%.4f" % total)
