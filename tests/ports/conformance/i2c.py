# A memory of 256 bytes is at address 0x50. Where the board has no controller the pins are moved by software, and some
# memories want two bytes of address.
from machine import I2C, Pin, SoftI2C

bus, scl, sda = TWO_WIRE
width = globals().get("WIDTH", 8)
head = bytes(width // 8 - 1)
if bus is None:
    i2c = SoftI2C(scl=Pin(scl), sda=Pin(sda), freq=100000)
else:
    i2c = I2C(bus, scl=Pin(scl), sda=Pin(sda), freq=100000)
print("scan", [hex(address) for address in i2c.scan()])
i2c.writeto_mem(0x50, 16, b"conformance", addrsize=width)
print(i2c.readfrom_mem(0x50, 16, 11, addrsize=width))
long = bytes(range(70))
i2c.writeto_mem(0x50, 100, long, addrsize=width)
print("long", i2c.readfrom_mem(0x50, 100, 70, addrsize=width) == long)
print("acknowledged", i2c.writeto(0x50, head + b"\x12\x41\x42") - len(head))
i2c.writeto(0x50, head + b"\x10", False)
print("repeated start", i2c.readfrom(0x50, 11))
buffer = bytearray(3)
i2c.readfrom_mem_into(0x50, 18, buffer, addrsize=width)
print(buffer)
print("in parts", i2c.writevto(0x50, (head, b"\x20", b"ab", b"cd")) - len(head), i2c.readfrom_mem(0x50, 32, 4, addrsize=width))
for call in (lambda: i2c.readfrom(0x51, 1), lambda: i2c.writeto(0x51, b"1")):
    try:
        call()
    except OSError as error:
        print("OSError", error.errno)
