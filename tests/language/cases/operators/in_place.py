# Augmented assignment to names, items, attributes and slices, with and without in-place methods.
class Box:
    def __init__(self, v): self.v = v
    def __iadd__(self, o): self.v += o; return self
    def __isub__(self, o): self.v -= o; return self
    def __add__(self, o): return "add"
    def __repr__(self): return "Box(%r)" % self.v
b = Box(5)
c = b
b += 2; print(b, b is c)
b -= 1; print(b, b is c)
n = 7
n += 1; n -= 2; n *= 3; n //= 4; n **= 2; n %= 7; n <<= 3; n >>= 1; n |= 3; n &= 6; n ^= 1
print(n)
f = 7
f /= 2
print(f)
l = [1]
m = l
l += [2]
print(l, m is l)
t = (1,)
t += (2,)
s = "a"
s += "b"; s *= 2
print(t, s)
d = {"a": [1]}
d["a"] += [2]
d["b"] = d["a"]
d["b"] += (3,)
print(d)
class O: pass
o = O()
o.x = 1
o.x += 1
o.y = o.x
o.y <<= 4
print(o.x, o.y)
try:
    t[0] += 1
except TypeError:
    print("TypeError", t)
s1 = {1, 2}
s1 |= {3}; s1 &= {2, 3}; s1 ^= {9}; s1 -= {2}
print(sorted(s1))
