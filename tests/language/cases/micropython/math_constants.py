# Constants of math are folded wherever they are used as such.
import math
def area(r):
    return math.pi * r * r
print(area(2), math.e, math.tau > 6, -math.inf, math.pi + 1)
class fake:
    pi = 3
print(fake.pi, math.floor(math.pi))
