# join and replace, with every kind of iterable and every count.
print(",".join([]), ",".join(["a"]), ",".join(("a", "b")), "".join(c for c in "xyz"), "-".join("abc"), "ab".join({"k": 1}))
for bad in ([1], ["a", b"b"], 5, [None]):
    try:
        print(",".join(bad))
    except TypeError:
        print("TypeError")
print(b",".join([b"a", b"b"]), b"".join([bytearray(b"x"), b"y"]) if False else b"xy")
t = "aaa"
for old in ("a", "aa", "b", ""):
    for count in (-1, 0, 1, 2, 100):
        print(t.replace(old, "xy", count), end=" ")
    print(t.replace(old, ""), t.replace(old, old))
print("äöä".replace("ä", "ae"), "abc".replace("b", "→"), b"aba".replace(b"a", b""), b"aba".replace(b"a", b"cc", 1))
