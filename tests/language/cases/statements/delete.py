# del of names, items, attributes, slices and several at once.
class Box: pass
box = Box(); box.a = 1; box.b = 2
items = [0, 1, 2, 3, 4, 5]
table = {"a": 1, "b": 2}
x = y = z = 1
del x, (y, z)
del items[0], items[-1]
del table["a"], box.a
del items[1:3]
print(items, table, hasattr(box, "a"), box.b)
def f():
    local = 1
    del local
    try:
        local
    except NameError as e:
        print("unset")
f()
try:
    x
except NameError:
    print("gone")
