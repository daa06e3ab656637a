# Names, from a server of its own.
import network, socket, time

lan = network.LAN()
asked_for = lan.ifconfig()
lan.ifconfig(("10.0.2.15", "255.255.255.0", "10.0.2.2", "10.0.2.53"))


def find(name):
    try:
        print(name, socket.getaddrinfo(name, 80)[0][-1])
    except OSError as error:
        print(name, repr(error))


for name in ("board.test", "other.test", "BOARD.test.", "nobody.test", "10.1.2.3", "x" * 64 + ".test", "a..b", ""):
    find(name)


def echo():
    stream = socket.socket()
    stream.settimeout(60)
    stream.connect(socket.getaddrinfo("board.test", P["ports"]["echo"])[0][-1])
    stream.write(b"still here")
    print(stream.recv(100))
    stream.close()


echo()
find("other.test")
lan.ifconfig(("10.0.2.15", "255.255.255.0", "10.0.2.2", "0.0.0.0"))
find("board.test")
lan.ifconfig("dhcp")
while not lan.isconnected():
    time.sleep_ms(10)
print(lan.ifconfig() == asked_for)
