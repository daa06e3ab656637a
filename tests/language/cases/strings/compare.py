# Comparison, hashing, concatenation and repetition of texts and bytes.
words = ["", "a", "A", "ab", "b", "ä", "z", "a\x00", "aa"]
for a in words:
    print([(a < b, a <= b, a == b, a != b, a > b, a >= b) for b in words])
print(" ".join(sorted(words)), max(words), min(words))
print(b"a" == bytearray(b"a"), b"a" < b"b", bytearray(b"b") > b"a")
for op in (lambda: "a" < 1, lambda: "a" < b"a", lambda: "a" + b"a", lambda: "a" + 1, lambda: "a" * "b", lambda: "a" * 1.5):
    try:
        print(op())
    except TypeError:
        print("TypeError")
print("ab" * 3, 3 * "ab", "ab" * 0, "ab" * -1, b"ab" * 2, "a" + "" + "b", "a" "b" 'c')
print({"a": 1, "b": 2}["a"], hash("abc") == hash("ab" + "c"), hash(b"x") == hash(b"x"), len({"a", "b", "a"}))
