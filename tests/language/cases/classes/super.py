# super() in its short form, with methods, attributes, closures and __class__.
class A:
    def name(self): return "A"
    val = 3
class B(A):
    def name(self): return "B" + super().name()
    def deferred(self): return [super().val, super().name()]
    def bound(self):
        f = super().name
        return f()
    def long(self): return super(B, self).name()
    def rest(this, *args, key=1): return super().name() + str(key)
    def which(self): return __class__.__name__
print(B().name(), B().deferred(), B().bound(), B().long(), B().rest(1, key=2), B().which())
def has_class():
    class C:
        def me(self): return __class__ is C
    return C().me()
print(has_class())
