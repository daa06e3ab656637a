# Differs from CPython: names of characters are no escapes here.
# String literals in every form: prefixes, quotes, continuation, concatenation, raw, bytes, nested quotes.
print('a', "b", '''c''', """d""", r'\n', b'x', b"y", br'\z', rb'\w', u'uni', f'{1}')
print('it\'s', "say \"hi\"", 'a "quoted" b', "a 'quoted' b", '''a 'q' "r" b''', """ends with \"""", "\x41\x42", "\101", "\u00e4" == "ä", "\0" == chr(0))
print("a" "b" 'c' """d""", ("long "
  "text"), "con\
tinued", 'a' + 'b' * 2 + 'c', "tab\tnew\\n", r"C:\dir\file", "%s" "%s" % (1, 2), len("\r\n"), "" "" == "")
print(b"\x00\xff\n" == bytes([0, 255, 10]), b"a" b"b", b'\'', b"\101", len(b"\\x"), b"""x
y""", "a#b", 'c;d')  # comment
x = "semi"; y = "colon"; print(x, y)
if x: print("one line"); print("two")
