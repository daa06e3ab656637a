"""A TLS peer on CPython's ssl: a server that answers each line in capitals, or a client that sends one.

tls_peer.py server VERSION CERT KEY [CLIENT_CA]   prints its port, serves one connection, prints what happened
tls_peer.py client PORT CA                        sends a line, prints the answer
"""

import socket
import ssl
import sys


def server(version, cert, key, client_ca=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)
    context.load_cert_chain(cert, key)
    if client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client_ca)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    connection, _ = listener.accept()
    try:
        with context.wrap_socket(connection, server_side=True) as secured:
            subject = dict(item[0] for item in (secured.getpeercert() or {}).get("subject", ()))
            file = secured.makefile("rwb")
            for line in file:
                file.write(line.upper())
                file.flush()
            print("served", secured.version(), subject.get("commonName"), flush=True)
    except (ssl.SSLError, ConnectionError) as error:
        print("refused", type(error).__name__, flush=True)


def client(port, ca):
    context = ssl.create_default_context(cafile=ca)
    with socket.create_connection(("127.0.0.1", int(port)), timeout=60) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as secured:
            secured.sendall(b"from cpython\n")
            print(secured.makefile("rb").readline(), secured.version(), flush=True)


{"server": server, "client": client}[sys.argv[1]](*sys.argv[2:])
