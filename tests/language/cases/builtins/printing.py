# print with separators, ends, files and objects that describe themselves.
import sys
class S:
    def __str__(self): return "str"
    def __repr__(self): return "repr"
class R:
    def __repr__(self): return "only repr"
print(S(), [S()], R(), [R()], (S(), R()), {"k": S()})
print()
print(1, "a", None, 2.5, sep="-", end="!\n")
print(1, 2, sep="", end="")
print("|", *[1, 2], sep=", ")
print("a", "b", sep="\n")
print("to stdout", file=sys.stdout)
print(*"abc", *[1], sep="")
print("%s" % S(), "%r" % S(), "{}".format(S()), "{!r}".format(S()), f"{S()} {S()!r}", str(S()) + repr(S()))
class File:
    def __init__(self): self.got = []
    def write(self, s): self.got.append(s); return len(s)
class Bad:
    def __str__(self): raise ValueError("in str")
try:
    print(Bad())
except ValueError as e:
    print(e)
print("tab\there", "quote'\"", "\\", "nul" + chr(0) + "end" == "nul\0end", "äöü→😀")
