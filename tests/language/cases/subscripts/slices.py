# Subscripts and slices in every form, loaded, stored and deleted.
s = "0123456789"
print(s[0], s[-1], s[1:4], s[:3], s[7:], s[:], s[::1], s[5::], s[:5:])
x = list(range(10))
a, b, c = 1, 8, 2
print(x[a:b], x[a:b:c], x[a + 1:], x[:b - 1:c], x[a if b else c], x[::-1], x[5::2])
x[0] = 9; x[1:3] = [7, 7, 7]
del x[4:6], x[-1]
print(x)
class Show:
    def __getitem__(self, i): return i
show = Show()
print(show[1, 2], show[1,], show[()], show[(1, 2)], show["a"][0])
print({1: {2: 3}}[1][2], [[1, 2], [3]][0][1], (1, 2, 3)[1:], "abc"[1:][0])
