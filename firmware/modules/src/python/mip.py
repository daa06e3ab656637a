# mip: packages from an index, from a repository, or from any address, onto the board.

import os, sys, json
import requests

INDEX = "https://micropython.org/pi/v2"

# Repositories by the beginning of a package's name: where their raw files are.
_HOSTS = {
    "github:": "https://raw.githubusercontent.com/{org}/{repo}/{branch}/{path}",
    "gitlab:": "https://gitlab.com/{org}/{repo}/-/raw/{branch}/{path}",
    "codeberg:": "https://codeberg.org/{org}/{repo}/raw/branch/{branch}/{path}",
}


def _address(url, branch=None):
    for host, form in _HOSTS.items():
        if url.startswith(host):
            org, repo, *path = url[len(host) :].split("/")
            return form.format(org=org, repo=repo, branch=branch or "HEAD", path="/".join(path))
    return url


def _is_address(name):
    return name.startswith(("http://", "https://")) or any(name.startswith(h) for h in _HOSTS)


def _default_target():
    for path in sys.path:
        if path != ".frozen" and path.endswith("/lib"):
            return path
    raise OSError("no lib directory in sys.path: give target")


def _make_directories(path):
    at = path.find("/", 1)
    while at > 0:
        try:
            os.mkdir(path[:at])
        except OSError as error:
            if error.errno != 17:
                raise error
        at = path.find("/", at + 1)


def _safe(path):
    # What an index says must stay below the target.
    if not path or path.startswith("/") or ".." in path.split("/") or "\\" in path:
        raise ValueError("unsafe path in package: " + repr(path))
    return path


def _hash(path):
    import hashlib

    digest = hashlib.sha256()
    buf = bytearray(256)
    try:
        with open(path, "rb") as file:
            while True:
                n = file.readinto(buf)
                if not n:
                    break
                digest.update(memoryview(buf)[:n])
    except OSError:
        return None
    return digest.digest()


def _fetch(url, path, expected=None):
    # The file appears under its name when it is complete and right.
    if expected:
        from binascii import hexlify

        have = _hash(path)
        if have and hexlify(have).decode().startswith(expected):
            print("Exists:", path)
            return
    print("Copying:", path)
    _make_directories(path)
    temporary = path + ".part"
    response = requests.get(url)
    try:
        if response.status_code != 200:
            raise OSError("%s: %d %s" % (url, response.status_code, response.reason))
        with open(temporary, "wb") as file:
            file.write(response.content)
    finally:
        response.close()
    if expected:
        have = hexlify(_hash(temporary)).decode()
        if not have.startswith(expected):
            os.remove(temporary)
            raise OSError("%s: wrong hash, the file is damaged" % url)
    try:
        os.remove(path)
    except OSError:
        pass
    os.rename(temporary, path)


def _install_json(url, index, target, version, mpy, seen):
    if url in seen:
        return
    seen.append(url)
    response = requests.get(_address(url, version))
    try:
        if response.status_code != 200:
            raise OSError("Package not found: %s (%d)" % (url, response.status_code))
        package = response.json()
    finally:
        response.close()
    for path, short in package.get("hashes", ()):
        _fetch("%s/file/%s/%s" % (index, short[:2], short), target + "/" + _safe(path), short)
    base = url.rpartition("/")[0]
    for path, source in package.get("urls", ()):
        if not _is_address(source):
            source = base + "/" + source
        _fetch(_address(source, version), target + "/" + _safe(path))
    for dependency, wanted in package.get("deps", ()):
        _install(dependency, index, target, wanted, mpy, seen)


def _install(package, index, target, version, mpy, seen):
    if _is_address(package):
        if package.endswith((".py", ".mpy")):
            name = package.rsplit("/")[-1]
            return _fetch(_address(package, version), target + "/" + _safe(name))
        if not package.endswith(".json"):
            package = package.rstrip("/") + "/package.json"
        return _install_json(package, index, target, version, mpy, seen)
    code = "py"
    if mpy and hasattr(sys.implementation, "_mpy"):
        code = sys.implementation._mpy & 0xFF
    url = "%s/package/%s/%s/%s.json" % (index, code, package, version or "latest")
    _install_json(url, index, target, version, mpy, seen)


def install(package, index=None, target=None, version=None, mpy=True):
    if version is None and "@" in package:
        package, _, version = package.partition("@")
    target = (target or _default_target()).rstrip("/")
    print("Installing", package, "to", target or "/")
    _install(package, (index or INDEX).rstrip("/"), target, version, mpy, [])
    print("Done")
