# Replacing and splitting.
import re

print(re.sub("a", "b", "banana"))
print(re.sub("a", "b", "banana", 2))
print(re.sub("(n)(a)", "\\2\\1", "banana"))
print(re.sub("(n)(a)", "<\\g<2>|\\g<1>>", "banana"))
print(re.sub("[0-9]+", lambda m: str(int(m.group(0)) + 1), "a9 b99 c"))
print(re.sub(b"a", b"xy", b"banana"))
print(re.sub("x", "y", "banana"))
print(re.sub("^b", "B", "banana"))
print(re.compile("a").sub("o", "banana"))
for pattern in (",", "[,;]+", "an", "z", "^b", "a$"):
    print(pattern, re.compile(pattern).split("b,a;,n,a"), re.compile(pattern).split("banana", 1))
print(re.compile(b",").split(b"1,2,3"))
print(re.match("(a+)(b+)?", "aac").group(2))
print(re.search("n", "banana").group(0))
