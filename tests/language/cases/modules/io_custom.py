# Differs from CPython: streams are made by readinto and write.
# A stream of our own that print writes to, and one that json reads from in small pieces.
import io, json
class Slow(io.IOBase):
    def __init__(self, data): self.data, self.at, self.calls = data, 0, 0
    def readinto(self, b):
        self.calls += 1
        n = min(len(b), 3, len(self.data) - self.at)
        for i in range(n): b[i] = self.data[self.at + i]
        self.at += n
        return n
    def write(self, b): self.data += bytes(b); return len(b)
    def ioctl(self, op, arg): return 0
s = Slow(b"")
print("text", 1, file=s, end="")
print(s.data)
s = Slow(b'{"a": [1, 2.5, "three"], "b": null}')
v = json.load(s)
print(v["a"], v["b"], s.calls > 5)
