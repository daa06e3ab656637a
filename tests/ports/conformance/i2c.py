# A memory of 256 bytes is at address 0x50.
from machine import I2C, Pin

bus, scl, sda = TWO_WIRE
i2c = I2C(bus, scl=Pin(scl), sda=Pin(sda), freq=100000)
print("scan", [hex(address) for address in i2c.scan()])
i2c.writeto_mem(0x50, 16, b"conformance")
print(i2c.readfrom_mem(0x50, 16, 11))
long = bytes(range(70))
i2c.writeto_mem(0x50, 100, long)
print("long", i2c.readfrom_mem(0x50, 100, 70) == long)
print("acknowledged", i2c.writeto(0x50, b"\x12\x41\x42"))
i2c.writeto(0x50, b"\x10", False)
print("repeated start", i2c.readfrom(0x50, 11))
buffer = bytearray(3)
i2c.readfrom_mem_into(0x50, 18, buffer)
print(buffer)
print("in parts", i2c.writevto(0x50, (b"\x20", b"ab", b"cd")), i2c.readfrom_mem(0x50, 32, 4))
for call in (lambda: i2c.readfrom(0x51, 1), lambda: i2c.writeto(0x51, b"1")):
    try:
        call()
    except OSError as error:
        print("OSError", error.errno)
