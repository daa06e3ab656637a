# Half of the supply is at the pin.
from machine import ADC, Pin

adc = ADC(Pin(ANALOG))
print("tenths", round(adc.read_u16() / 6553.5))
print("volts", round(adc.read_uv() / 1000000, 1) in (1.6, 1.7))
try:
    ADC(Pin(B))
except ValueError:
    print("ValueError")
