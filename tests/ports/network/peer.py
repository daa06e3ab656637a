"""The other side for a board's network: servers of CPython, a broker, a name server, and frames that are none.

peer.py DIRECTORY FORWARDED WIRE LOCAL   makes certificates in DIRECTORY, serves, prints where as one line of JSON, and
                                         ends with its standard input. FORWARDED is the port of this machine behind which the
                                         board listens on port 80; frames go to port WIRE and come to port LOCAL.
"""

import hashlib
import http.server
import json
import pathlib
import random
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

DIRECTORY = pathlib.Path(sys.argv[1])
FORWARDED, WIRE, LOCAL = (int(word) for word in sys.argv[2:5])
SIZE = 1 << 20
PORTS = {}


def content(size):
    return bytes((i * 7 + i // 251) % 256 for i in range(size))


def background(work, *arguments):
    threading.Thread(target=work, args=arguments, daemon=True).start()


def serve(name, work):
    """Serves each connection with `work` in a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=16)
    PORTS[name] = listener.getsockname()[1]

    def one(connection):
        try:
            with connection:
                work(connection)
        except OSError:
            pass  # The board tells what it saw.

    def accept():
        while True:
            background(one, listener.accept()[0])

    background(accept)


def echo(connection):
    while data := connection.recv(65536):
        connection.sendall(data)


def sink(connection):
    """Takes a number of bytes and says which they were."""
    digest, count = hashlib.sha256(), 0
    while count < SIZE and (data := connection.recv(65536)):
        digest.update(data)
        count += len(data)
    connection.sendall(b"%d %s\n" % (count, digest.hexdigest().encode()))


def source(connection):
    connection.sendall(content(SIZE))


def reset(connection):
    connection.recv(10)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def silent(connection):
    connection.recv(1)
    threading.Event().wait()


def closing(connection):
    """Says that nothing more will come, and still listens."""
    connection.sendall(b"last words")
    connection.shutdown(socket.SHUT_WR)
    digest = hashlib.sha256()
    while data := connection.recv(65536):
        digest.update(data)
    PORTS["heard"] = digest.hexdigest()


def control(connection):
    """Does what the board asks for, a line each."""
    file = connection.makefile("rwb")
    for line in file:
        word, *rest = line.decode().split()
        if word == "call":
            # Connects to the board as often as was asked, says a line each time, and tells what came back.
            background(call, file, int(rest[0]))
        elif word == "heard":
            file.write(PORTS.pop("heard", "nothing").encode() + b"\n")
        elif word == "get":
            background(get, file)
        file.flush()


def call(file, count):
    answers = []

    def one(number):
        with socket.create_connection(("127.0.0.1", FORWARDED), timeout=60) as connection:
            connection.sendall(b"caller %d\n" % number)
            answers.append(connection.makefile("rb").readline().decode().strip())

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    file.write((" | ".join(sorted(answers)) + "\n").encode())
    file.flush()


def get(file):
    import urllib.request

    with urllib.request.urlopen(f"http://127.0.0.1:{FORWARDED}/status", timeout=60) as answer:
        file.write(str((answer.status, answer.read())).encode() + b"\n")
    file.flush()


def datagrams():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    PORTS["datagrams"] = server.getsockname()[1]

    def answer():
        while True:
            data, address = server.recvfrom(65536)
            server.sendto(data[::-1], address)

    background(answer)


# ---- certificates, TLS, HTTP, MQTT ------------------------------------------------------------------------------


def openssl(*words):
    subprocess.run(["openssl", *words], cwd=DIRECTORY, check=True, capture_output=True)


KEYS = {
    "p256": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
    "p384": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp384r1"),
    "rsa": ("-newkey", "rsa:2048"),
}


def authority(name, kind):
    openssl(
        "req", "-x509", "-days", "30", *KEYS[kind], "-nodes", "-subj", f"/CN={name}",
        "-keyout", f"{name}.key", "-out", f"{name}.pem",
    )  # fmt: skip


def signed(name, kind, by, is_authority=False):
    extensions = "subjectAltName=DNS:board.test,DNS:localhost,IP:10.0.2.2\n"
    extensions += f"basicConstraints=critical,CA:{str(is_authority).upper()}\n"
    (DIRECTORY / f"{name}.ext").write_text(extensions)
    openssl(
        "req", "-new", *KEYS[kind], "-nodes", "-subj", f"/CN={name}",
        "-keyout", f"{name}.key", "-out", f"{name}.csr",
    )  # fmt: skip
    openssl(
        "x509", "-req", "-in", f"{name}.csr", "-CA", f"{by}.pem", "-CAkey", f"{by}.key", "-CAcreateserial",
        "-days", "30", "-extfile", f"{name}.ext", "-out", f"{name}.pem",
    )  # fmt: skip


def chained(name, *links):
    text = "".join((DIRECTORY / f"{link}.pem").read_text() for link in (name, *links))
    (DIRECTORY / f"{name}.chain").write_text(text)


def certificates():
    authority("ca", "p256")
    authority("rsaca", "rsa")
    authority("stranger", "p256")
    signed("server", "p256", "ca")
    signed("large", "p384", "ca")
    signed("rsa", "rsa", "rsaca")
    signed("unknown", "p256", "stranger")
    signed("between", "p384", "ca", is_authority=True)
    signed("below", "p256", "between")
    # Who is no authority signs all the same.
    signed("forged", "p256", "server")
    signed("client", "p256", "ca")
    for name in ("server", "large", "rsa", "unknown"):
        chained(name)
    chained("below", "between")
    chained("forged", "server")


def secured(name, clients=None, version=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(DIRECTORY / f"{name}.chain", DIRECTORY / f"{name}.key")
    if clients:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(DIRECTORY / f"{clients}.pem")
    if version:
        context.maximum_version = version
    return context


def capitals(context):
    def work(connection):
        with context.wrap_socket(connection, server_side=True) as stream:
            file = stream.makefile("rwb")
            for line in file:
                if line == b"much\n":
                    file.write(content(SIZE))
                    file.flush()
                    return
                if line == b"take\n":
                    digest = hashlib.sha256(file.read(1 << 17))
                    line = digest.hexdigest().encode() + b"\n"
                file.write(line.upper())
                file.flush()

    return work


def damaged(context):
    """Passes TLS through and turns a bit of what comes after the handshake."""

    def work(connection):
        one, other = ssl.MemoryBIO(), ssl.MemoryBIO()
        stream = context.wrap_bio(one, other, server_side=True)
        while True:
            try:
                stream.do_handshake()
                break
            except ssl.SSLWantReadError:
                connection.sendall(other.read())
                one.write(connection.recv(65536))
        connection.sendall(other.read())
        stream.write(b"never to be seen\n")
        record = bytearray(other.read())
        record[-1] ^= 1
        connection.sendall(record)
        connection.recv(100)

    return work


class Web(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(json.dumps({"path": self.path, "large": "x" * 5000}).encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(b"got " + body)

    def log_message(self, *_):
        pass


def web(name, context=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
    server.daemon_threads = True
    PORTS[name] = server.server_address[1]
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    background(server.serve_forever)


def broker():
    """mosquitto, which lets in whom the authority has signed; nothing where it is not installed."""
    program = pathlib.Path("/usr/sbin/mosquitto")
    if not program.exists():
        return None
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (DIRECTORY / "mosquitto.conf").write_text(
        f"listener {port} 127.0.0.1\ncafile {DIRECTORY}/ca.pem\ncertfile {DIRECTORY}/server.pem\n"
        f"keyfile {DIRECTORY}/server.key\nrequire_certificate true\nuse_identity_as_username true\n"
        f"allow_anonymous false\nuser root\n"
    )
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([program, "-c", DIRECTORY / "mosquitto.conf"], stdout=quiet, stderr=quiet)
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            PORTS["broker"] = port
            return process
        except OSError:
            time.sleep(0.01)
    sys.exit("mosquitto has ended")


# ---- frames -------------------------------------------------------------------------------------------------------

OWN = bytes.fromhex("020000000053")
HOST = bytes([10, 0, 2, 53])
NAMES = {
    b"board.test": bytes([10, 0, 2, 2]),
    b"other.test": bytes([192, 0, 2, 7]),
    b"garbage.test": bytes([192, 0, 2, 8]),
}
ETHERNET = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
BOARD = {}


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def names():
    """A name server at 10.0.2.53, made of frames: the one of QEMU asks this machine's, which may know nothing."""
    ETHERNET.bind(("127.0.0.1", LOCAL))
    while True:
        frame = ETHERNET.recv(65536)
        if frame[6:12] == OWN or len(frame) < 34:
            continue
        kind = frame[12:14]
        if kind == b"\x08\x06" and frame[38:42] == HOST:
            answer = frame[6:12] + OWN + frame[12:20] + b"\0\2" + OWN + HOST + frame[22:32]
            ETHERNET.sendto(answer, ("127.0.0.1", WIRE))
        elif kind == b"\x08\x00" and frame[30:34] == HOST and frame[23] == 17:
            BOARD.update(mac=frame[6:12], host=frame[26:30])
            udp = frame[34:]
            if udp[2:4] == b"\0\x35" and (message := resolve(udp[8:])):
                ETHERNET.sendto(packet(frame, udp[:2], message), ("127.0.0.1", WIRE))


def packet(frame, port, message):
    udp = b"\0\x35" + port + struct.pack("!HH", 8 + len(message), 0) + message
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + HOST + frame[26:30]
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    return frame[6:12] + OWN + b"\x08\x00" + header + udp


def resolve(query):
    labels, rest = [], query[12:]
    while rest[0]:
        labels.append(rest[1 : 1 + rest[0]])
        rest = rest[1 + rest[0] :]
    question = query[12 : len(query) - len(rest) + 5]
    name = b".".join(labels).lower()
    if name == b"nobody.answers":
        return None
    if name == b"garbage.test":
        # Asked for only where QEMU's own network is not on the wire, which does not survive it.
        garbage(3000)
    found = NAMES.get(name)
    head = query[:2] + struct.pack("!HHHHH", 0x8180 if found else 0x8183, 1, bool(found), 0, 0)
    if not found:
        return head + question
    return head + question + b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + found


def garbage(count):
    """Frames for the board that are damaged at random, and some that are nothing at all."""
    chance = random.Random(count)
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 60, 0, 0, 64, 6, 0) + HOST + BOARD["host"]
    kinds = [
        b"\x08\x06" + bytes.fromhex("0001080006040001") + OWN + HOST + bytes(6) + BOARD["host"],
        *(b"\x08\x00" + ip[:9] + bytes([kind]) + ip[10:] + bytes(40) for kind in (1, 2, 6, 17)),
        b"",
    ]
    for number in range(count):
        body = bytearray(chance.choice(kinds) + chance.randbytes(chance.randrange(200)))
        for _ in range(chance.randrange(8)):
            if body:
                body[chance.randrange(len(body))] = chance.randrange(256)
        if body[2:4] == b"\x45\0" and chance.random() < 0.5:
            # With a checksum that is right it comes further.
            body[12:14] = b"\0\0"
            body[12:14] = struct.pack("!H", checksum(bytes(body[2:22])))
        ETHERNET.sendto(BOARD["mac"] + OWN + bytes(body), ("127.0.0.1", WIRE))
        if number % 50 == 0:
            time.sleep(0.01)  # The board's queue holds some frames only.


def main():
    certificates()
    for work in (echo, sink, source, reset, silent, closing, control):
        serve(work.__name__, work)
    for name in ("server", "large", "rsa", "unknown", "below", "forged"):
        serve(f"tls_{name}", capitals(secured(name)))
    serve("tls_mutual", capitals(secured("server", clients="ca")))
    serve("tls_old", capitals(secured("server", version=ssl.TLSVersion.TLSv1_2)))
    serve("tls_damaged", damaged(secured("server")))
    web("http")
    web("https", secured("server"))
    datagrams()
    background(names)
    process = broker()
    with socket.create_server(("127.0.0.1", 0)) as closed:
        PORTS["closed"] = closed.getsockname()[1]
    pem = {
        path.name: path.read_text()
        for path in DIRECTORY.iterdir()
        if path.name in ("ca.pem", "rsaca.pem", "client.pem", "client.key")
    }
    now = time.gmtime()
    clock = (*now[:3], now.tm_wday, *now[3:6], 0)
    print(json.dumps({"ports": PORTS, "pem": pem, "now": clock}), flush=True)
    sys.stdin.read()
    if process:
        process.kill()


main()
