# Out and in are joined.
from machine import SPI, Pin

bus, sck, mosi, miso = THREE_WIRE
spi = SPI(bus, baudrate=1000000, polarity=0, phase=0, sck=Pin(sck), mosi=Pin(mosi), miso=Pin(miso))
out = bytes(range(150))
back = bytearray(150)
spi.write_readinto(out, back)
print("back", back == out)
print(spi.read(5, 0x55))
buffer = bytearray(3)
spi.readinto(buffer, 0xA6)
print(buffer)
spi.write(b"into the void")
spi.init(baudrate=500000, polarity=1, phase=1)
one = bytearray(1)
spi.write_readinto(b"\x81", one)
print(one)
