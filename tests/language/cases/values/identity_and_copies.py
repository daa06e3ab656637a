# What is the same object and what is a copy.
a = [1, [2]]
b, c, d, e = a, a[:], list(a), a.copy()
print(b is a, c is a, d is a, e is a, c[1] is a[1], d == a)
a[1].append(3)
a.append(4)
print(b, c, d, e)
x = {"k": [1]}
y, z = dict(x), x.copy()
x["k"].append(2)
x["n"] = 1
print(y, z)
t = ([],)
t[0].append(1)
print(t, (1, 2) is not None, "ab" == "a" + "b")
def change(l, n):
    l.append(n)
    l = [n]
    n += 1
    return l, n
base, num = [], 5
print(change(base, num), base, num)
m = [[0] * 2] * 2
m[0][0] = 1
print(m, [[0] * 2 for _ in range(2)])
s = {1, 2}
r = s
r |= {3}
print(s, r is s)
p = (1,)
q = p
q += (2,)
print(p, q)
bs = bytearray(b"ab")
cs = bs
ds = bytes(bs)
cs[0] = 120
print(bs, ds)
def default(l=[]): l.append(len(l)); return l
print(default() is default(), default())
