# Every form of return, also out of loops and handlers.
def none(): return
def falls(): pass
def pair(x): return x, x + 1
def either(x): return "yes" if x else "no"
def nested(x): return "a" if x == 1 else "b" if x == 2 else "c"
def loop():
    for i in range(5):
        for j in [1, 2, 3]:
            if i * j == 4: return i, j
def handler():
    for i in range(3):
        try:
            if i == 1: return i
        finally:
            print("finally", i)
def swallows():
    try:
        raise ValueError
    finally:
        return "swallowed"
print(none(), falls(), pair(1), either(0), nested(2), nested(3), loop(), handler(), swallows())
