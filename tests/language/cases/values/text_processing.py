# Small programs over text: word counts, Caesar, roman numbers, palindromes, run lengths, parsing of expressions.
text = "the quick brown fox jumps over the lazy dog the end"
count = {}
for w in text.split(): count[w] = count.get(w, 0) + 1
print(sorted(count.items(), key=lambda kv: (-kv[1], kv[0]))[:4])
def caesar(s, n): return "".join(chr((ord(c) - 97 + n) % 26 + 97) if c.isalpha() else c for c in s)
print(caesar("hello world", 3), caesar(caesar("abc xyz", 5), -5))
def roman(n):
    out = ""
    for v, s in ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")):
        while n >= v: out += s; n -= v
    return out
print([roman(n) for n in (1, 4, 9, 14, 40, 90, 400, 1994, 2026)])
def rle(s):
    out, i = [], 0
    while i < len(s):
        j = i
        while j < len(s) and s[j] == s[i]: j += 1
        out.append((s[i], j - i)); i = j
    return out
print(rle("aaabccd"), "".join(c * n for c, n in rle("aaabccd")))
print([w for w in ["level", "noon", "abc", ""] if list(w) == list(reversed(w))])
def parse(s):
    s = s.replace(" ", "")
    pos = 0
    def peek(): return s[pos] if pos < len(s) else ""
    def number():
        nonlocal pos
        if peek() == "(":
            pos += 1
            v = expr()
            pos += 1
            return v
        start = pos
        while peek().isdigit(): pos += 1
        return int(s[start:pos])
    def term():
        nonlocal pos
        v = number()
        while peek() and peek() in "*/":
            op = peek(); pos += 1
            r = number()
            v = v * r if op == "*" else v // r
        return v
    def expr():
        nonlocal pos
        v = term()
        while peek() and peek() in "+-":
            op = peek(); pos += 1
            r = term()
            v = v + r if op == "+" else v - r
        return v
    return expr()
print(parse("1 + 2 * 3"), parse("(1+2)*3 - 4/(1+1)"), parse("100/7*7"))
def table(rows):
    w = [max(len(str(r[i])) for r in rows) for i in range(len(rows[0]))]
    return ["|".join("%*s" % (w[i], c) for i, c in enumerate(r)) for r in rows]
for line in table([("name", "n"), ("alpha", 1), ("b", 1000)]): print(line)
