# Every form of import of a module that is always there.
import sys
import sys as system, math
import math as m
from math import sqrt, floor as down
from math import (ceil, pi as circle)
from sys import (path,)
print(system is sys, m is math, sqrt(16), down(1.5), ceil(1.5), circle > 3, path is sys.path)
from math import *
print(sin(0))
def f():
    import math
    from math import cos
    return math.floor(2.5), cos(0)
print(f())
try:
    import missing.module.name
except ImportError as e:
    print("missing")
try:
    from sys import nothing_like_this
except ImportError:
    print("no name")
