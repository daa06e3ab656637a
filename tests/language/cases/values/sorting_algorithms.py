# Sorting written in Python against the built-in one, with stability, keys and many sizes.
def quick(l):
    if len(l) < 2: return l
    p = l[len(l) // 2]
    return quick([x for x in l if x < p]) + [x for x in l if x == p] + quick([x for x in l if x > p])
def merge(l):
    if len(l) < 2: return l
    m = len(l) // 2
    a, b, out = merge(l[:m]), merge(l[m:]), []
    while a and b: out.append((a if a[0] <= b[0] else b).pop(0))
    return out + a + b
def heap(l):
    l = list(l)
    def down(i, n):
        while 2 * i + 1 < n:
            c = 2 * i + 1
            if c + 1 < n and l[c + 1] > l[c]: c += 1
            if l[i] >= l[c]: return
            l[i], l[c] = l[c], l[i]
            i = c
    for i in range(len(l) // 2, -1, -1): down(i, len(l))
    for n in range(len(l) - 1, 0, -1):
        l[0], l[n] = l[n], l[0]
        down(0, n)
    return l
x = 12345
def rnd():
    global x
    x = (x * 1103515245 + 12345) % 2**31
    return x
for n in (0, 1, 2, 3, 7, 50, 200):
    l = [rnd() % 100 for _ in range(n)]
    s = sorted(l)
    print(n, quick(l) == s, merge(l) == s, heap(l) == s, sorted(l, reverse=True) == s[::-1], sorted(s) == s)
words = ["pear", "fig", "apple", "date", "kiwi", "plum"]
print(sorted(words), sorted(words, key=lambda w: (len(w), w)), sorted(words, key=lambda w: list(reversed(w))))
