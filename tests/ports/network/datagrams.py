# UDP: to a server, from nobody, too long, to one peer.
import errno, select, socket

address = socket.getaddrinfo("10.0.2.2", P["ports"]["datagrams"])[0][-1]
a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
a.settimeout(60)
for data in (b"x", bytes(range(256)) * 5, b"y" * 1472):
    print(a.sendto(data, address))
    back, sender = a.recvfrom(2000)
    print(back == bytes(reversed(data)), sender == address)
# What does not fit is lost.
a.sendto(b"0123456789", address)
print(a.recvfrom(4)[0])
a.setblocking(False)


def fails(work):
    try:
        print(work())
    except OSError as error:
        print(errno.errorcode.get(error.errno, error.errno))


fails(lambda: a.recvfrom(10))
fails(lambda: a.sendto(b"z" * 1473, address))
b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
b.bind(("0.0.0.0", 5000))
c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
fails(lambda: c.bind(("0.0.0.0", 5000)))
fails(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
b.connect(address)
b.send(b"to one")
poll = select.poll()
poll.register(b, select.POLLIN)
print(len(poll.poll(60_000)), b.recv(100))
a.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
print(a.sendto(b"to all", ("255.255.255.255", 9)))
# Many at once: each comes back whole; one that is lost on the way, which UDP allows, is sent again.
a.settimeout(5)
missing = {b"%d" % number for number in range(4)}
for _ in range(12):
    for data in missing:
        a.sendto(data, address)
    try:
        while missing:
            missing.discard(a.recvfrom(10)[0])
    except OSError as error:
        if error.errno != errno.ETIMEDOUT:
            raise
    if not missing:
        break
print(missing)
for open_one in (a, b, c):
    open_one.close()
