"""Generators that delegate to generators."""


class Tree:
    def __init__(self, low, high):
        middle = (low + high) // 2
        self.value = middle
        self.left = Tree(low, middle) if low < middle else None
        self.right = Tree(middle + 1, high) if middle + 1 < high else None

    def walk(self):
        if self.left:
            yield from self.left.walk()
        yield self.value
        if self.right:
            yield from self.right.walk()


def nested(depth, count):
    if depth:
        yield from nested(depth - 1, count)
    else:
        for i in range(count):
            yield i


tree = Tree(0, 1000)
print(sum(tree.walk()), sum(tree.walk()), sum(nested(10, 8000)))
