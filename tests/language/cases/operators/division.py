# Floor division, modulo, divmod and power with every sign, small, big and float.
values = [1, -1, 3, -3, 7, -7, 10, 2**40, -2**40, 2**80 + 1, -2**80 - 1]
for a in [0] + values:
    for b in values:
        q, r = divmod(a, b)
        print(a // b, a % b, (q, r) == (a // b, a % b), q * b + r == a, end=" ")
    print()
for a in (7.5, -7.5, 0.0, 1e300):
    for b in (2.0, -2.0, 0.1, 3):
        print(round(a // b, 6), round(a % b, 6), end=" ")
    print()
for op in (lambda: 1 // 0, lambda: 1 % 0, lambda: divmod(1, 0), lambda: 1 / 0, lambda: 2**70 // 0, lambda: 2**70 % 0, lambda: 1.0 // 0, lambda: 1.0 % 0, lambda: 1.0 / 0, lambda: 0 ** -1):
    try:
        print(op())
    except ZeroDivisionError:
        print("ZeroDivisionError")
print([2**n for n in range(0, 70, 7)], [(-3)**n for n in range(6)], 2**-1, 4**0.5, 0**0, 10**20, (-2)**63)
print(pow(3, 5), pow(3, 200, 13), pow(2, 100, 10**9 + 7), pow(7, 0, 5), pow(-3, 3, 7))
