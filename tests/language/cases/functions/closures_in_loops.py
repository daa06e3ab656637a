# What closures see: loops, late binding, defaults, nested functions, cells shared by several closures.
a = [lambda: i for i in range(3)]
print([f() for f in a])
b = [lambda i=i: i for i in range(3)]
print([f() for f in b])
def make():
    fs = []
    for i in range(3):
        def get(): return i
        def set(v):
            nonlocal i
            i = v
        fs.append((get, set))
    return fs
fs = make()
print([g() for g, s in fs])
fs[0][1](99)
print([g() for g, s in fs])
def counter(start):
    def up():
        nonlocal start
        start += 1
        return start
    return up
x, y = counter(10), counter(20)
print(x(), x(), y(), x(), y())
def compose(*fs):
    def run(v):
        for f in fs: v = f(v)
        return v
    return run
print(compose(lambda v: v + 1, str, len)(99), compose()(5))
def outer(a):
    def mid(b):
        def inner(c):
            return a, b, c
        a_plus = a + 1
        return inner, a_plus
    return mid
i, ap = outer(1)(2)
print(i(3), ap)
def loop_var():
    for k in range(3): pass
    return lambda: k
print(loop_var()())
def late():
    def f(): return z
    z = "late"
    return f()
print(late())
