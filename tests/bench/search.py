"""A search with propagation: a Latin square completed by elimination; sets, dicts, exceptions."""


class Dead(Exception):
    pass


class Square:
    def __init__(self, size, cells=None):
        self.size = size
        if cells:
            self.cells = {place: set(values) for place, values in cells.items()}
            return
        self.cells = {}
        for row in range(size):
            for column in range(size):
                self.cells[(row, column)] = set(range(size))

    def copy(self):
        return Square(self.size, self.cells)

    def fix(self, place, value):
        waiting = [(place, value)]
        while waiting:
            (row, column), value = waiting.pop()
            self.cells[(row, column)] = {value}
            for other in range(self.size):
                for near in ((row, other), (other, column)):
                    if near == (row, column):
                        continue
                    left = self.cells[near]
                    if value in left:
                        left.remove(value)
                        if not left:
                            raise Dead(near)
                        if len(left) == 1:
                            for last in left:
                                waiting.append((near, last))

    def open_place(self):
        best = None
        for place in sorted(self.cells):
            count = len(self.cells[place])
            if count > 1 and (best is None or count < best[0]):
                best = (count, place)
        return best


def solve(square, steps):
    steps[0] += 1
    choice = square.open_place()
    if choice is None:
        return square
    for value in sorted(square.cells[choice[1]]):
        trial = square.copy()
        try:
            trial.fix(choice[1], value)
        except Dead:
            continue
        done = solve(trial, steps)
        if done:
            return done
    return None


start = Square(7)
for place, value in (((0, 3), 5), ((1, 1), 2), ((4, 6), 0), ((5, 2), 6), ((6, 0), 4)):
    start.fix(place, value)
steps = [0]
answer = solve(start, steps)
print(steps[0], ["".join(str(min(answer.cells[(r, c)])) for c in range(7)) for r in range(7)])
