# mip: packages from an index, from a repository, or from any address, onto the board.
#
# The rules are those of `ucli install`: nothing that was there is touched before everything is here and has its
# hash; no path leads out of the target; a file that would be imported instead of a new one goes; where ucli
# keeps a record of packages, it is kept true.

import os, sys, json
import requests
from binascii import hexlify
from hashlib import sha256

INDEX = "https://micropython.org/pi/v2"
_RECORD = ".ucli.json"
_PART = ".part"

# Repositories by the beginning of a package's name: where their raw files are.
_HOSTS = {
    "github:": "https://raw.githubusercontent.com/{org}/{repo}/{branch}/{path}",
    "gitlab:": "https://gitlab.com/{org}/{repo}/-/raw/{branch}/{path}",
    "codeberg:": "https://codeberg.org/api/v1/repos/{org}/{repo}/raw/{path}?ref={branch}",
}


def _address(url, branch=None):
    for host, form in _HOSTS.items():
        if url.startswith(host):
            org, repo, *path = url[len(host) :].split("/")
            return form.format(org=org, repo=repo, branch=branch or "HEAD", path="/".join(path))
    return url


def _is_address(name):
    return name.startswith(("http://", "https://")) or any(name.startswith(h) for h in _HOSTS)


def _is_module(path):
    return path.endswith((".py", ".mpy"))


def _default_target():
    for path in sys.path:
        if path.endswith("/lib") and not path.startswith("/rom"):
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


def _remove(path):
    try:
        os.remove(path)
        return True
    except OSError:
        return False


def _safe(path):
    # What an index says must stay below the target.
    bad = not path or len(path) > 255 or "\\" in path or ":" in path
    for part in path.split("/"):
        bad = bad or part in ("", ".", "..", ".ucli.tmp", _RECORD)
    if bad or any(ord(letter) < 32 for letter in path):
        raise ValueError("unsafe path in package: " + repr(path))
    return path


def _measure(path):
    # The size and the digits of the hash; None where there is no such file.
    digest = sha256()
    buf = bytearray(256)
    size = 0
    try:
        with open(path, "rb") as file:
            while True:
                n = file.readinto(buf)
                if not n:
                    return size, hexlify(digest.digest()).decode()
                digest.update(memoryview(buf)[:n])
                size += n
    except OSError:
        return None


def _get(url, what):
    response = requests.get(url)
    try:
        if response.status_code != 200:
            raise OSError("%s: %s (%d)" % (what, url, response.status_code))
        return response.content
    finally:
        response.close()


def _pairs(package, name, url):
    pairs = package.get(name) or ()
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(t, str) for t in pair):
            raise ValueError("%s: %s has %r, which is no pair of texts" % (url, name, pair))
    return pairs


def _twins(path):
    # The other files that would be imported under the name of this one.
    if not _is_module(path):
        return ()
    stem = path.rsplit(".", 1)[0]
    if stem.endswith("/__init__"):
        stem = stem[:-9]
    names = [stem + middle + end for middle in ("", "/__init__") for end in (".py", ".mpy")]
    names.remove(path)
    return names


