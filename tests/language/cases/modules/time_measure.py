# Differs from CPython: ticks.
# time: clocks only go forwards, sleeping takes time, ticks_diff and ticks_add wrap.
import time
a = time.ticks_ms(); time.sleep_ms(5); b = time.ticks_ms()
print(time.ticks_diff(b, a) >= 5, time.ticks_diff(a, b) <= -5, time.ticks_diff(time.ticks_add(a, 100), a), time.ticks_add(a, 0) == a)
u = time.ticks_us(); time.sleep_us(10); print(time.ticks_diff(time.ticks_us(), u) >= 10)
t = time.time(); print(time.time() - t < 5, isinstance(time.time(), (int, float)))
print(time.gmtime(0)[:6], time.gmtime(951782400)[:3], len(time.localtime()) >= 8, time.mktime(time.localtime(1000000000)) == 1000000000)
for bad in (lambda: time.sleep_ms("a"), lambda: time.gmtime("x")):
    try:
        bad()
    except TypeError:
        print("TypeError")
