# Small whole programs: life, sieve, queens, knapsack, n-body by integers, bank of classes, state machine.
def life(cells):
    n = {}
    for x, y in cells:
        for dx in (-1, 0, 1):
            for dy in (-1, 0, 1):
                if dx or dy: n[x + dx, y + dy] = n.get((x + dx, y + dy), 0) + 1
    return {c for c, k in n.items() if k == 3 or k == 2 and c in cells}
glider = {(1, 0), (2, 1), (0, 2), (1, 2), (2, 2)}
for _ in range(8): glider = life(glider)
print(sorted(glider))
sieve = bytearray(b"\x01" * 200)
for i in range(2, 15):
    if sieve[i]:
        for j in range(i * i, 200, i): sieve[j] = 0
print([i for i in range(2, 200) if sieve[i]][-5:])
def queens(n, row=0, cols=(), d1=(), d2=()):
    if row == n: return 1
    return sum(queens(n, row + 1, cols + (c,), d1 + (row + c,), d2 + (row - c,)) for c in range(n) if c not in cols and row + c not in d1 and row - c not in d2)
print([queens(n) for n in range(1, 7)])
def knapsack(items, cap):
    best = [0] * (cap + 1)
    for w, v in items:
        for c in range(cap, w - 1, -1): best[c] = max(best[c], best[c - w] + v)
    return best[cap]
print(knapsack([(3, 4), (4, 5), (2, 3), (7, 10)], 10))
class Account:
    total = 0
    def __init__(self, owner): self.owner, self.balance, self.log = owner, 0, []
    def deposit(self, n):
        if n <= 0: raise ValueError("amount %d" % n)
        self.balance += n; Account.total += n; self.log.append(("+", n)); return self
    def withdraw(self, n):
        if n > self.balance: raise ValueError("only %d" % self.balance)
        self.balance -= n; Account.total -= n; self.log.append(("-", n)); return self
a, b = Account("a"), Account("b")
a.deposit(100).withdraw(30); b.deposit(5)
for op in (lambda: b.withdraw(6), lambda: a.deposit(-1)):
    try: op()
    except ValueError as e: print(e)
print(a.balance, b.balance, Account.total, a.log)
states = {"idle": {"start": "run"}, "run": {"stop": "idle", "fail": "error"}, "error": {"reset": "idle"}}
s, trace = "idle", []
for e in ("start", "stop", "fail", "start", "fail", "start", "reset"):
    s = states[s].get(e, s); trace.append(s)
print(trace)
def hanoi(n, a="A", b="B", c="C"):
    return [] if n == 0 else hanoi(n - 1, a, c, b) + [(a, c)] + hanoi(n - 1, b, a, c)
print(len(hanoi(7)), hanoi(2))
def collatz(n):
    k = 0
    while n != 1: n = n // 2 if n % 2 == 0 else 3 * n + 1; k += 1
    return k
print(max((collatz(n), n) for n in range(1, 300)))
