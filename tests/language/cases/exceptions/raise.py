# raise with classes, instances and values.
def attempt(f):
    try: f()
    except Exception as e: print(type(e).__name__, e.args)
def cls(): raise ValueError
def instance(): raise ValueError("a", 1)
def bare():
    try: raise KeyError("k")
    except KeyError: raise
def other(): raise RuntimeError
for f in (cls, instance, bare, other): attempt(f)
class Mine(Exception):
    def __init__(self, code): self.code = code
try: raise Mine(5)
except Mine as m: print(m.code)
def conditional(x):
    if x: raise ValueError
    return x
attempt(lambda: conditional(1)); print(conditional(0))
