# Chains, exchanges and unpacking.
a = b = c = 5
print(a, b, c)
a, b = b, a
a, b, c = 1, 2, 3
a, b, c = c, a, b
print(a, b, c)
(a, b), [c, d] = (1, 2), [3, 4]
[a, b] = b, a
x, *y, z = range(5)
*p, q = "abc"
r, *s = [1]
print(a, b, c, d, x, y, z, p, q, r, s)
i = (j, k) = 1, 2
data = [0, 0, 0]
data[i[0]], i = 9, 2
print(i, j, k, data)
(e) = 5
[f] = [6]
print(e, f)
a, b, c, d = d, c, b, a
print(a, b, c, d)
