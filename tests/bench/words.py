"""Counting words of a text that is made up as it goes; split, dict of strings, sorting."""

syllables = ("ka", "lo", "mi", "re", "su", "ta", "no", "be")


def text(count):
    state = 1
    for _ in range(count):
        state = (state * 1103515245 + 12345) & 0x3FFFFFFF
        line = []
        for shift in (3, 7, 11, 15, 19):
            part = state >> shift
            line.append(syllables[part & 7] + syllables[part >> 3 & 7])
        yield " ".join(line)


counts = {}
for line in text(2500):
    for word in line.split():
        counts[word] = counts.get(word, 0) + 1
order = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
print(len(order), order[:5])
