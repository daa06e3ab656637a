# TCP as a client: 1 MiB each way, the end of one side only.
import hashlib, socket, time

SIZE = 1 << 20


def connect(name, timeout=60):
    stream = socket.socket()
    stream.settimeout(timeout)
    stream.connect(socket.getaddrinfo("10.0.2.2", P["ports"][name])[0][-1])
    return stream


def ask(line):
    stream = connect("control")
    stream.write(line + b"\n")
    return stream


# 1 MiB there and back.
stream = connect("echo")
stream.write(b"hello")
print(stream.recv(100))
stream.close()
stream = connect("source")
digest, count, room = hashlib.sha256(), 0, bytearray(2048)
while True:
    got = stream.readinto(room)
    if not got:
        break
    digest.update(memoryview(room)[:got])
    count += got
stream.close()
received = digest.digest()
stream = connect("sink")
digest = hashlib.sha256()
for start in range(0, SIZE, 1024):
    part = bytes((i * 7 + i // 251) % 256 for i in range(start, start + 1024))
    digest.update(part)
    stream.write(part)
print(count, received == digest.digest())
count, said = stream.readline().split()
print(int(count), bytes.fromhex(said.decode()) == received)
stream.close()

# The other side has said its last word, we have not.
stream = connect("closing")
print(stream.read(), stream.recv(1))
stream.write(b"x" * 5000)
stream.close()
wanted = hashlib.sha256(b"x" * 5000).digest()
heard = b"nothing\n"
end = time.ticks_add(time.ticks_ms(), 60_000)
while heard == b"nothing\n" and time.ticks_diff(end, time.ticks_ms()) > 0:
    control = ask(b"heard")
    heard = control.readline()
    control.close()
print(bytes.fromhex(heard.decode().strip()) == wanted)
