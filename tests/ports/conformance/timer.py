# Once, again and again, stopped.
import time
from machine import Timer

fired = []
timer = Timer(0)
timer.init(mode=Timer.ONE_SHOT, period=5, callback=lambda t: fired.append(t is timer))
time.sleep_ms(30)
print("once", fired)
fired.clear()
timer.init(mode=Timer.PERIODIC, period=20, callback=lambda t: fired.append(1))
while len(fired) < 3:
    time.sleep_ms(1)
timer.deinit()
count = len(fired)
time.sleep_ms(50)
print("again", count >= 3, len(fired) == count)
