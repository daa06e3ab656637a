# Generators where iterables are wanted, in expressions, classes and as pipelines.
def count(n):
    for i in range(n):
        yield i
print(sum(count(5)), max(count(5)), min(count(3)), sorted(count(3), reverse=True), list(zip(count(3), count(9))), list(enumerate(count(3), 5)))
print(list(map(lambda x: x * x, count(4))), list(filter(lambda x: x % 2, count(6))), any(x > 3 for x in count(5)), all(count(1)), 3 in count(5), 9 in count(5))
a, b, c = count(3)
first, *rest = count(5)
print(a, b, c, first, rest, dict((i, i * i) for i in count(3)), "".join(str(i) for i in count(4)))
def pipeline(source):
    evens = (x for x in source if x % 2 == 0)
    squares = (x * x for x in evens)
    return (x + 1 for x in squares)
print(list(pipeline(count(7))))
class Tree:
    def __init__(self, v, l=None, r=None): self.v, self.l, self.r = v, l, r
    def __iter__(self):
        if self.l:
            for x in self.l:
                yield x
        yield self.v
        if self.r:
            yield from self.r
print(list(Tree(4, Tree(2, Tree(1), Tree(3)), Tree(5))))
def infinite():
    n = 0
    while True:
        yield n
        n += 1
g = infinite()
print([next(g) for _ in range(5)], next(g))
def primes():
    found = []
    for n in infinite():
        if n > 1 and all(n % p for p in found):
            found.append(n)
            yield n
p = primes()
print([next(p) for _ in range(10)])
e = (i for i in [])
print(next(e, "default"), list(e))
funcs = [lambda: i for i in range(3)]
print([f() for f in funcs], [f() for f in [lambda i=i: i for i in range(3)]])
