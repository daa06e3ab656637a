# Differs from CPython: the expressions of MicroPython are simpler.
# Patterns of every kind against texts of every kind: what matches, where, and which groups.
import re

patterns = (
    "a", ".", "^a", "a$", "^$", "a*", "a+", "a?", "a*?b", "a+?b", "a??b", "(a)(b)?", "(a|b)+", "a|b|cd",
    "[abc]", "[^abc]", "[a-c]+", "[-a]", "[a-]", "[]a]", "[\\d]+", "[^\\s]+", "\\d+", "\\D+", "\\s", "\\S+",
    "\\w+", "\\W+", "\\.", "\\*", "(?:ab)+", "(?:a|b)c", "((a)(b))", "x*", "(x*)", "(a(b(c)))", "a.c", "..$",
)
texts = ("", "a", "b", "ab", "abc", "aabb", "cab", "a.c", "a*b", "12 ab", "xyz", "a-b_c d", "cdcd", "abab")

for pattern in patterns:
    compiled = re.compile(pattern)
    for text in texts:
        for found in (compiled.match(text), compiled.search(text)):
            if found is None:
                print("-", end=" ")
                continue
            groups = []
            try:
                while True:
                    groups.append(found.group(len(groups)))
            except IndexError:
                print(groups, end=" ")
    print(pattern)

for wrong in ("*", "+a", "(", ")", "(a", "[a", "a**b)", "\\"):
    try:
        re.compile(wrong)
        print("taken", wrong)
    except Exception as error:
        print(type(error).__name__, wrong)
