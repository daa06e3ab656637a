"""A Fourier transform there and back; complex-free float arithmetic on lists."""
import math


def transform(real, imaginary, sign):
    n = len(real)
    j = 0
    for i in range(1, n):
        bit = n >> 1
        while j & bit:
            j ^= bit
            bit >>= 1
        j |= bit
        if i < j:
            real[i], real[j] = real[j], real[i]
            imaginary[i], imaginary[j] = imaginary[j], imaginary[i]
    width = 2
    while width <= n:
        half = width // 2
        angle = sign * 2 * math.pi / width
        for k in range(half):
            wr = math.cos(angle * k)
            wi = math.sin(angle * k)
            for low in range(k, n, width):
                high = low + half
                tr = wr * real[high] - wi * imaginary[high]
                ti = wr * imaginary[high] + wi * real[high]
                real[high] = real[low] - tr
                imaginary[high] = imaginary[low] - ti
                real[low] += tr
                imaginary[low] += ti
        width *= 2


size = 512
real = [float((i * 37) % 101) for i in range(size)]
imaginary = [0.0] * size
for _ in range(4):
    transform(real, imaginary, -1)
    transform(real, imaginary, 1)
    real = [x / size for x in real]
    imaginary = [x / size for x in imaginary]
print([round(x) for x in real[:12]], sum(round(x) for x in real))
