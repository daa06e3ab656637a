# The chip: its number, its frequency, its time, its sleep.
import machine
import time

print("number", len(machine.unique_id()) > 0, machine.unique_id() == machine.unique_id())
print("frequency", machine.freq() > 0)
print("cause", machine.reset_cause() in (machine.PWRON_RESET, machine.HARD_RESET, machine.WDT_RESET, machine.SOFT_RESET))
state = machine.disable_irq()
machine.enable_irq(state)
start = time.ticks_ms()
machine.lightsleep(20)
gone = time.ticks_diff(time.ticks_ms(), start)
print("slept", gone >= 19)
machine.idle()
start = time.ticks_us()
time.sleep_us(500)
print("waited", time.ticks_diff(time.ticks_us(), start) >= 500)
try:
    machine.freq(1)
except ValueError:
    print("ValueError")
