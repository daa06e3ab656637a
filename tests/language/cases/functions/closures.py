# Captured variables: shared, rebound, passed through scopes and captured parameters.
def counter():
    n = 0
    def inc(by=1):
        nonlocal n
        n += by
        return n
    def get(): return n
    return inc, get
inc, get = counter()
inc(); inc(5)
print(get())
def outer(a, b):
    def middle(c):
        def inner(d): return a, b, c, d
        return inner
    return middle
print(outer(1, 2)(3)(4))
def loop(): return [lambda: i for i in range(3)]
print([f() for f in loop()])
def late():
    def use(): return value
    value = 1
    first = use()
    value = 2
    return first, use()
print(late())
def deleted():
    x = 1
    def f(): return x
    del x
    try: f()
    except NameError: print("unset cell")
deleted()
