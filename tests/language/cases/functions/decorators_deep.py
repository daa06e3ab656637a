# Decorators of functions, methods and classes, with arguments, stacked, made by classes.
log = []
def trace(f):
    def wrapper(*a, **k):
        log.append(f.__name__)
        return f(*a, **k)
    return wrapper
def times(n):
    def deco(f):
        def wrapper(*a): return [f(*a) for _ in range(n)]
        return wrapper
    return deco
@trace
def one(x): return x + 1
@trace
@times(2)
@trace
def two(x): return x * 2
print(one(1), two(3), log)
class Counter:
    def __init__(self, f): self.f, self.n = f, 0
    def __call__(self, *a):
        self.n += 1
        return self.f(*a)
@Counter
def counted(x): return -x
print(counted(1), counted(2), counted.n)
def add_method(cls):
    cls.added = lambda self: "added"
    return cls
@add_method
class K:
    @trace
    def m(self, x): return x
    @staticmethod
    @times(3)
    def s(): return 1
print(K().added(), K().m(7), K.s(), log[-1])
registry = {}
def register(name):
    def deco(f):
        registry[name] = f
        return f
    return deco
@register("a")
def fa(): return "fa"
@register("b")
class Cb: pass
print(registry["a"](), registry["b"] is Cb)
memo = {}
def memoize(f):
    def w(n):
        if n not in memo: memo[n] = f(n)
        return memo[n]
    return w
@memoize
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
print(fib(60), len(memo))
