# Exceptions raised in handlers, in finally and in else; names of handlers go away; loops inside.
def f(n):
    try:
        try:
            if n == 0: raise KeyError("inner")
            if n == 1: return "returned"
            if n == 2: 1 / 0
        except KeyError:
            raise ValueError("from handler")
        else:
            raise IndexError("from else")
        finally:
            print("inner finally", n)
    except ValueError as e:
        return ("ValueError", e.args)
    except IndexError as e:
        return ("IndexError", e.args)
    except ArithmeticError:
        return "arithmetic"
    finally:
        print("outer finally", n)
print([f(n) for n in range(4)])
def overridden():
    try:
        raise ValueError
    finally:
        return "finally wins"
print(overridden())
def loop():
    out = []
    for i in range(6):
        try:
            if i == 1: continue
            if i == 4: break
            if i == 2: raise OSError(i)
            out.append(i)
        except OSError as e:
            out.append(("caught", e.args[0]))
            continue
        finally:
            out.append(("f", i))
    else:
        out.append("else")
    return out
print(loop())
e = "outer"
try:
    raise ValueError
except ValueError as e:
    pass
try:
    print(e)
except NameError:
    print("e is gone")
def rethrow():
    try:
        raise KeyError("again")
    except KeyError:
        try:
            raise
        except KeyError as x:
            return ("reraised", x.args)
print(rethrow())
def depth(n):
    try:
        if n: depth(n - 1)
        else: raise ValueError(n)
    finally:
        trace.append(n)
trace = []
try:
    depth(10)
except ValueError:
    print(trace)
def raise_from():
    try:
        raise ValueError("a") from None
    except ValueError as x:
        return x.args
print(raise_from())
for bad in (5, "text", None, int):
    try:
        raise bad
    except TypeError:
        print("TypeError")
try:
    raise
except RuntimeError:
    print("RuntimeError")
