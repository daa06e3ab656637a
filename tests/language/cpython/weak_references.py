# weakref: references and finalizers, with and without callbacks, and what survives a collection.
import gc
import weakref


class Node:
    def __init__(self, name):
        self.name = name
        self.other = None


def fill():
    # What stood on the stack is overwritten.
    a = b = c = d = e = f = 0
    return [a, b, c, d, e, f]


def collect():
    fill()
    gc.collect()


log = []


def references():
    kept, lost = Node("kept"), Node("lost")
    refs = [weakref.ref(kept), weakref.ref(lost), weakref.ref(lost, lambda r: log.append(("gone", r() is None)))]
    print([r() is not None for r in refs], refs[0]().name)
    lost = None
    collect()
    print([r() is not None for r in refs], log, refs[0]().name)
    return kept


kept = references()
print(kept.name)


def cycles():
    a, b = Node("a"), Node("b")
    a.other, b.other = b, a
    r = weakref.ref(a)
    f = weakref.finalize(b, log.append, "finalized")
    print(r().other.name, f.alive)
    a = b = None
    return r, f


r, f = cycles()
collect()
print(r() is None, f.alive, f() is None, f.peek(), f.detach(), log)


def finalizers():
    n = Node("n")
    f = weakref.finalize(n, lambda *a, **k: ("called", a, k), 1, 2, key=3)
    object, callback, args, kwargs = f.peek()
    print(object is n, callable(callback), args, kwargs, f.alive)
    print(f(), f.alive, f(), f.peek(), f.detach())
    g = weakref.finalize(n, log.append, "never")
    print(g.detach()[2], g.alive)
    h = weakref.finalize(n, lambda: 1 / 0)
    try:
        h()
    except ZeroDivisionError:
        print("ZeroDivisionError", h.alive)


finalizers()
collect()
print(log)
many = [Node(i) for i in range(50)]
refs = [weakref.ref(n) for n in many]
many = many[::5]
collect()
print([r().name for r in refs if r()], sum(r() is None for r in refs))
for bad in (5, None, "", ()):
    try:
        weakref.ref(bad)
        print("accepted")
    except TypeError:
        print("TypeError")
