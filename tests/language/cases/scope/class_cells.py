# Classes between functions, captured names that are parameters, and names declared twice.
def f(a, *args, k=1, **kw):
    class C:
        b = a
        def g(self): return a, args, k, kw, C
        def h(self, a): return a
    def set_a(v):
        nonlocal a
        a = v
    set_a(10)
    return C.b, C().g()[:4], C().h(3), a
print(f(1, 2, 3, k=4, z=5))
def outer():
    x = 1
    def middle():
        nonlocal x
        x += 1
        def inner():
            nonlocal x
            x += 1
            return x
        return inner
    return middle()(), x
print(outer())
g = 0
def module_name():
    def inner():
        global g
        g += 1
    inner(); inner()
    return g
print(module_name())
