# raise SystemExit in a function, through a with.
class C:
    def __enter__(self): return self
    def __exit__(self, t, *rest): print("exit", t.__name__)
def f():
    with C():
        raise SystemExit(3)
f()
