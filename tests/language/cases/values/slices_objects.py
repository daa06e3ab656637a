# slice objects: what __getitem__ receives, and indices().
class S:
    def __getitem__(self, i): return i
s = S()
for i in (s[1:2], s[:], s[::2], s[1:2:3], s["a":"b"]):
    print(i.start, i.stop, i.step)
print(s[1, 2], s[()], s[None], s[-1])
print([S()[:].indices(5), S()[1:3].indices(5), S()[-2:].indices(5), S()[::-1].indices(5), S()[10:-10:-3].indices(7)])
l = list(range(10))
print(l[S()[2:5]], l[S()[::3]], "abcdef"[S()[1:4]])
try:
    l[::0]
except ValueError:
    print("ValueError")
