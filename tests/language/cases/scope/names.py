# Names that are special to the compiler may be used like any other.
import builtins
def range(n): return [n, n]
for i in builtins.list(range(5)): print(i)
def f(const, micropython, math):
    return const, micropython, math
print(f(1, 2, 3))
print_ = print
def print(*a): print_("mine", *a)
print(1)
class T:
    def len(self): return 1
    def range(self, n): return n
print(T().len(), [v for v in T().range([2])])
_private = "private"
print(_private, type(1).__name__)
