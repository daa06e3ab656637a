# Subscripts of subscripts, calls and attributes, on both sides of assignments and in del.
class O:
    def __init__(self): self.l = [[1, 2], {"k": [3]}]; self.d = {}
    def get(self): return self.l
o = O()
print(o.l[0][1], o.get()[1]["k"][0], o.l[-1]["k"], [o][0].l[0], (lambda: o)().get()[0][0], "abc"[1], (1, 2)[0], {"a": [5]}["a"][0], [[1]][0][0])
o.l[0][1] = 20
o.get()[1]["k"][0] += 7
o.d["x"], o.d["y"] = 1, 2
o.d["n"] = {}
o.d["n"]["m"] = {}
o.d["n"]["m"]["deep"] = "value"
print(o.l, o.d["n"]["m"]["deep"], o.d["x"])
del o.l[0][0], o.d["x"]
print(o.l, sorted(o.d))
m = [[0] * 3 for _ in range(3)]
for i in range(3):
    for j in range(3):
        m[i][j] = i * 3 + j
print(m, m[1][::-1], [r[1] for r in m], m[-1][-1])
m[0][0], m[2][2] = m[2][2], m[0][0]
print(m)
m[1][1:] = [9]
print(m)
d = {}
for w in "a b a c a".split():
    d[w] = d.get(w, 0) + 1
print(sorted(d.items()))
k = (1, 2)
e = {k: "t", (1, (2, 3)): "n"}
print(e[1, 2], e[(1, (2, 3))])
b = bytearray(3)
b[0], b[-1] = 1, 2
b[1] |= 0x80
print(b)
