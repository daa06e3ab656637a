# Decorators with and without arguments, dotted, stacked, on functions and classes.
def twice(f): return lambda *a: f(*a) * 2
class tools:
    @staticmethod
    def tag(name, times=1):
        def wrap(f): return lambda *a: name * times + str(f(*a))
        return wrap
@twice
@twice
def f(x): return x
@tools.tag("a", times=2)
@tools.tag(name="b")
def g(): return 1
def named(cls):
    cls.label = "decorated"
    return cls
@named
class C: pass
print(f(3), g(), C.label)
class P:
    @property
    def v(self): return 5
    @classmethod
    def c(cls): return cls.__name__
print(P().v, P.c())
