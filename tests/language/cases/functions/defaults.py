# Defaults are evaluated once, in order, in the scope of the definition.
def say(x):
    print("default", x)
    return x
def f(a=say(1), b=say(2), *, c=say(3), d=say(4)): return a, b, c, d
print(f(), f(5, d=6))
def acc(x, items=[]):
    items.append(x)
    return items[:]
print(acc(1), acc(2))
k = 7
g = lambda a, b=k, *c, d=(lambda e=8: e)(), **f: (a, b, c, d, f)
k = 0
print(g(1), g(1, 2, 3, d=4, z=5))
