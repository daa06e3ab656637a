# Returns from every depth of loops, with, try and nested functions; functions without return; early returns.
def search(rows, x):
    for i, r in enumerate(rows):
        for j, v in enumerate(r):
            if v == x: return i, j
    return None
print(search([[1, 2], [3, 4]], 3), search([[1]], 9), search([], 1))
def tries(n):
    try:
        if n == 0: return "try"
        while True:
            try:
                if n == 1: return "inner"
                if n == 2: break
                raise ValueError
            except ValueError:
                return "except"
            finally:
                if n == 4: return "finally"
        return "after"
    finally:
        order.append(n)
order = []
print([tries(n) for n in range(5)], order)
def no(): pass
def bare(): return
def tup(): return 1, 2
def chain(x):
    return (x,) if x else ()
def nested(x):
    def a(y):
        def b(z):
            if z: return x + y + z
            return "zero"
        return b(y - 1)
    return a(x) if x > 1 else a
print(no(), bare(), tup(), chain(0), chain(5), nested(3), nested(1)(1), nested(1)(5))
def gen_return(n):
    for i in range(n):
        if i == 2: return
        yield i
print(list(gen_return(5)), list(gen_return(1)))
def for_else(l):
    for x in l:
        if x < 0: break
    else: return "none negative"
    return x
print(for_else([1, -2]), for_else([1]), for_else([]))
def while_return():
    i = 0
    while 1:
        i += 1
        if i > 5:
            if i % 2: return i
print(while_return())
print((lambda: (yield))().__class__.__name__ if False else "generator")
