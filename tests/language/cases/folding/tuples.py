# Tuples of constants are made once; others are built each time.
def constant():
    return 1, 2.5, "text", b"bytes", None, (True, False), -3, 12345678901234567890
def partly(x):
    return 1, (2, 3), x
a = (1, 2, 3)
b = 1, 2
for pair in (1, "a"), (2, "b"):
    print(pair)
print(constant(), partly(4), a, b)
print({(1, 2): "key"}[1, 2], [(1,
    2,
    3)][0])
x, y = 1, 2
print((), ((),), (x, y))
