# Partitions and stored values of an ESP32: values survive being set so often that every page is written anew.
from esp32 import NVS, Partition

for part in Partition.find(Partition.TYPE_APP) + Partition.find(Partition.TYPE_DATA):
    print(part.info())
part = Partition("phy_init")
print(part.ioctl(4, 0), part.ioctl(5, 0))
part.writeblocks(0, b"x" * 4096)
part.writeblocks(0, b"", 0)
buffer = bytearray(4)
part.readblocks(0, buffer, 100)
print(buffer)
small = Partition("phy_init", 512)
small.writeblocks(1, b"y" * 512)
small.readblocks(0, buffer, 510)
print(small.ioctl(4, 0), buffer)

nvs = NVS("app")
other = NVS("other")
nvs.set_i32("count", -12345)
other.set_i32("count", 7)
data = bytes(range(256)) * 20
nvs.set_blob("data", data)
for number in range(300):
    nvs.set_i32("often", number)
nvs.commit()
back = bytearray(6000)
print(NVS("app").get_i32("count"), NVS("other").get_i32("count"), NVS("app").get_i32("often"))
size = NVS("app").get_blob("data", back)
print(size, back[:size] == data)
nvs.set_blob("data", b"short")
size = nvs.get_blob("data", back)
print(back[:size])
nvs.erase_key("count")
for call in (
    lambda: nvs.get_i32("count"),
    lambda: nvs.get_blob("data", bytearray(2)),
    lambda: nvs.set_i32("a name that is too long", 1),
    lambda: Partition("nowhere"),
):
    try:
        call()
    except OSError as error:
        print("OSError", error.errno)
print(other.get_i32("count"))
