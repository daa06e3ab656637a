# Lambdas in every place.
add = lambda a, b: a + b
print(add(1, 2), (lambda: 5)(), (lambda *a: a)(1, 2), (lambda **k: k)(x=1))
print(sorted([3, 1, 2], key=lambda v: -v), [f(2) for f in (lambda x: x + 1, lambda x: x * x)])
compose = lambda f, g: lambda x: f(g(x))
print(compose(lambda x: x + 1, lambda x: x * 2)(5))
print((lambda x: x if x > 0 else -x)(-3), list((lambda: (yield))()))
print([x for x in range(5) if (lambda v: v % 2)(x)])
