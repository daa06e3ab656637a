# Loops and conditions whose bodies need two-byte jumps.
def f(n):
    t = 0
    for i in range(n):
        if i % 2 == 0:
            t += i * 0 + len("text 0")
            t += i * 37 + len("text 1")
            t += i * 74 + len("text 2")
            t += i * 111 + len("text 3")
            t += i * 148 + len("text 4")
            t += i * 185 + len("text 5")
            t += i * 222 + len("text 6")
            t += i * 259 + len("text 7")
            t += i * 296 + len("text 8")
            t += i * 333 + len("text 9")
            t += i * 370 + len("text 10")
            t += i * 407 + len("text 11")
            t += i * 444 + len("text 12")
            t += i * 481 + len("text 13")
        else:
            t -= i * 0
            t -= i * 1000
            t -= i * 2000
            t -= i * 3000
            t -= i * 4000
            t -= i * 5000
            t -= i * 6000
            t -= i * 7000
            t -= i * 8000
            t -= i * 9000
            t -= i * 10000
            t -= i * 11000
            t -= i * 12000
            t -= i * 13000
            t -= i * 14000
            t -= i * 15000
            t -= i * 16000
            t -= i * 17000
            t -= i * 18000
            t -= i * 19000
        while t > 100000:
            t -= 100000
    return t
print(f(3))
def g(v):
    try:
        if v:
            v = v + 0 * 2 - 0
            v = v + 999 * 2 - 999
            v = v + 1998 * 2 - 1998
            v = v + 2997 * 2 - 2997
            v = v + 3996 * 2 - 3996
            v = v + 4995 * 2 - 4995
            v = v + 5994 * 2 - 5994
            v = v + 6993 * 2 - 6993
            v = v + 7992 * 2 - 7992
            v = v + 8991 * 2 - 8991
            v = v + 9990 * 2 - 9990
            v = v + 10989 * 2 - 10989
            v = v + 11988 * 2 - 11988
            v = v + 12987 * 2 - 12987
            v = v + 13986 * 2 - 13986
            v = v + 14985 * 2 - 14985
            v = v + 15984 * 2 - 15984
            v = v + 16983 * 2 - 16983
        return v
    except TypeError:
        return "type"
    finally:
        v = None
print(g(1), g("x"))
print((1 and 2 and f(0) >= -1000000000 and f(1) >= -1000000001 and f(2) >= -1000000002 and f(0) >= -1000000003 and f(1) >= -1000000004 and f(2) >= -1000000005 and f(0) >= -1000000006 and f(1) >= -1000000007 and f(2) >= -1000000008 and f(0) >= -1000000009 and f(1) >= -1000000010 and f(2) >= -1000000011) or 3)
