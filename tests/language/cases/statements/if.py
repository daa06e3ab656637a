# if, elif, else in all combinations, nested and on one line.
def grade(n):
    if n > 90:
        return "a"
    elif n > 80:
        return "b"
    elif n > 70: return "c"
    else:
        if n < 0: return "?"
        return "d"
print([grade(n) for n in (95, 85, 75, 10, -1)])
if 1: pass
if grade(0) == "d": print("one"); print("line")
x = 5
if x: y = 1
elif x > 2: y = 2
else: y = 3
print(y, "even" if x % 2 == 0 else "odd")
