# find, rfind, index, rindex, count, startswith, endswith, in, with bounds of every kind.
t = "hello hello"
for sub in ["l", "lo", "hello", "x", "", "o h"]:
    print(sub, t.find(sub), t.rfind(sub), t.count(sub), sub in t)
    for start in (-100, -5, 0, 3):
        for end in (-3, 7, 100):
            print(t.find(sub, start, end), t.rfind(sub, start, end), t.count(sub, start, end), end=" ")
    print()
for method in ("index", "rindex"):
    print(getattr(t, method)("lo"))
    try:
        getattr(t, method)("zz")
    except ValueError as e:
        print("ValueError")
print(t.startswith("hel"), t.startswith("lo", 3), t.endswith("lo"), t.startswith(""), t.endswith(""), "".startswith("a"))
print("äöü".find("ü"), "äöü".find("ü", 2), "äöü".rfind("ä"), "aäa".count("a"), "ü" in "äöü")
print(b"hello".find(b"l"), b"hello".rfind(b"l"), b"hello".count(b"l"), b"ll" in b"hello", 104 in b"hello")
