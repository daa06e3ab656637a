# Differs from CPython: modules of MicroPython.
# The calendar both ways, and ticks that wrap.
import time

for seconds in (0, 1, 86399, 86400, 951782400, 951868800, 1000000000, 1709164800, 1709251199, 2147483647, 4102444799):
    parts = time.gmtime(seconds)
    print(seconds, tuple(parts)[:8], time.mktime(tuple(parts)[:8]) == seconds)
print(time.mktime((2024, 14, 35, 25, 61, 61, 0, 0)))
for wrong in ((1, 2), 5, (2024, 1, 1, 0, 0, 0, 0, 0, 0, 0)):
    try:
        print(time.mktime(wrong))
    except Exception as error:
        print(type(error).__name__)
print(time.ticks_diff(5, 3), time.ticks_diff(3, 5))
start = time.ticks_ms()
time.sleep_ms(5)
time.sleep_us(10)
time.sleep(0.005)
passed = time.ticks_diff(time.ticks_ms(), start)
print(9 <= passed < 60000, time.time() > 1600000000, time.time_ns() // 1000000000 >= 1600000000)
