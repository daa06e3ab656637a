# Big integers in algorithms: factorials, Fibonacci, modular powers, square roots, text in all bases, Karatsuba sizes.
def fact(n):
    r = 1
    for i in range(2, n + 1): r *= i
    return r
print(fact(60), fact(100) // fact(98), fact(30) % (2**61 - 1))
a, b = 0, 1
for _ in range(300): a, b = b, a + b
print(a)
def isqrt(n):
    x = 1 << ((len(bin(n)) - 1) // 2)
    while True:
        y = (x + n // x) // 2
        if abs(y - x) <= 1: 
            while y * y > n: y -= 1
            while (y + 1) * (y + 1) <= n: y += 1
            return y
        x = y
print(isqrt(2 * 10**60), isqrt(10**40), pow(3, 10**12, 10**9 + 7), pow(2**100, 5, 2**89 - 1))
x = 3**200
print(hex(x), bin(x)[-20:], oct(x)[:10], int(str(x)) == x, int(hex(x), 16) == x, len(str(x)))
y = (1 << 521) - 1
print(y * y == (y - 1) * (y + 1) + 1, (y * y) >> 1000, (y * y) & 0xffff, y // 12345678901234567890, y % 12345678901234567890, -y // 7, -y % 7)
print([(x >> n) & 1 for n in range(0, 100, 9)], x ^ (x >> 1) != x, (x | 1) - (x & ~1), ~x == -x - 1)
def gcd(a, b):
    while b: a, b = b, a % b
    return a
print(gcd(fact(40), 2**50 * 3**20), gcd(2**127 - 1, 2**89 - 1))
print(sum(10**i for i in range(0, 40, 3)), float(10**30), 10**30 < float(10**31), 2**64 > 1.8e19, -2**64 < -1e19, int(2.0**80), x.to_bytes(40, "big") if x < 256**40 else x.to_bytes(41, "big"))
