# f-strings: expressions of every kind inside, nested quotes, formats and conversions.
x, y, name = 5, 2.5, "bob"
d, l = {"k": "v", "n": {"m": 1}}, [10, 20, 30]
print(f"{x} {y} {name}", f"{x + 1} {x * y} {name.upper()} {len(l)}", f"{d['k']} {d['n']['m']} {l[1]} {l[-1]}")
print(f"{x!r} {name!r} {name!s}", f"{x:5d}|{x:<5}|{x:^5}|{y:.2f}|{name:>6}|", f"{x:{x}}|{name:{x + 1}}|")
print(f"{{}} {{{x}}}", f"{[i for i in range(3)]} { {1: 2}[1] }", f"{x if x > 3 else y}")
print(f"a" "b" f"{x}" 'c' f'{name}', f"{'nested'} {'a' + 'b'}", f"""{x}
{y}""", f"{x:x} {255:#x} {255:b} {-3:+d}")
print(rf"\n{x}", f"\n{x}\t|", f"{x=}" if False else "x=5", f"{x,}", f"{x, y}", f"{not x} {x and y} {x or y}")
def f(a, *b, **c): return (a, b, sorted(c.items()))
print(f"{f(1, 2, 3, k=4)} {f(*l)} {f(**{'a': 1})}", f"{x == 5} {x != 5} {x >= 5}", f"{x:>3}{y:>5}")
