# Numbers at the edges: huge ranges, text of complex numbers and floats, names of encodings.
import sys

huge = range(sys.maxsize, 0, -1)
print(len(huge) == sys.maxsize, huge[1] == sys.maxsize - 1)
for item in huge:
    print(item == sys.maxsize)
    break
print(float("1e1_3"), hash(3 + 0j) == 3)
try:
    pow(1, 2, 0)
except ValueError:
    print("ValueError")
try:
    "{:s}".format(1)
except ValueError:
    print("ValueError")
for text in ("1+2", "1j+2"):
    try:
        print(complex(text))
    except ValueError:
        print("ValueError", text)
nan = float("nan") * 1j
print(nan == nan)
try:
    {}[:] = {}
except TypeError:
    print("TypeError")
try:
    object.__new__(int)
except TypeError:
    print("TypeError")
print(1, "%08.4d" % 12, "%-8.4d|" % -12)
