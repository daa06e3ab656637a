# with: several managers, suppression, exceptions in enter and exit, return and break inside.
class M:
    def __init__(self, name, suppress=False, fail=""):
        self.name, self.suppress, self.fail = name, suppress, fail
    def __enter__(self):
        print("enter", self.name)
        if self.fail == "enter": raise OSError("enter")
        return self
    def __exit__(self, t, v, tb):
        print("exit", self.name, t.__name__ if t else None, v.args if v else None)
        if self.fail == "exit": raise KeyError("exit")
        return self.suppress
with M("a") as a, M("b") as b:
    print(a.name, b.name)
with M("s", True):
    raise ValueError("suppressed")
for args in (("x",), ("x", False, "enter"), ("x", False, "exit"), ("x", True, "exit")):
    try:
        with M("outer", True), M(*args):
            raise ValueError("body")
        print("suppressed by outer")
    except Exception as e:
        print("out", type(e).__name__)
def f():
    for i in range(3):
        with M(i):
            if i == 0: continue
            return i
print(f())
def g():
    while True:
        with M("loop"):
            break
    return "broke"
print(g())
with M("t") as (x) :
    pass
holder = {}
with M("d") as holder["k"]:
    print(holder["k"].name)
