# Many small and large objects, freed and made again, keep their contents.
import gc
keep = []
for round in range(6):
    for i in range(200):
        keep.append([i, str(i), (i, [i]), {i: str(i)}, bytes([i % 256]) * (i % 50)])
    keep = keep[::2]
    gc.collect()
    ok = all(x[1] == str(x[0]) and x[2] == (x[0], [x[0]]) and x[3][x[0]] == x[1] and len(x[4]) == x[0] % 50 for x in keep)
    print(round, len(keep), ok)
big = [bytearray(1000) for _ in range(30)]
for i, b in enumerate(big): b[i] = i
big = [b for i, b in enumerate(big) if i % 3]
gc.collect()
print(sum(sum(b) for b in big), len(big))
cycle = []
for _ in range(100):
    a = []
    a.append(a)
    b = {"a": a}
    a.append(b)
gc.collect()
print(len(a), a[0] is a)
s = ""
for i in range(500): s += chr(97 + i % 26)
print(len(s), s[-5:])
d = {}
for i in range(1000): d["k%d" % i] = i
for i in range(0, 1000, 2): del d["k%d" % i]
gc.collect()
print(len(d), sum(d.values()))
