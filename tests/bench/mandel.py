"""The Mandelbrot set with complex numbers."""


def depth(c, most):
    z = 0j
    for i in range(most):
        if abs(z) > 2:
            return i
        z = z * z + c
    return most


def picture(width, height):
    rows = []
    for y in range(height):
        row = bytearray(width)
        for x in range(width):
            row[x] = depth(complex(3 * x / width - 2, 2 * y / height - 1), 60)
        rows.append(row)
    return rows


rows = picture(36, 24)
print(sum(sum(row) for row in rows), rows[12][:8])
