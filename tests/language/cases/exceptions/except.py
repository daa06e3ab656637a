# Clauses by type, tuple, bare, with names, else and re-raising.
def f(e):
    try:
        if e: raise e
        print("fine")
    except ValueError as v:
        print("value", v.args)
    except (KeyError, IndexError):
        print("lookup")
    except TypeError:
        raise RuntimeError("again")
    except:
        print("other")
    else:
        print("else")
    try:
        v
    except NameError:
        return "name unset"
for e in (None, ValueError(1), KeyError(), IndexError, OSError()):
    print(f(e))
try:
    f(TypeError())
except RuntimeError as r:
    print(r)
try:
    try:
        1 / 0
    except ZeroDivisionError:
        raise
except ArithmeticError as e:
    print(type(e).__name__)
