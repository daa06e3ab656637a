# A and B are joined: levels, pulls, open drain, changes.
import time
from machine import Pin

a = Pin(A, Pin.OUT, value=0)
b = Pin(B, Pin.IN)
levels = []
for level in (1, 0, 1):
    a.value(level)
    levels.append(b.value())
a.off()
levels.append(b())
a.on()
levels.append(b())
print("out", levels, a.value())

seen = []
b.irq(lambda pin: seen.append(pin.value()), Pin.IRQ_RISING)
for level in (0, 1, 0, 1):
    a.value(level)
    time.sleep_ms(3)
print("rising", len(seen))
seen.clear()
b.irq(lambda pin: seen.append(pin.value()), Pin.IRQ_RISING | Pin.IRQ_FALLING)
for level in (0, 1, 0, 1):
    a.value(level)
    time.sleep_ms(3)
print("both", seen)
seen.clear()
b.irq(None)
a.value(0)
time.sleep_ms(3)
print("none", seen)

b.init(Pin.IN, Pin.PULL_UP)
a.init(Pin.OPEN_DRAIN, value=1)
released = b.value()
a.value(0)
print("open drain", released, b.value())
a.init(Pin.IN)
print("let go", b.value())
try:
    Pin(99)
except ValueError as error:
    print("ValueError")
