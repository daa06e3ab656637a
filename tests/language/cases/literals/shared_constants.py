# Equal constants of different type stay apart.
a = (1, 1.0, True, "long string constant", b"long string constant")
b = [1, 1.0, True, "long string constant", b"long string constant"]
c = (0.0, -0.0, 0, False)
d = ("long string constant", 12345678901234567890, 2.5)
print(a, b, c, d)
print(1j, 2.5j, 0j, (1j,))
