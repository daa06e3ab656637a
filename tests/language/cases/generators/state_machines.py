# Generators as state machines: parsers of a stream, windows, round robin, throttles.
def lines():
    buf, out = "", None
    while True:
        part = yield out
        buf += part
        out = []
        while "\n" in buf:
            line, _, buf = buf.partition("\n")
            out.append(line)
m = lines()
next(m)
print(m.send("ab"), m.send("c\nde"), m.send("f\ng\nh"), m.send("\n"))
def windows(it, n):
    w = []
    for x in it:
        w.append(x)
        if len(w) > n: w.pop(0)
        if len(w) == n: yield tuple(w)
print(list(windows(range(6), 3)))
def robin(*its):
    live = [iter(i) for i in its]
    while live:
        for i in list(live):
            try: yield next(i)
            except StopIteration: live.remove(i)
print("".join(robin("abc", "12", "X")))
def average():
    total = n = 0
    mean = None
    while True:
        x = yield mean
        if x is None: return total, n
        total += x; n += 1
        mean = total / n
a = average()
next(a)
print([a.send(x) for x in (2, 4, 9)])
try: a.send(None)
except StopIteration as e: print(e.value)
def traffic():
    while True:
        for state, n in (("red", 2), ("green", 2), ("yellow", 1)):
            for _ in range(n):
                if (yield state) == "reset": break
            else: continue
            break
t = traffic()
print([next(t) for _ in range(6)], t.send("reset"), next(t), next(t))
