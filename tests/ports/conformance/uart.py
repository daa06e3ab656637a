# Out and in are joined.
import time
from machine import UART, Pin

line, tx, rx = SERIAL
# Some lines have no choice of pins.
pins = {} if tx is None else {"tx": Pin(tx), "rx": Pin(rx)}
uart = UART(line, baudrate=115200, **pins)


def settle(count):
    # As long as a hundred bytes take, and then some.
    for _ in range(200):
        if uart.any() and count <= 1 or uart.txdone() and _ > 20:
            break
        time.sleep_ms(1)
    time.sleep_ms(5)


print("empty", uart.any(), uart.read())
print("written", uart.write(b"one\ntwo"))
settle(7)
print("any", uart.any() > 0)
print(uart.readline(), uart.read(2), uart.read(1))
print("empty", uart.any())
uart.write(bytes(range(24)))
settle(24)
buffer = bytearray(24)
print(uart.readinto(buffer), buffer == bytes(range(24)))
