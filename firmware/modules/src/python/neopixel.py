# neopixel: strips of lamps that take their colours one after the other.

from machine import bitstream


class NeoPixel:
    # Green comes first on the wire.
    ORDER = (1, 0, 2, 3)

    def __init__(self, pin, n, bpp=3, timing=1):
        self.pin = pin
        self.n = n
        self.bpp = bpp
        self.buf = bytearray(n * bpp)
        if isinstance(timing, int):
            # Nanoseconds high and low of a 0 and of a 1, at 800 and at 400 kHz.
            timing = (400, 850, 800, 450) if timing else (800, 1700, 1600, 900)
        self.timing = timing
        pin.init(pin.OUT)

    def __len__(self):
        return self.n

    def _at(self, i):
        if i < 0:
            i += self.n
        if not 0 <= i < self.n:
            raise IndexError("pixel out of range")
        return i * self.bpp

    def __setitem__(self, i, colour):
        at = self._at(i)
        for part in range(self.bpp):
            self.buf[at + self.ORDER[part]] = colour[part]

    def __getitem__(self, i):
        at = self._at(i)
        return tuple(self.buf[at + self.ORDER[part]] for part in range(self.bpp))

    def fill(self, colour):
        for i in range(self.n):
            self[i] = colour

    def write(self):
        bitstream(self.pin, 0, self.timing, self.buf)
