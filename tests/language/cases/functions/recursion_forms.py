# Recursion in every form: mutual, through methods, default arguments, closures, generators, and trees.
def even(n): return True if n == 0 else odd(n - 1)
def odd(n): return False if n == 0 else even(n - 1)
print(even(50), odd(51))
def ack(m, n): return n + 1 if m == 0 else ack(m - 1, 1) if n == 0 else ack(m - 1, ack(m, n - 1))
print(ack(2, 3))
class Node:
    def __init__(self, v): self.v, self.kids = v, []
    def add(self, *vs):
        for v in vs: self.kids.append(Node(v))
        return self
    def depth(self): return 1 + max((k.depth() for k in self.kids), default=0) if False else 1 + max([k.depth() for k in self.kids] + [0])
    def total(self): return self.v + sum(k.total() for k in self.kids)
    def walk(self):
        yield self.v
        for k in self.kids:
            yield from k.walk()
t = Node(1).add(2, 3)
t.kids[0].add(4).kids[0].add(5, 6)
print(t.depth(), t.total(), list(t.walk()))
def perms(l): return [[x] + p for i, x in enumerate(l) for p in perms(l[:i] + l[i + 1:])] if l else [[]]
print(perms([1, 2, 3]), len(perms(list(range(5)))))
def flat(x): return [y for z in x for y in (flat(z) if isinstance(z, (list, tuple)) else [z])]
print(flat([1, [2, (3, [4, []])], ()]))
fact = lambda n: 1 if n < 2 else n * fact(n - 1)
print(fact(15), (lambda f, n: f(f, n))(lambda f, n: n if n < 2 else f(f, n - 1) + f(f, n - 2), 12))
def subsets(s): return [[]] if not s else subsets(s[1:]) + [[s[0]] + r for r in subsets(s[1:])]
print(sorted(subsets([1, 2, 3])))
