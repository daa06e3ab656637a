# assert with and without texts, pass and ... in every place, docstrings.
assert True
assert 1, "never"
for text in ("a", None, 5, ("t",)):
    try:
        assert not [1], text
    except AssertionError as e:
        print(e.args)
try:
    assert 0
except AssertionError as e:
    print(e.args)
def f(): pass
def g(): ...
def h(): "doc"
class A: pass
class B: ...
class C: "doc"
if True: pass
for _ in (): pass
while 0: pass
try: pass
finally: pass
try: ...
except: pass
else: pass
with open(__file__): pass
print(f(), g(), h(), A, B, C) if False else print(f(), g(), h(), ...)
lambda: ...
1; "expression"; None; [1, 2]; f
