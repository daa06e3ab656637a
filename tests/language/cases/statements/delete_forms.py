# del of names, items, slices, attributes, several at once, and what is left.
a, b, c = 1, 2, 3
del a
del b, c
for n in ("a", "b", "c"): print(n in globals())
l = list(range(10))
del l[0], l[-1], l[1:3]
print(l)
del l[:]
print(l)
d = {1: {2: [3, 4]}}
del d[1][2][0]
print(d)
del (d[1])
print(d)
class K: x = 1; y = 2
k = K()
k.z = 3
del k.z, K.y
print(hasattr(k, "z"), hasattr(K, "y"), K.x)
def f(x):
    del x
    try: return x
    except NameError: return "unbound"
print(f(1))
def g():
    try: del nothing
    except NameError: return "NameError"
print(g())
for bad in (lambda: [].__delitem__(0), lambda: {}.__delitem__(0)):
    try: bad()
    except (IndexError, KeyError, AttributeError): print("refused")
m = {i: i for i in range(5)}
for i in list(m):
    if i % 2: del m[i]
print(m)
