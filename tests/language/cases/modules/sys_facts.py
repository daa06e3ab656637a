# Differs from CPython: it is about MicroPython's sys.
# sys: what must be there and how it behaves.
import sys
print(sys.byteorder, sys.maxsize > 2**30, isinstance(sys.path, list), sys.argv[0].endswith("sys_facts.py"), sys.version_info[0], sys.implementation.name, len(sys.implementation.version) >= 3, "sys" in sys.modules, type(sys.stdin).__name__, sys.stdout.write("written\n"), sys.platform)
try:
    sys.exit()
except SystemExit as e:
    print(e.args)
try:
    sys.exit("text")
except SystemExit as e:
    print(e.args)
try:
    1 / 0
except ZeroDivisionError as e:
    import io
    s = io.StringIO()
    sys.print_exception(e, s)
    print(s.getvalue())
