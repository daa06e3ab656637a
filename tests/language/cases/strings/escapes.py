# Escapes in literals, repr of every byte, and what encode and decode make of them.
print("\a\b\f\n\r\t\v\0\\\'\"\x41\101\u00e4\U0001F600" == "\x07\x08\x0c\x0a\x0d\x09\x0b\x00\x5c\x27\x22AAä😀")
print([repr(chr(c)) for c in range(32)], repr(chr(127)))
print([repr(bytes([c])) for c in (0, 9, 10, 13, 31, 32, 39, 34, 92, 126, 127, 128, 255)])
print(repr("'"), repr('"'), repr("'\""), repr("\\"), repr(b"'"), repr(b'"'), repr(b"'\""))
print(r"\n\x", br"\n", rb"\x41", "a\
b", """three
lines "quoted" ''")""", '''it''s''')
print("äö→😀".encode(), "äö→😀".encode("utf-8").decode(), b"\xc3\xa4".decode("utf8"), str(b"abc", "utf-8"), bytes("ä", "utf-8"))
for bad in (b"\xff", b"\xc3", b"a\x80", b"\xe2\x82"):
    try:
        bad.decode()
    except UnicodeError:
        print("UnicodeError")
print(ord("ä"), ord("😀"), chr(228), chr(0x1F600), len("äö😀"), " ".join(c for c in "ä😀a"))
for bad in ("", "ab"):
    try:
        ord(bad)
    except TypeError:
        print("TypeError")
