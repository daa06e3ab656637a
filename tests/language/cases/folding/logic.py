# Constants in conditions remove what cannot be reached.
def f():
    if 0:
        return "never"
    elif "":
        return "nor this"
    elif 1 and "yes":
        return "here"
    else:
        return "gone"
print(f(), 0 or 5, 1 and 2 and 3, None or () or "last", 1 or f(), 0 and f())
print(not 0, not "x", not (), not ..., not 1.5, not 0.0)
while 0:
    print("never")
else:
    print("else")
while True:
    break
if not None and not False:
    print("always")
if __debug__:
    print("debug")
x = 4
print(x and 1 and 0, 0 or x or 0, x or 1)
