# Displays of list, tuple, dict and set over several lines, with trailing commas, comments and nesting.
l = [
    1,  # one
    2,

    [3,
     4],
]
d = {
    "a": 1,
    "b": {"c": (1,
                2,),
          },  # end
}
t = (
    "x"
)
u = ("x",
)
s = {1,
     2, 2}
print(l, sorted(d.items()) if False else d["b"], t, u, s == {1, 2}, [], (), {}, [[]], ((),), {(): []}, [(), [], {}])
print(d["a"],
      [
          i
          for i in range(3)
          if i
      ], {
          k: v
          for k, v in (("q", 1),)
      })
def f(
    a,
    b=[1,
       2],
    *c,
    **d
):
    return (a,
            b, c,
            d)
print(f(
    1,
    2, 3,
    k=4,
))
x = 1 + \
    2 + (3 +
         4)
print(x, 5 if
      True else 6) if False else print(x)
assert (x ==
        10), "message"
