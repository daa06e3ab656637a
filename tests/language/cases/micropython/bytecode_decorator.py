# Differs from CPython: it is about MicroPython itself.
# The decorator for bytecode changes nothing and is not called.
import micropython
@micropython.bytecode
def f(x):
    return x + 1
def twice(g):
    return lambda x: g(g(x))
@twice
@micropython.bytecode
def h(x):
    return x * 3
print(f(1), h(2))
