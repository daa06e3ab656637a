"""A block cipher of our own on bytearrays: tables, xor, shifts, rotations of rows."""


def make_box():
    box = bytearray(256)
    value = 1
    for i in range(256):
        box[i] = value & 255
        value = value * 5 + 13 & 255
    return box


BOX = make_box()


def doubled(x):
    x <<= 1
    return x ^ 0x11B if x & 0x100 else x


class Cipher:
    def __init__(self, key):
        self.keys = [bytes((k * (r + 3) + r) & 255 for k in key) for r in range(10)]

    def encrypt(self, block):
        state = bytearray(block)
        for key in self.keys:
            for i in range(16):
                state[i] = BOX[state[i] ^ key[i]]
            for row in range(1, 4):
                line = [state[row + 4 * column] for column in range(4)]
                for column in range(4):
                    state[row + 4 * column] = line[(column + row) & 3]
            for column in range(0, 16, 4):
                a, b, c, d = state[column], state[column + 1], state[column + 2], state[column + 3]
                every = a ^ b ^ c ^ d
                state[column] = a ^ every ^ doubled(a ^ b)
                state[column + 1] = b ^ every ^ doubled(b ^ c)
                state[column + 2] = c ^ every ^ doubled(c ^ d)
                state[column + 3] = d ^ every ^ doubled(d ^ a)
        return bytes(state)


cipher = Cipher(bytes(range(16)))
block = b"sixteen bytes ok"
for _ in range(60):
    block = cipher.encrypt(block)
print(block)
