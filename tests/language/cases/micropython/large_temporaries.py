# Large objects made in a row are freed in time, also while native code calls back.
for i in range(200):
    x = bytearray(102400)
    y = b"ab" * 40000
    z = [0] * 5000 + [i]
print(len(x), len(y), z[-1])
print(sorted([3, 1, 2], key=lambda n: len(bytearray(100000)) + len(b"x" * 100000) + n))
print(sum(map(lambda n: len([n] * 20000), range(60))))


def parts():
    for i in range(60):
        yield bytes(100000)


print(sum(len(part) for part in parts()))


class Big:
    def __eq__(self, other):
        return len(bytearray(200000)) < 0


print(Big() in [Big() for _ in range(60)])
