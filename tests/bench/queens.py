"""Queens on a board by a generator over permutations; generators, sets, comprehensions."""


def arrangements(items):
    if len(items) <= 1:
        yield items
        return
    for i in range(len(items)):
        for rest in arrangements(items[:i] + items[i + 1 :]):
            yield items[i : i + 1] + rest


def queens(size):
    count = 0
    columns = range(size)
    for order in arrangements(tuple(columns)):
        if len(set(order[i] + i for i in columns)) == size:
            if len(set(order[i] - i for i in columns)) == size:
                count += 1
    return count


print(queens(6))
