"""Names made at run time: attributes set and read by computed strings."""


class Record:
    pass


def work(rounds):
    total = 0
    for i in range(rounds):
        record = Record()
        for j in range(8):
            setattr(record, "field_%d" % (i % 50 * 8 + j), j)
        for j in range(8):
            total += getattr(record, "field_" + str(i % 50 * 8 + j))
        total += hasattr(record, "missing")
    return total


print(work(1500))
