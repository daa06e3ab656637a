# upper, lower, isalpha and the other questions about letters, in ASCII.
for text in ["", "a", "A", "aB1", "123", " ", " a", "\t\n", "abc ABC", "_"]:
    print(repr(text), text.upper(), text.lower(), text.isalpha(), text.isdigit(), text.isspace(), text.isupper(), text.islower())
for text in [b"", b"aB", b"12", b" \n"]:
    print(text.upper(), text.lower(), text.isalpha(), text.isdigit(), text.isspace(), text.isupper(), text.islower())
