# Long numbers of many lengths and signs: sums, products, quotients, remainders, shifts, bits.
import sys
r = 12345
def nxt(bits):
    global r
    v = 0
    for i in range(0, bits, 16):
        r = (r * 1103515245 + 12345) & 0x7fffffff
        v = v << 16 | (r >> 8 & 0xffff)
    return v >> (-bits % 16)
acc = 0
for n in range(1500):
    a = nxt(1 + n * 7 % 700); b = nxt(1 + n * 13 % 650)
    if n & 1: a = -a
    if n & 2: b = -b
    acc ^= (a + b) ^ (a - b) ^ (a * b)
    if b: acc ^= (a // b) * 3 ^ (a % b)
    acc ^= a << (n % 70) ^ a >> (n % 90) ^ (a & b) ^ (a | ~b)
    if n % 100 == 0: print(a + b, a - b, a * b, b and (a // b, a % b), a << n % 70, a >> n % 33, (a > b) - (a < b))
    acc &= (1 << 900) - 1
print(acc)
