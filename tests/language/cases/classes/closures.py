# Methods that capture, classes made in functions and loops, and attributes that are functions.
def make(n):
    class Local:
        size = n
        def get(self, k=n): return n * k + self.size
        @staticmethod
        def static(): return n
    return Local
print(make(2)().get(), make(3).static(), make(4)().get(k=1))
made = []
for i in [1, 2]:
    class Loop:
        value = i
        again = [j for j in [10, 20]]
    made.append(Loop)
print([(c.value, c.again) for c in made])
class Callbacks:
    table = {"double": lambda x: x * 2}
    def run(self, name, x): return self.table[name](x)
print(Callbacks().run("double", 4))
