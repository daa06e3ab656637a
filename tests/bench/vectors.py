"""Many small objects with float members that are made, normalised and compared."""
from math import sqrt


class Vector:
    def __init__(self, i):
        self.x = i * 0.01
        self.y = i * 0.03 - 1
        self.z = self.x * self.x / 2

    def normalise(self):
        length = sqrt(self.x * self.x + self.y * self.y + self.z * self.z)
        self.x /= length
        self.y /= length
        self.z /= length

    def larger(self, other):
        if other.x > self.x:
            self.x = other.x
        if other.y > self.y:
            self.y = other.y
        if other.z > self.z:
            self.z = other.z
        return self


def run(count):
    vectors = [Vector(i) for i in range(1, count + 1)]
    for vector in vectors:
        vector.normalise()
    top = vectors[0]
    for vector in vectors[1:]:
        top = top.larger(vector)
    return top


for _ in range(5):
    best = run(1000)
print("%.4f %.4f %.4f" % (best.x, best.y, best.z))