class _Job:
    def __init__(self, index, target, mpy):
        self.index = index
        self.target = target
        self.mpy = mpy
        self.files = {}  # path: (size, hash, whether it is new)
        self.packages = {}  # name: (version, source, dependencies, paths)
        self.open = []

    def fetch(self, url, path, expected=None):
        _safe(path)
        place = self.target + "/" + path
        here = self.files.get(path)
        if here:
            if expected and not here[1].startswith(expected):
                raise ValueError("two packages want different files as " + path)
            return
        if expected:
            have = _measure(place)
            if have and have[1].startswith(expected):
                print("Exists:", place)
                self.files[path] = (have[0], have[1], False)
                return
        print("Copying:", place)
        _make_directories(place)
        content = _get(url, "File not found")
        self.files[path] = (0, "", True)
        with open(place + _PART, "wb") as file:
            file.write(content)
        size, have = _measure(place + _PART)
        if expected and not have.startswith(expected):
            raise OSError("%s: wrong hash, the file is damaged" % url)
        self.files[path] = (size, have, True)

    def described(self, url, name, version, source):
        if url in self.open:
            raise ValueError("packages need each other in a circle: " + " -> ".join(self.open + [url]))
        if name in self.packages and self.packages[name][1] == source:
            return
        try:
            package = json.loads(_get(_address(url, version), "Package not found"))
        except ValueError:
            raise ValueError(url + ": this is no description of a package")
        if not isinstance(package, dict) or not any(k in package for k in ("hashes", "urls", "deps")):
            raise ValueError(url + ": this is no description of a package")
        self.open.append(url)
        paths = []
        for path, short in _pairs(package, "hashes", url):
            if len(short) < 4 or any(digit not in "0123456789abcdef" for digit in short):
                raise ValueError("%s: %r is no hash" % (url, short))
            self.fetch("%s/file/%s/%s" % (self.index, short[:2], short), path, short)
            paths.append(path)
        base = url.rpartition("/")[0]
        for path, place in _pairs(package, "urls", url):
            if not _is_address(place):
                place = base + "/" + place
            self.fetch(_address(place, version), path)
            paths.append(path)
        needs = [self.add(one, wanted) for one, wanted in _pairs(package, "deps", url)]
        self.open.pop()
        self.packages[name] = (package.get("version") or version or "", source, needs, paths)

    def add(self, package, version):
        # One package with everything it needs; its name.
        if _is_address(package):
            source = package if version is None else package + "@" + version
            name = package.rstrip("/").rsplit("/")[-1]
            if _is_module(package):
                self.fetch(_address(package, version), name)
                short = name.rsplit(".", 1)[0]
                self.packages[short] = (version or "", source, [], [name])
                return short
            if package.endswith(".json"):
                name = package.rsplit("/")[-2]
            else:
                package = package.rstrip("/") + "/package.json"
                source = package if version is None else package + "@" + version
            self.described(package, name, version, source)
            return name
        code = "py"
        if self.mpy and hasattr(sys.implementation, "_mpy"):
            code = sys.implementation._mpy & 0xFF
        url = "%s/package/%s/%s/%s.json" % (self.index, code, package, version or "latest")
        self.described(url, package, version, "mip:" + self.index)
        return package

    def settle(self):
        # Everything is here: the files get their names.
        for path, (_, _, is_new) in self.files.items():
            place = self.target + "/" + path
            if is_new:
                try:
                    os.rename(place + _PART, place)
                except OSError:
                    _remove(place)
                    os.rename(place + _PART, place)
            for twin in _twins(path):
                if twin not in self.files and _remove(self.target + "/" + twin):
                    print("Removing:", self.target + "/" + twin)

    def give_up(self):
        for path, (_, _, is_new) in self.files.items():
            if is_new:
                _remove(self.target + "/" + path + _PART)

    def enter(self, requested):
        # Keeps the record of ucli true where there is one.
        place = self.target + "/" + _RECORD
        try:
            with open(place) as file:
                record = json.load(file)
            known = record["packages"]
            if record["v"] != 1:
                return
        except (OSError, ValueError, KeyError, TypeError):
            return
        gone = [twin for path in self.files for twin in _twins(path) if twin not in self.files]
        for name, package in known.items():
            if name not in self.packages:
                kept = [f for f in package["files"] if f[0] not in self.files and f[0] not in gone]
                same = [f for f in package["files"] if f[0] in self.files and f[2] == self.files[f[0]][1][:16]]
                package["files"] = sorted(kept + same)
        for name, (version, source, needs, paths) in self.packages.items():
            old = known.get(name) or {}
            files = [[path, self.files[path][0], self.files[path][1][:16]] for path in sorted(paths)]
            known[name] = {
                "version": version,
                "source": source,
                "requested": name == requested or bool(old.get("requested")),
                "deps": needs,
                "files": files,
            }
        with open(place + _PART, "w") as file:
            json.dump(record, file)
        try:
            os.rename(place + _PART, place)
        except OSError:
            _remove(place)
            os.rename(place + _PART, place)


def install(package, index=None, target=None, version=None, mpy=True):
    if version is None and "@" in package:
        package, _, version = package.partition("@")
    target = (target or _default_target()).rstrip("/")
    print("Installing", package, "to", target or "/")
    job = _Job((index or INDEX).rstrip("/"), target, mpy)
    try:
        name = job.add(package, version)
    except BaseException:
        job.give_up()
        raise
    job.settle()
    job.enter(name)
    print("Done")
