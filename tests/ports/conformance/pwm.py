# What was asked for is what it says.
from machine import PWM, Pin

pwm = PWM(Pin(A), freq=1000, duty_u16=16384)
print(pwm.freq(), pwm.duty_u16())
pwm.duty_u16(65535)
print(pwm.duty_u16())
pwm.duty_ns(250000)
print(round(pwm.duty_ns() / 1000), round(pwm.duty_u16() / 655.36))
pwm.freq(2000)
print(pwm.freq())
pwm.deinit()
try:
    PWM(Pin(A), freq=0)
except ValueError:
    print("ValueError")
