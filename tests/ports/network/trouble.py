# TCP: what goes wrong has its number; connections that do not wait; places that are given back.
import errno, gc, select, socket


def connect(name, timeout=60):
    stream = socket.socket()
    stream.settimeout(timeout)
    stream.connect(socket.getaddrinfo("10.0.2.2", P["ports"][name])[0][-1])
    return stream


def fails(work):
    try:
        print(work())
    except OSError as error:
        print(errno.errorcode.get(error.errno, error.errno))


fails(lambda: connect("closed"))
stream = connect("reset")
stream.write(b"x" * 10)
fails(lambda: stream.recv(10))
stream.close()
stream = connect("silent", 0.2)
fails(lambda: stream.recv(10))
stream.setblocking(False)
fails(lambda: stream.recv(10))
poll = select.poll()
poll.register(stream)
print(poll.poll(0)[0][1] == select.POLLOUT)
stream.settimeout(0.2)
# Nobody reads: the buffers fill.
fails(lambda: [stream.write(b"x" * 1000) for _ in range(100000)])
stream.close()
fails(lambda: stream.recv(1))
lost = socket.socket()
lost.settimeout(0.2)
fails(lambda: lost.connect(("10.0.2.99", 80)))
fails(lambda: socket.socket().send(b"x"))
fails(lambda: socket.socket(socket.AF_INET6))
fails(lambda: socket.socket().bind(("10.9.9.9", 80)))
lost = None

# As a connection that does not wait.
stream = socket.socket()
stream.setblocking(False)
address = socket.getaddrinfo("10.0.2.2", P["ports"]["echo"])[0][-1]
fails(lambda: stream.connect(address))
poll = select.poll()
poll.register(stream, select.POLLOUT)
print(poll.poll(60_000)[0][1] == select.POLLOUT)
print(stream.send(b"soon"))
poll.modify(stream, select.POLLIN)
print(poll.poll(60_000)[0][1] == select.POLLIN, stream.recv(10))
stream.close()
stream = socket.socket()
stream.setblocking(False)
fails(lambda: stream.connect(("10.0.2.2", P["ports"]["closed"])))
poll = select.poll()
poll.register(stream, select.POLLOUT)
print(poll.poll(60_000)[0][1] & select.POLLERR != 0)
fails(lambda: stream.connect(address))
stream.close()

# Places are given back, and there are as many as there are.
for _ in range(50):
    stream = connect("echo")
    stream.write(b"x")
    assert stream.recv(1) == b"x"
    stream.close()
streams = []
try:
    while True:
        streams.append(connect("echo"))
except OSError as error:
    print(errno.errorcode.get(error.errno, error.errno), len(streams) >= 4)
for stream in streams:
    stream.close()
del streams, stream
gc.collect()
