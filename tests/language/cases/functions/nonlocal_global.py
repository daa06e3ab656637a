# nonlocal and global in nested functions, loops, comprehensions and deletes.
count = 0
def outer():
    n = 0
    def inc(by=1):
        nonlocal n
        global count
        n += by
        count += 1
        return n
    def get(): return n
    def reset():
        nonlocal n
        n = 0
    return inc, get, reset
inc, get, reset = outer()
print(inc(), inc(5), get(), count)
reset()
print(get(), inc(), count)
a, b = outer(), outer()
a[0](10)
print(a[1](), b[1]())
def three():
    x = "three"
    def two():
        def one():
            nonlocal x
            x = "changed"
            return x
        return one()
    return two(), x
print(three())
def make():
    fs = []
    for i in range(3):
        def f(j=i): return i, j
        fs.append(f)
    return [f() for f in fs]
print(make())
def comp():
    k = 2
    return [k * i for i in range(3)], {i: k for i in range(2)}, list(k + i for i in range(2))
print(comp())
def deleted():
    x = 1
    def f(): return x
    del x
    try:
        return f()
    except NameError:
        return "NameError"
print(deleted())
def unbound():
    try:
        return y
    except NameError:
        return "NameError"
    y = 1
print(unbound())
def shadows(len): return len
print(shadows(5), len([1]))
glob = "g"
def uses():
    return glob
def sets():
    glob = "local"
    return uses(), glob
print(sets(), glob)
def accumulate():
    total = []
    def add(x):
        total.append(x)
        return sum(total)
    return add
add = accumulate()
print(add(1), add(2), add(3))
