# Frames that are none: the board lives on, and knows who is who.
import network, socket

lan = network.LAN()
lan.ifconfig(("10.0.2.15", "255.255.255.0", "10.0.2.53", "10.0.2.53"))
lan.active(True)
listener = socket.socket()
listener.bind(("0.0.0.0", 80))
listener.listen(2)
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.bind(("0.0.0.0", 53))


def find(name):
    # What is damaged on the way is asked for again.
    print(name, socket.getaddrinfo(name, 80)[0][-1])


find("board.test")
find("garbage.test")
find("other.test")
print(lan.status(), lan.ifconfig())
