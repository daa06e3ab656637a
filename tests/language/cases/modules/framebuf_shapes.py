# Differs from CPython: modules of MicroPython.
# Every shape in every format.
import framebuf

W, H = 19, 13
formats = ("MONO_VLSB", "MONO_HLSB", "MONO_HMSB", "GS2_HMSB", "GS4_HMSB", "GS8", "RGB565")
for name in formats:
    buf = bytearray(W * 24 * 2 + 64)
    fb = framebuf.FrameBuffer(buf, W, H, getattr(framebuf, name))
    steps = (
        lambda: fb.fill(1),
        lambda: fb.fill(0),
        lambda: fb.pixel(3, 4, 1),
        lambda: fb.hline(-2, 5, 30, 1),
        lambda: fb.vline(7, -3, 30, 1),
        lambda: fb.rect(2, 2, 9, 7, 1),
        lambda: fb.rect(10, 6, 20, 20, 1, True),
        lambda: fb.fill_rect(-3, -3, 6, 6, 1),
        lambda: fb.line(0, 12, 18, 0, 1),
        lambda: fb.line(18, 12, 2, 9, 1),
        lambda: fb.ellipse(9, 6, 7, 4, 1),
        lambda: fb.ellipse(9, 6, 3, 5, 1, True, 5),
        lambda: fb.scroll(2, -1),
        lambda: fb.scroll(-3, 2),
    )
    for step in steps:
        step()
        print(name, sum(1 for y in range(H) for x in range(W) if fb.pixel(x, y)), end=" ")
    print()
    for y in range(H):
        print("".join("#" if fb.pixel(x, y) else "." for x in range(W)))
small = framebuf.FrameBuffer(bytearray(8), 8, 8, framebuf.MONO_HLSB)
small.ellipse(4, 4, 3, 3, 1)
big = framebuf.FrameBuffer(bytearray(W * H), W, H, framebuf.GS8)
big.blit(small, 5, 3)
big.blit(small, 14, -2, 0)
print(sum(bytes(big)), big.pixel(100, 100))
for wrong in (
    lambda: framebuf.FrameBuffer(bytearray(3), 8, 8, framebuf.GS8),
    lambda: framebuf.FrameBuffer(bytearray(64), 8, 8, 99),
    lambda: framebuf.FrameBuffer(b"readonly", 2, 2, framebuf.GS8),
    lambda: big.blit(1, 0, 0),
):
    try:
        wrong()
    except Exception as error:
        print(type(error).__name__)
