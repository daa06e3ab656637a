# Assignment to every form of target, with stars, nested, swapped, chained, and its errors.
a, b = 1, 2
a, b = b, a
(c, [d, *e], f) = 1, (2, 3, 4), 5
*g, h = "xyz"
i, *j, k = range(5)
l = m = n = []
l.append(1)
print(a, b, c, d, e, f, g, h, i, j, k, m, n)
o = [0] * 5
o[0], o[1:3], o[-1] = 9, [8, 7], 6
print(o)
class P: pass
p = P()
p.x, p.y = p.z = (1, 2)
print(p.x, p.y, p.z)
[q] = [1]
(r,) = (2,)
s, = {3}
print(q, r, s)
t = u, v = 1, 2
print(t, u, v)
for bad in ([1], [1, 2, 3], [], "abc"):
    try:
        x, y = bad
        print(x, y)
    except ValueError:
        print("ValueError")
try:
    x, *y, z = [1]
except ValueError:
    print("ValueError")
for bad in (1, None, 1.5):
    try:
        x, y = bad
    except TypeError:
        print("TypeError")
def f(): return 1, (2, [3, 4])
w, (x, [y, z]) = f()
print(w, x, y, z)
d = {}
d["a"], d["b"] = d["c"] = 7, 8
print(sorted(d.items()))
i = 0
arr = [5, 6]
i, arr[i] = 1, 9
print(i, arr)
