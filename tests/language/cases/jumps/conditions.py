# Conditions of every shape in if, while, ternaries, not, and, or: both ways of each jump.
def t(*a): return [bool(x) for x in a]
vals = (True, False)
for a in vals:
    for b in vals:
        for c in vals:
            r = []
            if a and b or c: r.append(1)
            if a or b and c: r.append(2)
            if not a and b: r.append(3)
            if not (a and b): r.append(4)
            if not (a or b) or c: r.append(5)
            if a and (b or c): r.append(6)
            if (a or b) and (b or c): r.append(7)
            if not not a: r.append(8)
            if a and not b and c: r.append(9)
            if a == b == c: r.append(10)
            if a is b or b is c: r.append(11)
            r.append(1 if a else 2 if b else 3)
            r.append((a and b) if c else (a or b))
            n = 0
            while a and n < 2 or b and n < 1: n += 1
            r.append(n)
            r.append([i for i in range(4) if a and i % 2 or b and i > 2])
            assert a or not a
            x = a and b or c
            y = a or b and c
            r.append((x, y))
            print(r)
if True: print("always")
if False: print("never")
if 0: pass
elif "": pass
elif []: pass
elif None: pass
else: print("else")
while 0: print("never")
if 1 and "x": print("constant")
if not None: print("not None")
print(1 and 2, 0 and 2, 1 or 2, 0 or 2, None or "d", "" and 5, not 0, not "a", 1 if [] else 2)
