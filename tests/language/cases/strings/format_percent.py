# The % operator with every conversion, flag, width and precision.
for spec in ["%d", "%5d", "%-5d|", "%05d", "%+d", "% d", "%x", "%X", "%#x", "%o", "%#o", "%i", "%u", "%c", "%s", "%r", "%5s|", "%-5s|", "%e", "%.2e", "%f", "%.1f", "%8.3f", "%g", "%.3g", "%-10.2f|", "%010.2f"]:
    for value in (65, 0, 126):
        print(spec, "[" + spec % value + "]", end=" ")
    print()
print("%s %r" % ("a", "a"), "%.2s" % "abc", "%5.1s|" % "abc", "%%", "%d%%" % 5, "%*d" % (5, 3), "%-*d|" % (5, 3), "%.*f" % (2, 3.14159))
print("%(a)s-%(b)03d" % {"a": "x", "b": 7}, "%s" % ((1, 2),), "%s" % [1], "%r" % (None,), "%s %s" % (1, (2, 3)))
for fmt, args in [("%d", "a"), ("%d %d", 1), ("%d", (1, 2)), ("%", 1), ("%q", 1), ("%(a)s", {}), ("%c", "ab"), ("%s", ())]:
    try:
        print(fmt % args)
    except (TypeError, ValueError, KeyError, IndexError) as e:
        print(fmt, type(e).__name__)
print(b"%d %s" % (1, b"x"), b"%c" % 65)
