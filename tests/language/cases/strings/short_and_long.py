# Strings of ten bytes are names in the image, longer ones are constants unless they are names already.
print("0123456789", "01234567890", "0123456789", "01234567890")
identifier_name = 1
print("identifier_name", "identifier_nam", "identifier_name_")
print({"a key that is long": 1}["a key that is long"], "NotImplementedError", "StopAsyncIteration")
def long_function_name(): return "long_function_name"
print(long_function_name(), "h\u00e9llo w\u00f6rld", "\u65e5\u672c\u8a9e\u30c6\u30ad\u30b9\u30c8")
print(len("nul\0byte"), "x" "y" * 2, "%s and %d" % ("format", 5))
