# Floating point in algorithms: Newton, Simpson, means, compound interest, rounded so that the last digit does not matter.
def sqrt(x):
    g = x
    for _ in range(60): g = (g + x / g) / 2
    return g
print(["%.10f" % sqrt(x) for x in (2, 9, 0.25, 1e6)])
def simpson(f, a, b, n=100):
    h = (b - a) / n
    return h / 3 * (f(a) + f(b) + sum((4 if i % 2 else 2) * f(a + i * h) for i in range(1, n)))
print("%.8f %.8f" % (simpson(lambda x: x * x, 0, 3), simpson(lambda x: 1 / (1 + x * x), 0, 1) * 4))
def bisect(f, a, b):
    while b - a > 1e-12:
        m = (a + b) / 2
        if f(a) * f(m) <= 0: b = m
        else: a = m
    return a
print("%.9f" % bisect(lambda x: x ** 3 - x - 2, 1, 2))
data = [2.5, 3.5, 1.0, 9.75, 4.25]
mean = sum(data) / len(data)
print("%.4f %.4f" % (mean, (sum((x - mean) ** 2 for x in data) / len(data)) ** 0.5), sorted(data)[len(data) // 2], min(data), max(data))
money = 1000.0
for year in range(10): money *= 1.05
print("%.2f" % money, round(money, 1), int(money), "%.3e" % money)
def det(m):
    return m[0][0] if len(m) == 1 else sum((-1) ** j * m[0][j] * det([r[:j] + r[j + 1:] for r in m[1:]]) for j in range(len(m)))
print(det([[2, 0, 1], [1, 3, 2], [1, 1, 4]]), det([[1.5, 2], [3, 4.5]]))
def mandel(c):
    z = 0j
    for i in range(30):
        if abs(z) > 2: return i
        z = z * z + c
    return 30
print(["".join("#" if mandel(complex(x / 8 - 1.5, y / 4 - 1)) == 30 else "." for x in range(20)) for y in range(9)])
