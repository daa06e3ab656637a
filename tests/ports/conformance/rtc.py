# The calendar goes on over the end of a day in a leap year.
import time
from machine import RTC

rtc = RTC()
rtc.datetime((2024, 2, 29, 3, 23, 59, 59, 0))
print(rtc.datetime()[:3], rtc.datetime()[3])
time.sleep_ms(1100)
now = rtc.datetime()
print(now[:6], now[6] < 30)
print(time.localtime()[:4])
