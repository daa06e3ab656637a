# Differs from CPython: a generator that is forgotten is not closed.
# Generators that are left early run their finally and leave their with.
class C:
    def __init__(self, name): self.name = name
    def __enter__(self): print("enter", self.name); return self
    def __exit__(self, t, v, tb): print("exit", self.name, t and t.__name__); return t is ValueError
def g():
    with C("a"):
        with C("b") as b:
            try:
                yield b.name
                yield 2
            finally:
                print("finally")
    yield "after"
x = g()
print(next(x))
x.close()
x = g()
next(x)
print(x.throw(ValueError("v")))
x = g()
next(x)
try:
    x.throw(KeyError("k"))
except KeyError:
    print("KeyError")
for v in g():
    print("got", v)
    if v == 2:
        break
def nested():
    for i in range(3):
        try:
            yield i
        except IndexError:
            print("retry", i)
            yield -i
        else:
            print("fine", i)
        finally:
            print("end", i)
n = nested()
print(next(n), n.throw(IndexError), next(n), next(n), list(n))
