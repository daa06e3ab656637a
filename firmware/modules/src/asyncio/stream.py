# Streams: reading and writing without holding up other tasks.

from . import core


class Stream:
    def __init__(self, s, e={}):
        self.s = s
        self.e = e
        self.out_buf = b""

    def get_extra_info(self, name):
        return self.e[name]

    async def __aenter__(self):
        return self

    async def __aexit__(self, kind, value, traceback):
        await self.close()

    def close(self):
        pass

    async def wait_closed(self):
        self.s.close()

    def read(self, n=-1):
        # Whatever is there, at most n bytes; everything up to the end if n is negative.
        parts = b""
        while True:
            yield core._io.queue_read(self.s)
            part = self.s.read(n)
            if part is None:
                continue
            if n >= 0:
                return part
            if not part:
                return parts
            parts += part

    def readinto(self, buf):
        yield core._io.queue_read(self.s)
        return self.s.readinto(buf)

    def readexactly(self, n):
        parts = b""
        while n:
            yield core._io.queue_read(self.s)
            part = self.s.read(n)
            if part is None:
                continue
            if not part:
                raise EOFError
            parts += part
            n -= len(part)
        return parts

    def readline(self):
        line = b""
        while True:
            yield core._io.queue_read(self.s)
            part = self.s.readline()
            if part is None:
                continue
            line += part
            if not part or line[-1] == 10:
                return line

    def write(self, buf):
        if not self.out_buf:
            # Usually it can be written at once.
            sent = self.s.write(buf) or 0
            if sent == len(buf):
                return
            if sent:
                buf = buf[sent:]
            self.out_buf = buf if isinstance(buf, bytes) else bytes(buf)
        else:
            self.out_buf += buf

    def drain(self):
        if not self.out_buf:
            # Let other tasks run all the same.
            yield from core.sleep_ms(0)
            return
        view = memoryview(self.out_buf)
        at = 0
        while at < len(view):
            yield core._io.queue_write(self.s)
            at += self.s.write(view[at:]) or 0
        self.out_buf = b""


StreamReader = Stream
StreamWriter = Stream


async def open_connection(host, port, ssl=None, server_hostname=None):
    from errno import EINPROGRESS
    import socket

    address = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)[0]
    s = socket.socket(address[0], address[1], address[2])
    s.setblocking(False)
    try:
        s.connect(address[-1])
    except OSError as error:
        if error.errno != EINPROGRESS:
            s.close()
            raise error
    # Writable: the connection is there, or it has failed and the first write says so.
    yield core._io.queue_write(s)
    if ssl:
        if ssl is True:
            import ssl as _ssl

            ssl = _ssl.SSLContext(_ssl.PROTOCOL_TLS_CLIENT)
        if not server_hostname:
            server_hostname = host
        s = ssl.wrap_socket(s, server_hostname=server_hostname, do_handshake_on_connect=False)
        s.setblocking(False)
    stream = Stream(s)
    return stream, stream


class Server:
    def close(self):
        self.stopped = True
        self.task.cancel()

    async def wait_closed(self):
        await self.task

    async def _serve(self, s, handler, ssl):
        self.stopped = False
        try:
            while True:
                yield core._io.queue_read(s)
                try:
                    connection, address = s.accept()
                except OSError:
                    # It was gone before it could be accepted.
                    continue
                connection.setblocking(False)
                if ssl:
                    try:
                        connection = ssl.wrap_socket(
                            connection, server_side=True, do_handshake_on_connect=False
                        )
                        connection.setblocking(False)
                    except OSError as error:
                        core.sys.print_exception(error)
                        connection.close()
                        continue
                stream = Stream(connection, {"peername": address})
                core.create_task(handler(stream, stream))
        except core.CancelledError as error:
            s.close()
            if not self.stopped:
                raise error


async def start_server(handler, host, port, backlog=5, ssl=None):
    import socket

    address = socket.getaddrinfo(host, port)[0][-1]
    s = socket.socket()
    s.setblocking(False)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(address)
    s.listen(backlog)
    server = Server()
    server.task = core.create_task(server._serve(s, handler, ssl))
    # Let it begin before the caller goes on.
    await core.sleep_ms(0)
    return server
