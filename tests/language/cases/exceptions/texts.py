# Differs from CPython: repr of one argument has a comma behind it.
# str and repr of exceptions with no, one and several arguments; KeyError; OSError.
for e in (ValueError(), ValueError("a"), ValueError("a", 1), ValueError(None), ValueError(("t",)), KeyError("k"), KeyError(1), KeyError("a", "b"), IndexError("i"), OSError(2), OSError(2, "text"), OSError("no number"), StopIteration(5), SystemExit(3), AssertionError()):
    print(e.args, repr(e), len(e.args))
for e in (ValueError(), ValueError("a"), ValueError("a", 1), StopIteration(5), Exception("ä")):
    print("[%s]" % e, "{}".format(e))
class Own(Exception):
    def __str__(self): return "own " + str(self.args)
print(Own(1, 2), str(Own()), repr(Own("r")) if False else "")
class Init(Exception):
    def __init__(self, code, *rest):
        super().__init__("code %d" % code, *rest)
        self.code = code
e = Init(7, "more")
print(e, e.code, e.args)
try:
    raise Init(9)
except Exception as x:
    print(x.code, x.args)
def value_of(f):
    try:
        f()
    except StopIteration as e:
        return e.value
def stop(): raise StopIteration("v")
print(value_of(stop), value_of(lambda: next(iter([]))))
