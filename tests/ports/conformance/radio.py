# The interfaces of a radio that stays off, and the sockets behind them.
import network, socket

station = network.WLAN(network.STA_IF)
print(station.active(), station.isconnected(), station.status() == network.STAT_IDLE, station.ifconfig())
print(len(station.config("mac")), repr(station.config("ssid")))

point = network.WLAN(network.AP_IF)
print(point.active(), point.config("mac") != station.config("mac"))
point.config(ssid="pump", key="long enough", channel=11)
print(point.config("ssid"), point.config("channel"), point.config("security"))


def refused(work):
    try:
        work()
        print("done")
    except (OSError, ValueError) as error:
        print(repr(error))


refused(lambda: point.config(key="short"))
refused(lambda: point.config(channel=14))
refused(lambda: station.connect("pump", "long enough"))
refused(station.scan)
refused(lambda: station.ifconfig(("10.0.0.2", "255.0.0.0", "10.0.0.1", "10.0.0.1")))

stream = socket.socket()
refused(lambda: stream.connect(("10.0.0.1", 80)))
stream.close()
line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
refused(lambda: line.sendto(b"x", ("10.0.0.1", 80)))
line.close()
many = []
try:
    while True:
        many.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
except OSError as error:
    print(len(many), repr(error))
for line in many:
    line.close()
