"""Strings joined, cut, searched, formatted and changed."""


def work(rounds):
    length = 0
    for i in range(rounds):
        name = "item" + str(i)
        line = "%s=%d;%04x" % (name, i, i & 0xFFFF)
        line += ",{}:{:>6}".format(name, i)
        parts = line.split(";")
        length += len(parts[1].replace("0", "--").upper())
        if line.startswith("item1") and "=" in line:
            length += line.find(":")
        length += len("/".join([part.strip("=") for part in parts]))
        length += len(line[2:-2] + name[1:])
    return length


print(work(3000))
