# range: lengths, indices, slices, membership, equality, both directions.
cases = [range(0), range(5), range(2, 7), range(0, 10, 3), range(10, 0, -3), range(5, 5), range(0, -5), range(-3, 3, 2)]
for r in cases:
    print(r, len(r), list(r), bool(r), [x in r for x in (-3, 0, 1, 3, 7)], [r[i] for i in range(len(r))], list(reversed(list(r))))
    if len(r) > 1:
        print(r[-1], r[1:], r[:1], r[::2], list(r[::-1]))
for op in (lambda: range(1, 2, 0), lambda: range(3)[5], lambda: range(3)[-4], lambda: range("a"), lambda: range(1.5)):
    try:
        op()
    except (ValueError, IndexError, TypeError) as e:
        print(type(e).__name__)
print(range(3).start, range(1, 9, 2).stop, range(1, 9, 2).step, sum(range(101)), max(range(3)), list(zip(range(3), range(9, 6, -1))))
