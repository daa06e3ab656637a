# and, or, not as values and as conditions.
def f(name, value):
    print(name, end=" ")
    return value
print(f("a", 0) or f("b", 5) or f("c", 6))
print(f("a", 1) and f("b", 0) and f("c", 2))
print(f("a", 0) and f("b", 1) or f("c", 2))
if f("a", 1) and not (f("b", 0) or f("c", 0)):
    print("yes")
if not f("a", 0) or f("b", 1) and f("c", 1):
    print("yes")
while not (f("a", 1) and f("b", 1)):
    break
else:
    print("else")
print(not f("x", []), f("y", 3) and "end")
