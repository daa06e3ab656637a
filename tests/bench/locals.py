"""Arithmetic on more local variables than the short instructions reach."""


def work(count):
    a = b = c = d = e = f = g = h = i = j = k = m = n = o = p = q = r = s = t = u = 1
    while count:
        count -= 1
        a = b + c
        d = e ^ f
        g = h + i
        j = k & m
        n = o - p
        q = r | s
        t = u + a
        b = t & 255
        s = g + q & 1023
        u = s ^ d
    return a + d + g + j + n + q + t + u


print(work(60000))
