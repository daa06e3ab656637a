# TLS 1.3 with CPython's ssl: who is believed and who is not.
import asyncio, gc, hashlib, machine, socket, ssl, tls

machine.RTC().datetime(tuple(P["now"]))


def connect(name):
    stream = socket.socket()
    stream.settimeout(60)
    stream.connect(("10.0.2.2", P["ports"]["tls_" + name]))
    return stream


def secured(name, host="board.test", authority="ca.pem", mode=ssl.CERT_REQUIRED, own=False):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_mode = mode
    if authority:
        context.load_verify_locations(cadata=P["pem"][authority].encode())
    if own:
        context.load_cert_chain(P["pem"]["client.pem"], P["pem"]["client.key"])
    stream = connect(name)
    try:
        return context.wrap_socket(stream, server_hostname=host)
    except:
        stream.close()
        raise


def go(name, **settings):
    try:
        stream = secured(name, **settings)
        stream.write(b"hello\n")
        answer = stream.readline()
        print(name, answer, stream.cipher(), stream.getpeercert(True)[:1])
        stream.close()
    except (OSError, ValueError) as error:
        print(name, repr(error))


for name in ("server", "large", "below"):
    go(name)
go("server", host="10.0.2.2")
go("rsa", authority="rsaca.pem")
go("mutual", own=True)
# Nobody is believed who has not been signed, for this name, now, by whom may.
go("unknown")
go("forged")
go("server", authority="rsaca.pem")
go("server", authority=None)
go("server", host="other.test")
go("server", host="10.0.2.3")
go("server", host=None)
go("server", host="not a name")
go("damaged")
go("old")
# The other side's reason comes, or it has gone before it could be read.
try:
    stream = secured("mutual")
    stream.write(b"hello\n")
    print(stream.readline())
except OSError:
    print("mutual: not let in")
stream.close()
machine.RTC().datetime((2001, 1, 1, 0, 0, 0, 0, 0))
go("server")
machine.RTC().datetime((2036, 1, 1, 1, 0, 0, 0, 0))
go("server")
machine.RTC().datetime(tuple(P["now"]))
# Unless nobody is looked at.
for name in ("server", "unknown", "rsa"):
    go(name, authority=None, mode=ssl.CERT_NONE, host=None)
# What can't be is said at once.
context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
for wrong in (
    lambda: context.load_verify_locations(b"nothing"),
    lambda: context.load_verify_locations(P["pem"]["client.key"].encode()),
    lambda: context.load_cert_chain(P["pem"]["client.pem"].encode(), b"no key"),
    lambda: context.load_cert_chain(P["pem"]["ca.pem"].encode(), P["pem"]["client.key"].encode()),
    lambda: tls.SSLContext(tls.PROTOCOL_TLS_SERVER).load_cert_chain(P["pem"]["client.pem"], P["pem"]["client.key"]),
    lambda: ssl.wrap_socket(
        connect("server"), server_side=True, cert=P["pem"]["client.pem"], key=P["pem"]["client.key"]
    ),
):
    try:
        print(wrong())
    except (OSError, ValueError) as error:
        print(repr(error))
# 1 MiB from there, 128 KiB from here.
stream = secured("server")
stream.write(b"much\n")
room, count, digest = bytearray(1000), 0, hashlib.sha256()
while True:
    got = stream.readinto(room)
    if not got:
        break
    count += got
    digest.update(memoryview(room)[:got])
wanted = hashlib.sha256()
for start in range(0, 1 << 20, 1024):
    wanted.update(bytes((i * 7 + i // 251) % 256 for i in range(start, start + 1024)))
print(count, digest.digest() == wanted.digest())
stream.close()
stream = secured("server")
stream.write(b"take\n")
part = bytes(range(256)) * 4
digest = hashlib.sha256()
for _ in range(128):
    digest.update(part)
    stream.write(part)
print(bytes.fromhex(stream.readline().strip().decode()) == digest.digest())
stream.close()
# Two at a time, and no more; one that nothing refers to any more makes room.
one, two = secured("server"), secured("large")
one.write(b"one\n")
two.write(b"two\n")
print(two.readline(), one.readline())
go("server")
one = None
gc.collect()
go("server")
two.close()


# And with asyncio.
async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=P["pem"]["ca.pem"].encode())
    port = P["ports"]["tls_server"]
    reader, writer = await asyncio.open_connection("10.0.2.2", port, ssl=context, server_hostname="localhost")
    writer.write(b"later\n")
    await writer.drain()
    print(await reader.readline())
    writer.close()
    await writer.wait_closed()


asyncio.run(main())
