# Identifiers and texts outside ASCII.
höhe = 3
π = 3.14
def für(ä): return ä * höhe
print(für(2), π, "grüß", "日本", len("日本"))
class Ω: wert = 1
print(Ω.wert)
