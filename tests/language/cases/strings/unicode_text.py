# Text beyond ASCII: lengths, slices, iteration, methods, encoding, formats.
t = "Grüße, 世界! 😀"
print(len(t), t[2:5], t[7:9], t[-1], t.upper() == t.upper(), t.find("世"), "|".join(t.split()), t.replace("ü", "ue"), t.count("ß"), "世" in t, t.startswith("Grü"), t.endswith("😀"))
print(" ".join(c for c in t), [ord(c) for c in t], "".join(chr(ord(c)) for c in t) == t, t.encode() == bytes(t, "utf-8"), len(t.encode()), t.encode().decode() == t)
print("%s|%s" % ("ä", "ö"), "{}|{}".format("ä", "世"), f"{'ß'}{t[0]}", "ä" * 3, "ä" + "b", "ä" < "b", "".join(sorted("äaöoüu")), max("aé"))
print({"ключ": "значение"}["ключ"], "é" == "\u00e9", "\U0001F600" == "😀", hash("é") == hash("\xe9"), "\x41\u0042\U00000043")
try:
    b"\xe4".decode()
except UnicodeError:
    print("UnicodeError")
ключ = 5
class Ä:
    ö = 1
print(ключ, Ä.ö, Ä().ö)
