# TCP as a server, and both ends with asyncio.
import asyncio, errno, socket


def connect(name, timeout=60):
    stream = socket.socket()
    stream.settimeout(timeout)
    stream.connect(socket.getaddrinfo("10.0.2.2", P["ports"][name])[0][-1])
    return stream


def ask(line):
    stream = connect("control")
    stream.write(line + b"\n")
    return stream


def fails(work):
    try:
        print(work())
    except OSError as error:
        print(errno.errorcode.get(error.errno, error.errno))


server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("0.0.0.0", 80))
server.listen(2)
server.settimeout(60)
control = ask(b"call 4")
for _ in range(4):
    stream, address = server.accept()
    line = stream.readline()
    stream.write(line.upper())
    stream.close()
print(control.readline().strip(), address[0])
control.close()
again = socket.socket()
fails(lambda: again.bind(("0.0.0.0", 80)))
server.settimeout(0)
fails(lambda: server.accept())
server.close()
again.close()


async def main():
    done = asyncio.Event()

    async def answer(reader, writer):
        line = await reader.readline()
        while (await reader.readline()).strip():
            pass
        writer.write(b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nfine\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        print(line)
        done.set()

    server = await asyncio.start_server(answer, "0.0.0.0", 80)
    reader, writer = await asyncio.open_connection("10.0.2.2", P["ports"]["control"])
    writer.write(b"get\n")
    await writer.drain()
    said = await reader.readline()
    await done.wait()
    print(said)
    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()


asyncio.run(main())
