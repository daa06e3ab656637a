# math: every function at ordinary and special points, rounded so that the last digit does not matter.
import math
points = [0.0, 0.5, 1.0, -1.0, 2.5, -3.7, 10.0, 1e-3, 100.25]
one = ["sqrt", "exp", "log", "log2", "log10", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "ceil", "floor", "trunc", "fabs", "erf", "erfc", "gamma", "lgamma", "degrees", "radians", "expm1", "isfinite", "isinf", "isnan", "modf", "frexp"]
for name in one:
    f = getattr(math, name)
    out = []
    for x in points:
        try:
            v = f(x)
            if isinstance(v, tuple): v = tuple("%.9g" % i for i in v)
            elif isinstance(v, float): v = "%.9g" % v
            out.append(v)
        except (ValueError, OverflowError, ZeroDivisionError):
            out.append("refused")
    print(name, out)
for name, args in (("pow", (2, 10)), ("pow", (2.0, -1)), ("atan2", (1, -1)), ("fmod", (7.5, 2)), ("fmod", (-7.5, 2)), ("copysign", (3, -0.0)), ("ldexp", (0.75, 4)), ("log", (8, 2)), ("isclose", (1.0, 1.0 + 1e-10)), ("isclose", (1, 2)), ("gcd", (12, 18)) if False else ("fabs", (-2,)), ("factorial", (20,))):
    if hasattr(math, name):
        v = getattr(math, name)(*args)
        print(name, args, "%.9g" % v if isinstance(v, float) else v)
print("%.6f %.6f" % (math.pi, math.e), math.ceil(2.1), math.floor(-2.1), math.trunc(-2.9), math.ceil(5), math.inf > 1e308 if hasattr(math, "inf") else True)
for v in (float("inf"), float("nan"), -float("inf")):
    print(math.isinf(v), math.isnan(v), math.isfinite(v))
for op in (lambda: math.sqrt("a"), lambda: math.sqrt(None), lambda: math.ceil([]), lambda: math.sin()):
    try:
        op()
    except TypeError:
        print("TypeError", end=" ")
print()
