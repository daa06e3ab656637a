# Semicolons, comments, joined lines and blank lines do not change the meaning.
a = 1; b = 2; print(a, b);
if a: print(1); print(2)   # comment

def f(
    x,  # first

    y=2,
):
    return (x
      + y)

total = a + \
    b + \
    f(1)
print(total); pass
class C: x = 1; y = 2
print(C.x, C.y)
"a lone string"
12345
print([
    1,
    2,

    3,
])
