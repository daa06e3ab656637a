"""The chaos game: points of a spline moved by random maps; floats, objects, methods."""


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __add__(self, other):
        return Point(self.x + other.x, self.y + other.y)

    def scaled(self, factor):
        return Point(self.x * factor, self.y * factor)

    def mixed(self, other, share):
        return self.scaled(1.0 - share) + other.scaled(share)


class Random:
    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        self.state = (self.state * 75 + 74) % 65537
        return self.state % limit


def curve(points, t):
    row = points
    while len(row) > 1:
        row = [row[i].mixed(row[i + 1], t) for i in range(len(row) - 1)]
    return row[0]


corners = [Point(0.0, 0.0), Point(1.0, 0.25), Point(0.5, 1.0), Point(0.1, 0.7)]
source = Random(4711)
grid = [[0] * 40 for _ in range(40)]
here = Point(0.3, 0.3)
for step in range(1500):
    target = curve(corners, source.below(64) / 64)
    here = here.mixed(target, 0.5)
    grid[int(here.y * 39)][int(here.x * 39)] += 1
print(sum(1 for row in grid for cell in row if cell), max(max(row) for row in grid))
