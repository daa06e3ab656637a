# Counting loops: small steps, variable ends, negative steps, changes inside the loop.
for i in range(3): print(i)
for i in range(2, 5): print(i)
for i in range(10, 0, -3): print(i)
n = 3
for i in range(n):
    n = 100
    i += 10
    print(i)
else: print("else")
for i in range(n, n + 2): print(i)
for i in range(0): print("never")
else: print(i)
def f(k):
    for i in range(k):
        for j in range(1, i, 2):
            if j == 3: break
            yield i, j
        else: yield i
print(list(f(6)))
step = 2
for i in range(0, 5, step): print(i)
for i in range(*[1, 3]): print(i)
for i in range(70000, 70002): print(i)
