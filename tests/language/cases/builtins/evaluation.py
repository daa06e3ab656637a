# eval, exec, compile, globals, locals of modules, with namespaces of their own.
x = 10
print(eval("x + 1"), eval("[i for i in range(3)]"), eval("x", {"x": 5}), eval("a + b", {"a": 1}, {"b": 2}), eval("5 "))
ns = {}
exec("y = 5\ndef f(n): return n * y\nclass K: z = f(2)", ns)
print(ns["y"], ns["f"](3), ns["K"].z, "x" in ns)
exec("x = 99")
print(x)
local = {"q": 1}
exec("q = q + 1; r = q", {}, local)
print(sorted(local.items()))
for bad in ("1 +", "def", "x = 1", "(", "'abc", "1x", "if 1:\n", "a b", "return 5", "break", "yield 1 = 2"):
    try:
        eval(bad)
    except SyntaxError:
        print("SyntaxError", end=" ")
print()
for bad in ("  x = 1\n y = 2", "if 1:\nx", "def f():\nreturn", "for", "x = = 1", "@\ndef f(): pass", "f(a=1, 2)", "*a", "a, b += 1", "1 = x", "None = 1", "del 5", "continue", "nonlocal x", "def f(a, a): pass", "lambda: (yield) = 1", "f(**a, *b)", "x = 08", "\"\\x1\"", "import", "from x import", "class", "try:\n pass", "with x"):
    try:
        exec(bad)
        print("accepted", bad)
    except SyntaxError:
        print("SyntaxError", end=" ")
print()
print("x" in globals(), globals()["x"], "x" in dir(), len(dir([])) > 5)
def f():
    exec("x = 1234")
    return x
print(f() in (99, 1234))
