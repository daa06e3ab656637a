# global, names assigned later and names shadowed in classes.
x = "module"
def reads(): return x
def assigns():
    x = "local"
    return x
def rebinds():
    global x, y
    x = "changed"; y = "new"
def unbound():
    try:
        print(x)
    except NameError:
        print("assigned below")
    x = 1
unbound()
print(reads(), assigns(), x); rebinds(); print(reads(), y)
class C:
    x = "class"
    def method(self): return x
    z = x
print(C.x, C().method(), C.z)
def outer():
    x = "outer"
    class D:
        y = x
        def m(self): return x
    def g():
        global x
        return x
    return D.y, D().m(), g()
print(outer())
