# Loop variables stay inside; outer ones are captured; := binds outside.
x = "kept"
print([x for x in range(2)], x)
def f(n):
    k = 2
    squares = [v * k + n for v in range(n)]
    last = [y := v for v in range(n)]
    total = 0
    sums = [total := total + v for v in range(4)]
    return squares, y, sums, total, [lambda: (v, n) for v in range(1)][0]()
print(f(3))
print([z := 1, z + 1], (w := 5) + w)
if (m := len("abc")) > 2:
    print(m)
while (n := 3) != 3:
    pass
print([u for u in range(5) if (t := u % 2)], t)
print((lambda q: (p := q) + p)(2), max(r := 5, 3), r)
class C:
    items = [1, 2]
    doubled = [i * 2 for i in items]
print(C.doubled)
