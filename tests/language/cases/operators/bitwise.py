# Differs from CPython: & | ^ of booleans are integers.
# Bitwise operators and shifts on small and big integers of both signs.
values = [0, 1, -1, 2, 5, -6, 255, 256, -256, 2**31 - 1, 2**31, -2**31, 2**62, 2**63, -2**63, 2**64 + 3, -2**100 + 7]
for a in values:
    print(a, ~a, -a, +a, [a & b for b in values], [a | b for b in values], [a ^ b for b in values])
    print([a << n for n in (0, 1, 8, 31, 64)], [a >> n for n in (0, 1, 8, 31, 64, 200)])
for op in (lambda: 1 << -1, lambda: 1 >> -1, lambda: 2**70 << -1):
    try:
        op()
    except ValueError:
        print("ValueError")
for op in (lambda: 1 & 1.0, lambda: 1.5 | 1, lambda: "a" ^ 1, lambda: ~1.5, lambda: 1 << 1.0):
    try:
        op()
    except TypeError:
        print("TypeError")
print(True & False, True | False, True ^ True, ~True, True << 3, False >> 1)
