# Differs from CPython: repr has escapes beyond ASCII.
# Strings and bytes: methods and formatting.
text = "Hello, World"
print(text.lower(), text.upper(), text.find("o"), text.rfind("o"), text.find("z"), text.count("l"), text.replace("l", "L", 2))
print(text.split(", "), "a b  c ".split(), "a,b,c".rsplit(",", 1), "a\nb\r\nc".splitlines(), "-".join(["x", "y"]))
print("  x ".strip() + "|", "xxaxx".strip("x"), "xxa".lstrip("x"), "axx".rstrip("x"), text.startswith("Hell"), text.endswith(("x", "ld")))
print(text.partition(", "), text.rpartition("o"), "abc".center(9) + "|", "1a".isdigit(), "ab".isalpha(), " ".isspace(), "A".isupper())
print(text[1:5], text[-3:], "l" in text, "abc" < "abd", "ab" * 3, ord("A"), chr(8364), len("a€b"), "a€b"[1])
print(repr("it's"), repr('say "x"'), repr("\n\t\\\x00\x7f"), repr(b"\x00a'\xff"), ascii if False else "")
print("%s|%5s|%-5s|%05d|%+d|%x|%X|%o|%c|%r|%%" % ("a", "b", "c", 42, 7, 255, 255, 8, "z", "q"))
print("%(name)s is %(age)d" % {"name": "Bo", "age": 3}, "%.2s|%*d" % ("abc", 5, 42))
print("{} {1} {0}".replace("{}", "{0}").format("a", "b"), "{a} {b!r}".format(a=5, b="y"))
print("{:>8}|{:<8}|{:^8}|{:*^9}|{:08.3f}|{:,}|{:#x}|{:+}|{:b}".format("r", "l", "c", "m", 3.14159, 1234567, 255, 5, 5))
name, width = "upy", 7
print(f"{name!r:>{width}}|{1 + 1}|{name.upper()}|{3.14159:.2f}|{{}}")
data = b"hello world"
print(data[0], data[1:3], data.find(b"o"), data.split(), data.replace(b"l", b"L"), b"-".join([b"a", b"b"]), bytes([1, 2, 255]), bytes(3))
array = bytearray(b"abc"); array.append(100); array.extend(b"ef"); array[0] = 65; array[1:3] = b"XYZ"; print(array, len(array), array == b"AXYZdef")
view = memoryview(array); view[1] = 33; print(bytes(view[1:4]), array, len(view), view[0])
print(data.decode(), "é".encode(), b"\xc3\xa9".decode("utf-8"), bytes("é", "utf8"), str(b"x", "utf8"), data.hex() if hasattr(data, "hex") else "")
for action in (lambda: "abc"[5], lambda: "a" + 1, lambda: "abc".index("z"), lambda: b"\xff".decode(), lambda: "%d" % "x", lambda: "{}{}".format(1), lambda: ord("ab"), lambda: "%q" % 1, lambda: "x".join([1])):
    try:
        action()
    except Exception as error:
        print(type(error).__name__, error)
