"""Source compiled and run many times: the lexer, the parser and the compiler at work."""

source = """
def area(shape, scale=1.5, *rest, **more):
    if shape == 'square' and len(rest) > 1:
        return rest[0] * rest[1] * scale
    elif shape in ('circle', 'disc'):
        return 3.14159 * rest[0] ** 2
    total = 0
    for index, item in enumerate(rest):
        try:
            total += item[index] if item else -1
        except (TypeError, IndexError) as problem:
            total -= 1
        finally:
            total *= 2
    return [total + x for x in range(10) if x % 3] or {'none': None}

class Shape:
    sides = 4
    def __init__(self, name):
        self.name = name
        self.lookup = {name: lambda value: value + self.sides}
    def __repr__(self):
        return '<%s of %d>' % (self.name, self.sides)

result = repr(Shape('square')) + str(area('disc', 1.0, 2))
"""

space = {}
for i in range(120):
    exec(source, space)
print(space["result"])
