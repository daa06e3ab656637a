# requests: HTTP/1.1 for programs that know the package of this name.

import socket


class Response:
    def __init__(self, stream, status_code, reason, headers):
        self.raw = stream
        self.status_code = status_code
        self.reason = reason
        self.headers = headers
        self.encoding = "utf-8"
        self._content = None

    def close(self):
        if self.raw:
            self.raw.close()
            self.raw = None

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        self.close()

    @property
    def content(self):
        if self._content is None:
            try:
                self._content = self._read()
            finally:
                self.close()
        return self._content

    def _read(self):
        lower = {name.lower(): value for name, value in self.headers.items()}
        if lower.get("transfer-encoding", "").lower() == "chunked":
            parts = b""
            while True:
                size = int(self.raw.readline().split(b";")[0], 16)
                if not size:
                    break
                parts += _exactly(self.raw, size)
                self.raw.readline()
            return parts
        if "content-length" in lower:
            return _exactly(self.raw, int(lower["content-length"]))
        return self.raw.read()

    @property
    def text(self):
        return str(self.content, self.encoding)

    def json(self):
        import json

        return json.loads(self.content)

    def iter_content(self, chunk_size=512):
        content = self.content
        for at in range(0, len(content), chunk_size):
            yield content[at : at + chunk_size]

    def raise_for_status(self):
        if self.status_code >= 400:
            raise OSError("%d %s" % (self.status_code, self.reason))


def _exactly(stream, size):
    data = stream.read(size)
    if len(data) < size:
        raise OSError("connection closed after %d of %d bytes" % (len(data), size))
    return data


def _split(url):
    # scheme, host, port, path
    scheme, _, rest = url.partition("://")
    if not rest or scheme not in ("http", "https"):
        raise ValueError("Unsupported protocol: " + url)
    host, slash, path = rest.partition("/")
    if "?" in host:
        host, _, query = host.partition("?")
        slash, path = "/", "?" + query
    port = 443 if scheme == "https" else 80
    if ":" in host:
        host, _, text = host.rpartition(":")
        port = int(text)
    return scheme, host, port, "/" + path


def request(
    method,
    url,
    data=None,
    json=None,
    headers=None,
    stream=None,
    auth=None,
    timeout=None,
    parse_headers=True,
):
    fields = dict(headers) if headers else {}
    if auth is not None:
        from binascii import b2a_base64

        pair = ("%s:%s" % tuple(auth)).encode()
        fields["Authorization"] = "Basic " + b2a_base64(pair, newline=False).decode()
    if json is not None:
        from json import dumps

        data = dumps(json)
        fields.setdefault("Content-Type", "application/json")
    if isinstance(data, str):
        data = data.encode()
    for _ in range(6):
        response = _once(method, url, data, fields, timeout)
        place = response.headers.get("Location") or response.headers.get("location")
        if response.status_code not in (301, 302, 303, 307, 308) or not place:
            return response
        response.close()
        origin = url[: url.index("/", 8)] if "/" in url[8:] else url
        target = place if "://" in place else origin + place
        if _split(target)[1:3] != _split(url)[1:3]:
            # Secrets are not for another host.
            fields.pop("Authorization", None)
        url = target
        if response.status_code == 303 or (
            response.status_code in (301, 302) and method == "POST"
        ):
            method, data = "GET", None
            fields.pop("Content-Type", None)
    raise OSError("too many redirects")


def _once(method, url, data, fields, timeout):
    scheme, host, port, path = _split(url)
    address = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)[0]
    s = socket.socket(address[0], socket.SOCK_STREAM)
    if timeout is not None:
        s.settimeout(timeout)
    try:
        s.connect(address[-1])
        if scheme == "https":
            import ssl

            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.verify_mode = ssl.CERT_NONE
            s = context.wrap_socket(s, server_hostname=host)
        _send(s, method, host, port, scheme, path, data, fields)
        return _receive(s)
    except BaseException as error:
        s.close()
        raise error


def _send(s, method, host, port, scheme, path, data, fields):
    names = [name.lower() for name in fields]
    lines = ["%s %s HTTP/1.1" % (method, path)]
    if "host" not in names:
        usual = 443 if scheme == "https" else 80
        lines.append("Host: " + (host if port == usual else "%s:%d" % (host, port)))
    lines.append("Connection: close")
    for name, value in fields.items():
        if "\n" in name or "\n" in str(value):
            raise ValueError("line break in header " + name)
        lines.append("%s: %s" % (name, value))
    if data is not None and "content-length" not in names:
        lines.append("Content-Length: %d" % len(data))
    _write(s, ("\r\n".join(lines) + "\r\n\r\n").encode())
    if data is not None:
        _write(s, data)


def _write(s, data):
    view = memoryview(data)
    while len(view):
        view = view[s.write(view) :]


def _receive(s):
    line = s.readline()
    parts = line.split(None, 2)
    if len(parts) < 2 or not parts[0].startswith(b"HTTP/"):
        raise ValueError("HTTP error: " + repr(line))
    headers = {}
    while True:
        line = s.readline()
        if not line or line == b"\r\n":
            break
        name, _, value = line.decode().partition(":")
        headers[name] = value.strip()
    reason = parts[2].decode().rstrip() if len(parts) > 2 else ""
    return Response(s, int(parts[1]), reason, headers)


def head(url, **kw):
    return request("HEAD", url, **kw)


def get(url, **kw):
    return request("GET", url, **kw)


def post(url, **kw):
    return request("POST", url, **kw)


def put(url, **kw):
    return request("PUT", url, **kw)


def patch(url, **kw):
    return request("PATCH", url, **kw)


def delete(url, **kw):
    return request("DELETE", url, **kw)
