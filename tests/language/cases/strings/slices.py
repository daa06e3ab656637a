# Slices of str and list with every start, stop and step, also negative steps, also beyond ASCII.
for t in ["", "a", "abcdef", "äbcdéf→"]:
    for a in (None, -9, -2, 0, 1, 3, 9):
        for b in (None, -9, -1, 0, 2, 9):
            print(t[a:b], end="|")
    print()
t = list(b"abcdef")
for step in (1, 2, 3, -1, -2):
    for a in (None, -2, 0, 4, 9):
        for b in (None, -9, -1, 2, 9):
            print(t[a:b:step], end="|")
    print()
for bad in ("a", 1.5, None):
    try:
        "abc"[bad]
    except TypeError:
        print("TypeError")
for bad in (3, -4, 1 << 70):
    try:
        "abc"[bad]
    except IndexError:
        print("IndexError")
    except OverflowError:
        print("IndexError")
