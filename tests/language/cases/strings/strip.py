# strip, lstrip and rstrip with sets of characters.
for text in ["", "   ", "  a  ", "xxaxx", "\t\n a b \r\n", "abcba"]:
    print(repr(text.strip()), repr(text.lstrip()), repr(text.rstrip()), repr(text.strip("xa")), repr(text.lstrip("ab")), repr(text.rstrip("ab")))
print("abc".strip(""), b"  b ".strip(), b"aba".strip(b"a"), b"aba".lstrip(b"a"), b"aba".rstrip(b"a"))
s = "unchanged"
print(s.strip() is s, "äöü äöü".strip(), "→x→".strip("x"))
for bad in (1, b"a"):
    try:
        "a".strip(bad)
    except TypeError:
        print("TypeError")
