# for over anything, with targets of every shape.
for a, b in [(1, 2), (3, 4)]: print(a, b)
for a, *b in [(1, 2, 3), (4,)]: print(a, b)
for (a, [b, c]) in [(1, (2, 3))]: print(a, b, c)
class Target: pass
t = Target()
d = {}
for t.x in "ab": print(t.x)
for d["k"] in range(2): print(d)
for i in []: print("never")
else: print("empty")
for i in [1, 2, 3]:
    for j in "xy":
        if j == "y": break
        if i == 2: continue
        print(i, j)
    else: print("never")
else: print("done")
for x, in [(9,)]: print(x)
