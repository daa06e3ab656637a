# for and while with else, break, continue, nested, over every kind of iterable, with changes underway.
def find(items, wanted):
    for i, x in enumerate(items):
        if x == wanted:
            break
    else:
        return "not found"
    return i
print(find([1, 2, 3], 2), find([], 1), find("abc", "z"))
n = 0
while n < 10:
    n += 1
    if n % 2: continue
    if n > 7: break
else:
    print("else")
print(n)
while n < 12:
    n += 1
else:
    print("else", n)
out = []
for i in range(4):
    for j in range(4):
        if j == i: break
        if (i + j) % 2: continue
        out.append((i, j))
    else:
        out.append("full")
print(out)
for a, (b, c) in [(1, (2, 3)), (4, [5, 6])]: print(a, b, c)
for a, *b in [(1, 2, 3), "xyz"]: print(a, b)
l = [1, 2, 3]
for x in l:
    if len(l) < 6: l.append(x * 10)
print(l)
d = {"k": 1}
for k in d: d[k] += 1
print(d)
for i in range(3):
    i = 100
print(i)
x = [0, 0]
for x[0] in range(3): pass
for x[1] in "ab": pass
print(x)
total = 0
for i in range(10, 0, -3): total += i
for i in range(-5, 5, 4): total = total * 10 + i
print(total)
for i in (): print("never")
while False: print("never")
i = 0
while True:
    i += 1
    while True:
        i += 10
        if i > 30: break
    if i > 50: break
print(i)
for c in "äb→": print(c, end=" ")
for c in b"ab": print(c, end=" ")
for c in bytearray(b"z"): print(c, end=" ")
print()
