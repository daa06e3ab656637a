# The wire: on, addresses asked for, given, asked for again, off.
import network, time

lan = network.LAN()
lan.active(False)
print(lan, lan.active(), lan.status(), lan.isconnected(), lan.ifconfig()[0], len(lan.config("mac")))
lan.active(True)


def up():
    end = time.ticks_add(time.ticks_ms(), 60_000)
    while not lan.isconnected():
        if time.ticks_diff(end, time.ticks_ms()) < 0:
            raise OSError("no address")
        time.sleep_ms(10)


up()
print(lan.active(), lan.status(), lan.ifconfig())
print(lan.ipconfig("addr4"), lan.ipconfig("gw4"), lan.ipconfig("dhcp4"), lan.ipconfig("has_dhcp4"))
lan.ifconfig(("10.0.2.40", "255.255.255.0", "10.0.2.2", "10.0.2.3"))
print(lan.ifconfig(), lan.ipconfig("dhcp4"), lan.isconnected())
lan.ipconfig(addr4="10.0.2.41/16", gw4="10.0.2.2")
print(lan.ipconfig("addr4"), lan.ipconfig("has_dhcp4"))
for wrong in (
    lambda: lan.ifconfig(("10.0.2.40", "255.0.255.0", "10.0.2.2", "10.0.2.3")),
    lambda: lan.ifconfig(("10.0.2", "255.255.255.0", "10.0.2.2", "10.0.2.3")),
    lambda: lan.ipconfig(addr4="10.0.2.41/33"),
    lambda: lan.ipconfig("colour"),
    lambda: lan.config("colour"),
    lambda: network.LAN(1),
):
    try:
        print(wrong())
    except (OSError, ValueError) as error:
        print(repr(error))
print(lan.ipconfig("addr4"))
lan.ipconfig(dhcp4=True)
up()
print(lan.ifconfig())
lan.active(False)
print(lan.status(), lan.ifconfig()[0])
import socket

try:
    socket.socket().connect(("10.0.2.2", 80))
except OSError as error:
    print(error)
lan.active(True)
up()
print(lan.status())
