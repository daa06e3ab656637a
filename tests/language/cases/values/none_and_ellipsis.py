# None, Ellipsis, NotImplemented and booleans as values.
print(None, ..., NotImplemented, True, False, [None, ...], {None: ...}[None], None is None, ... is Ellipsis, None == None, None != 0, not None, bool(...))
for op in (lambda: None + 1, lambda: None(), lambda: None.x, lambda: None[0], lambda: len(None), lambda: iter(None), lambda: None < None, lambda: int(None), lambda: -None):
    try:
        op()
    except (TypeError, AttributeError) as e:
        print(type(e).__name__, end=" ")
print()
print(True + True, True * 5, sum([True, False, True]), True == 1, False == 0, True is True, [10, 20][True], "ab"[False], {1: "one"}[True], max(True, 2), str(True), int(True), float(False), True and None, False or None, None or 0)
def f(a=None, b=...): return a is None, b is ...
print(f(), f(1), f(b=2), (lambda: None)(), type(None) is type((lambda: None)()))
