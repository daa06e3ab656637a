# webrepl: the prompt over a WebSocket, for one client at a time.
#
# A client is taken by a callback of the listening socket, upgraded to a WebSocket and asked for the password by
# `_webrepl`; then its stream is a second end of the console. `webrepl_cfg.PASS` is the password if none is given.

import _webrepl
import binascii
import hashlib
import network
import os
import socket
import websocket

# What a browser is sent to; `webrepl_cfg.BASE` is another place.
static_host = "https://micropython.org/webrepl/"

# A client that says nothing must not hold up the board.
PATIENCE_S = 5

_CALLBACK = 20
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

listen_s = None
client_s = None


def _header(stream):
    # The fields of a request by their names; None if it ends early or is too long.
    fields = {}
    for _ in range(64):
        line = stream.readline(512)
        if not line.endswith(b"\n"):
            return None
        line = line.strip()
        if not line:
            return fields
        name, _, value = line.partition(b":")
        fields[name.strip().lower()] = value.strip()
    return None


def server_handshake(client):
    stream = client.makefile("rwb", 0)
    fields = _header(stream)
    if not fields:
        return False
    key = fields.get(b"sec-websocket-key")
    upgrades = b"upgrade" in fields.get(b"connection", b"").lower()
    if not key or not upgrades or fields.get(b"upgrade", b"").lower() != b"websocket":
        return False
    accept = binascii.b2a_base64(hashlib.sha1(key + _GUID).digest()).strip()
    stream.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
    return True


def send_html(client):
    page = '<base href="%s"></base>\r\n<script src="webrepl_content.js"></script>\r\n' % static_host
    client.write(b"HTTP/1.0 200 OK\r\n\r\n" + page.encode())
    client.close()


def setup_conn(port, accept_handler):
    global listen_s
    listen_s = socket.socket()
    listen_s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listen_s.bind(socket.getaddrinfo("0.0.0.0", port)[0][-1])
    listen_s.listen(1)
    if accept_handler:
        listen_s.setsockopt(socket.SOL_SOCKET, _CALLBACK, accept_handler)
    started = False
    for kind in (network.AP_IF, network.STA_IF):
        interface = network.WLAN(kind)
        if interface.active():
            print("WebREPL server started on http://%s:%d/" % (interface.ifconfig()[0], port))
            started = True
    if not started:
        print("WebREPL no active interface")
    return listen_s


def accept_conn(listener):
    global client_s
    client, address = listener.accept()
    try:
        client.settimeout(PATIENCE_S)
        if not server_handshake(client):
            send_html(client)
            return False
        taken = os.dupterm(None)
        os.dupterm(taken)
        if taken:
            print("\nConcurrent WebREPL connection from", address, "rejected")
            client.close()
            return False
        print("\nWebREPL connection from:", address)
        client_s = client
        stream = _webrepl._webrepl(websocket.websocket(client, True))
        client.setblocking(False)
        os.dupterm(stream)
        return True
    except OSError:
        # It has gone, or was silent for too long.
        client.close()
        return False


def stop():
    global listen_s, client_s
    os.dupterm(None)
    for open_socket in (client_s, listen_s):
        if open_socket:
            open_socket.close()
    client_s = listen_s = None


def start(port=8266, password=None, accept_handler=accept_conn):
    global static_host
    stop()
    given = password
    if password is None:
        try:
            import webrepl_cfg

            password = webrepl_cfg.PASS
            static_host = getattr(webrepl_cfg, "BASE", static_host)
        except (ImportError, AttributeError):
            print("WebREPL is not configured, run 'import webrepl_setup'")
            return
    _webrepl.password(password)
    listener = setup_conn(port, accept_handler)
    if accept_handler is None:
        print("Starting webrepl in foreground mode")
        while not accept_conn(listener):
            pass
    elif given is None:
        print("Started webrepl in normal mode")
    else:
        print("Started webrepl in manual override mode")


def start_foreground(port=8266, password=None):
    start(port, password, None)
