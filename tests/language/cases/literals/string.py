# Quotes, escapes, joined literals and lines.
print('a' "b" '''c''' """d""")
print("tab\tnew\\line \x41 \101 \u00e9 \U0001F600")
print(r"raw \n \x", 'it\'s', "say \"yes\"")
print("""two
lines""")
print("joined \
line", u"prefix", "a" 'b' "c" * 2)
print(len(""), len("0123456789"), len("01234567890"))
