# str.split, rsplit, splitlines and partition with and without separators and limits.
for text in ["", " ", "a", " a b  c ", "a,b,,c", ",a,", "aXXbXXc", "\ta\nb\r\nc\x0bd\x0c"]:
    print(text.split(), text.split(None, 1), text.split(",", 1), text.rsplit(",", 1))
    print(text.split("XX"), text.rsplit("XX", 1), text.partition("b"), text.rpartition("b"))
for text in ["a\nb", "a\r\nb\rc\n", "\n\n", ""]:
    print(text.splitlines(), text.splitlines(True))
for bad in ["", ]:
    try:
        "abc".split(bad)
    except ValueError as e:
        print("ValueError")
    try:
        "abc".partition(bad)
    except ValueError as e:
        print("ValueError")
print(b"a b c".split(), b"a,b".partition(b","), b"a,b,c".rsplit(b",", 1))
try:
    "a,b".split(b",")
except TypeError:
    print("TypeError")
