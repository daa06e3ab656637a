# Replacement fields: expressions, conversions, formats, nesting and joining.
name, width, number = "board", 8, 3.14159
print(f"{name}", f"{name!r}", f"{name:>8}|", f"{number:.2f}")
print(f"{1 + 2 * 3}", f"{'x' * 3}", f"{[1, 2][0]}", f"{ {'k': 5}['k'] }")
print(f"{width=}", f"{{{name}}}", f"{name}" " and " f"{number:.1f}")
print(f"{number:{width}.3f}|", rf"\d{width}", f'''multi
{name}''')
def scaled(value, *, by=2):
    return value * by
print(f"{scaled(4, by=3)} {scaled(width)!s:>4}")
