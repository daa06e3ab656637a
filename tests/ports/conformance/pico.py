# What only an RP2040 has: its frequency, its registers.
import time
import machine
from machine import mem8, mem16, mem32

# The loop that makes the processor's frequency: what multiplies the crystal of 12 MHz, two that divide.
LOOP_TIMES, LOOP_DIVIDERS = 0x40028008, 0x4002800C
before = machine.freq()
for frequency in (133_000_000, 48_000_000, 240_000_000, before):
    machine.freq(frequency)
    times, dividers = mem32[LOOP_TIMES], mem32[LOOP_DIVIDERS]
    made = 12_000_000 * times // (dividers >> 16) // (dividers >> 12 & 7)
    print(machine.freq(), made, 750_000_000 <= 12_000_000 * times <= 1_600_000_000)
for frequency in (0, 1_000_000, 125_000_001, 400_000_000):
    try:
        machine.freq(frequency)
    except ValueError as error:
        print(error)
print(machine.freq() == before)

# A scratch register of the watchdog, by all widths and by the page that sets bits.
SCRATCH = 0x4005800C
mem32[SCRATCH] = 0x12345678
print(hex(mem32[SCRATCH]), hex(mem16[SCRATCH + 2]), hex(mem8[SCRATCH]))
mem32[SCRATCH + 0x2000] = 1
print(hex(mem32[SCRATCH]))
print(hex(mem32[0x10000000]) != hex(mem32[0x10000004]), mem32[0x20000000] >= 0)
for address, value in ((0x20000000, 0), (0x50000000, 0), (0x10000000, 0), (0xF0000000, 0), (0xFFFFFFFC, 0)):
    try:
        mem32[address] = value
    except ValueError as error:
        print(error)
for address in (0x20042000, 0x30000000, 0x4000, 0xD0000180, 0x40000001):
    try:
        mem32[address]
    except ValueError as error:
        print(error)

start = time.ticks_ms()
machine.lightsleep(20)
print("slept", time.ticks_diff(time.ticks_ms(), start) >= 20)
