# Attributes, methods, inheritance and bases given as expressions.
class A:
    "doc"
    shared = [1]
    def __init__(self, x): self.x = x
    def get(self): return self.x
class B(A):
    def get(self): return super().get() + 1
class C(B): pass
def base(): return A
class D(base()): shared = A.shared + [2]
class E(): pass
print(A(1).get(), B(1).get(), C(5).get(), D(2).get(), D.shared, E().__class__.__name__)
class F:
    a = 1
    b = a + 1
    if b > 1:
        c = "conditional"
    for d in range(3): pass
    class Inner:
        v = 5
print(F.b, F.c, F.d, F.Inner.v)
