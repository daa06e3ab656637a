# Differs from CPython: names of errors.
# Deep recursion is an error that can be caught, and nothing is lost by it.
def down(n): return down(n + 1) + 1
try: down(0)
except RuntimeError as error: print(error)
class Deep:
    def __repr__(self): return repr(self)
    def __getattr__(self, name): return getattr(self, name)
    def __eq__(self, other): return self == other
    def __iter__(self): return iter(self)
for action in (lambda: repr(Deep()), lambda: Deep().x, lambda: Deep() == 1, lambda: list(Deep())):
    try: action()
    except RuntimeError as error: print(type(error).__name__)
nested = []
for _ in range(10000): nested = [nested]
try: repr(nested)
except RuntimeError: print("RuntimeError")
def generate(n):
    yield n
    yield from generate(n + 1)
try: print(len(list(generate(0))) > 10)
except RuntimeError: print(True)
print(sum(range(100)))
