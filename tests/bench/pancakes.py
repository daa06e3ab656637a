"""Reversing prefixes of all permutations of seven numbers; list items and slices."""


def longest(n):
    order = list(range(n))
    rotated = [0] * n
    most = 0
    total = 0
    sign = 1
    while True:
        if order[0]:
            work = order[:]
            flips = 0
            first = work[0]
            while first:
                work[: first + 1] = work[first::-1]
                flips += 1
                first = work[0]
            if flips > most:
                most = flips
            total += sign * flips
        sign = -sign
        place = 1
        while place < n:
            head = order[0]
            for i in range(place):
                order[i] = order[i + 1]
            order[place] = head
            rotated[place] += 1
            if rotated[place] <= place:
                break
            rotated[place] = 0
            place += 1
        else:
            return most, total


print(longest(7))
