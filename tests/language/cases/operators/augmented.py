# Augmented assignment to names, attributes and subscripts.
class Box:
    pass
box = Box()
box.value = 1
items = [1, 2, 3]
x = 10
x += 5; x -= 3; x *= 4; x //= 5; x %= 7; x **= 3; x <<= 2; x >>= 1; x |= 8; x &= 0xfe; x ^= 1
x /= 4
print(x)
box.value += 2
items[0] += 10
items[x and -1] *= 2
items[1:2] += [7]
box.value, items[1] = items[1], box.value
print(box.value, items)
