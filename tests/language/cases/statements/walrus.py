# The := operator in conditions, comprehensions, arguments and loops.
if (n := len("abcd")) > 3: print("long", n)
data = [1, 5, 2, 8]
print([y for x in data if (y := x * 2) > 4], y)
i = 0
while (i := i + 1) < 5: pass
print(i)
def f(a, b): return a, b
print(f(x := 5, b=(z := 6)), x, z)
print((q := 1, 2), q, [w := 3, w + 1], {"k": (v := 9)}["k"], v)
def g():
    total = 0
    values = [total := total + v for v in range(5)]
    return values, total
print(g())
print(any((found := x) > 4 for x in data), found)
lines = iter(["a", "b", ""])
while line := next(lines): print("line", line)
print((lambda t: (u := t) + 1)(2))
