"""A synthetic mix: records, nested lists, string comparison, globals, small procedures."""

number = 0
flag = False
letter = "A"
row = [0] * 51
table = [[0] * 51 for _ in range(51)]


class Record:
    def __init__(self, link=None, kind=0, count=0, text=""):
        self.link = link
        self.kind = kind
        self.count = count
        self.text = text

    def copy(self):
        return Record(self.link, self.kind, self.count, self.text)


def turn(kind):
    if kind == 1:
        return 2 if number > 100 else 0
    return 1 if kind == 2 else 3


def fill(row, table, index, value):
    place = index + 5
    row[place] = value
    row[place + 1] = row[place]
    row[place + 30] = place
    for i in range(place, place + 2):
        table[place][i] = place
    table[place][place - 1] += 1
    table[place + 20][place] = row[place]


def after(one, two):
    i = 1
    while i <= 1:
        if one[i] == two[i + 1]:
            return False
        i += 1
    return one > two


def follow(record):
    global letter, flag
    other = record.link.copy()
    record.count = 5
    other.count = record.count
    other.link = record.link
    if other.kind == 0:
        other.count = 6
        other.kind = turn(record.kind)
        other.link = record.link
        other.count += 10
    else:
        record = other.copy()
    letter = "B" if letter == "A" else "A"
    flag = not flag
    return other


def main(loops):
    global number
    first = Record(None, 1, 40, "some text of a record")
    second = Record(first, 0, 40, "some text of a record")
    for i in range(loops):
        number = i
        a, b = 2, 3
        text = "another text of record " + letter
        if after("some text", text):
            a += 1
        while a < b:
            c = 5 * a - b
            a += 1
        fill(row, table, a, c)
        second.link = follow(second)
        for mark in "AB":
            if mark == letter:
                b = i // a
        c = (b * 7 + a) // 3
    return c, row[8], table[8][7], first.kind, second.link.count


print(main(4000))
