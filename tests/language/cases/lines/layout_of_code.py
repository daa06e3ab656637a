# Blank lines, comments, tabs, semicolons, line ends and indentation of different depth.
if True:
  a = 1
  if a:
        b = 2
        # deep comment
    # odd comment

  c = 3
print(a, b, c)

def f():
	x = 1

	return x
print(f())
def g(): return 5; print("never")
print(g())
class A: x = 1; y = 2
print(A.x, A.y)
for i in range(2): print(i, end=" "); print("|", end=" ")
print()
if a: pass; print("pass")
else: print("else")
x = [1,
2,
        3]; y = 4
print(x, y)
if (a and
    b):
    print("condition")
def h(a,
      b): return a, \
    b
print(h(1, 2))
while True: break
try: 1 / 0
except ZeroDivisionError: print("one line")
finally: print("finally")
with open(__file__) as f: f.read(1)
# last line without end
print("end")
