# Differs from CPython: sockets are streams.
# Two sockets of one program over the loopback.
import socket, select, errno

server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
for port in range(24100, 24180):
    try:
        server.bind(socket.getaddrinfo("127.0.0.1", port)[0][-1])
        break
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
server.listen(1)
client = socket.socket()
client.connect(socket.getaddrinfo("127.0.0.1", port)[0][-1])
connection, address = server.accept()
print(client.send(b"hello"), connection.recv(10))
connection.write(b"line 1\nline 2\nrest")
print(client.readline(), client.readline(), client.read(2))
client.setblocking(False)
print(client.read(2), client.read(2))
try:
    client.recv(1)
except OSError as error:
    print(error.errno == errno.EAGAIN)
poll = select.poll()
poll.register(client, select.POLLIN)
print(poll.poll(0))
connection.send(b"x")
print([events for _, events in poll.poll(2000)], client.recv(5))
connection.close()
client.setblocking(True)
print(client.recv(5), client.read())
client.close()
server.close()
try:
    client.send(b"x")
except OSError as error:
    print("OSError")
refused = socket.socket()
try:
    refused.connect(socket.getaddrinfo("127.0.0.1", port)[0][-1])
except OSError as error:
    print(error.errno == errno.ECONNREFUSED)
refused.close()
a, b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
a.bind(socket.getaddrinfo("127.0.0.1", port)[0][-1])
b.sendto(b"datagram", socket.getaddrinfo("127.0.0.1", port)[0][-1])
print(a.recvfrom(20)[0])
a.close()
b.close()
