# Built-in functions called with keywords, stars and generators as the only argument.
print(sum(i for i in [1, 2, 3]), any(x > 2 for x in (1, 2)), all([]), sorted("cab", reverse=True))
print(*[1, 2], *(3, 4), sep="-", end="!\n")
print(max([3, 1], [2, 9], key=len), min((x, -x) for x in range(3)), abs(-5), divmod(7, 2))
print(list(map(lambda a, b: a + b, [1, 2], [3, 4])), list(zip("ab", [1, 2])), isinstance(1, (int, str)))
print(str(1) + repr("a"), int("ff", 16), chr(65), ord("B"), bool([]), tuple("ab"), list({1: 2}))
