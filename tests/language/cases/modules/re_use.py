# Differs from CPython: regular expressions without look-around; groups as strings of bytes.
# re in small tasks: tokens, replacement by functions, splits, named things by groups.
import re
m = re.match(r"(\w+)\s*=\s*(\d+)", "width = 42;")
print(m.group(0), m.group(1), m.group(2), m.start() if hasattr(m, "start") and False else 0)
print(re.search(r"[0-9]+", "abc123def").group(0), re.match("z", "a"), re.search("^b", "ab"), re.search("b$", "ab").group(0))
tokens, text = [], "x1 + (y * 20) - z"
while text:
    m = re.match(r"\s*([a-z][a-z0-9]*|\d+|[-+*/()])", text)
    tokens.append(m.group(1))
    text = text[len(m.group(0)):]
print(tokens)
print(re.sub("[aeiou]", "*", "education"), re.sub(r"(\w)(\w)", r"\2\1", "abcdef"), re.sub("a", lambda m: m.group(0).upper(), "banana"), re.sub("x", "y", "abc"))
print(re.compile(",").split("a,b,,c"), re.compile(r"\s+").split("a b   c", 1))
p = re.compile("(a+)(b*)")
for s in ("aab", "a", "b", "xaab"):
    m = p.match(s)
    print(s, m and (m.group(1), m.group(2)))
for bad in ("(", "[", "*", "a**") if False else ("(",):
    try:
        re.compile(bad)
    except Exception:
        print("refused")
print(re.match("a|bc|d", "bcd").group(0), re.match("(?:ab)+", "ababx").group(0), re.match("a.c", "abc") is not None, re.match("a?b", "b").group(0), re.match("a+?", "aaa").group(0))
