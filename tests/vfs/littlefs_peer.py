"""The C littlefs, told what to do with image files by lines of JSON.

A request is {"image", "block", "steps"?, "minor"?, "format"?, "images"?}; the answer is the tree afterwards, a list of
[path, None or the content in hex, attributes], or {"error"}.
"""
import json
import sys

from littlefs import LittleFS, UserContext, lfs
from littlefs.errors import LittleFSError


def mounted(data, block, cache, minor=None, format=False):
    context = UserContext(len(data))
    context.buffer[:] = data
    version = {} if minor is None else {"disk_version": 0x20000 + minor}
    fs = LittleFS(
        context=context, mount=False, block_size=block, block_count=len(data) // block, block_cycles=7,
        cache_size=cache, read_size=16, prog_size=16, lookahead_size=8, **version)
    if format:
        fs.format()
    fs.mount()
    return fs


def tree(fs):
    found = []
    for folder, folders, files in fs.walk("/"):
        folder = folder.rstrip("/")
        found += [[f"{folder}/{name}", None, None] for name in folders]
        for name in files:
            path = f"{folder}/{name}"
            with fs.open(path, "rb") as file:
                content = file.read()
            try:
                attribute = fs.getattr(path, 7).hex()
            except LittleFSError:
                attribute = None
            found.append([path, content.hex(), attribute])
    return sorted(found)


def write(fs, file, content):
    # The binding has no pointer to nothing.
    if content:
        done = lfs.file_write(fs.fs, file, bytes.fromhex(content))
        assert done == len(content) // 2, done


def change(fs, path, flags, work):
    # Not through Python's file objects: their truncate is wrong and they buffer.
    file = lfs.file_open(fs.fs, path, int(flags))
    try:
        work(file)
    finally:
        lfs.file_close(fs.fs, file)


def step(fs, kind, path, *rest):
    flag = lfs.LFSFileFlag
    if kind == "put":
        flags = flag.wronly | flag.creat | flag.trunc
        change(fs, path, flags, lambda file: write(fs, file, rest[0]))
    elif kind == "append":
        flags = flag.rdwr | flag.append
        change(fs, path, flags, lambda file: write(fs, file, rest[0]))
    elif kind == "patch":
        def patch(file):
            lfs.file_seek(fs.fs, file, rest[0], 0)
            write(fs, file, rest[1])
        change(fs, path, flag.rdwr, patch)
    elif kind == "truncate":
        change(fs, path, flag.rdwr, lambda file: lfs.file_truncate(fs.fs, file, rest[0]))
    elif kind == "remove":
        fs.remove(path)
    elif kind == "mkdir":
        fs.mkdir(path)
    elif kind == "rename":
        fs.rename(path, rest[0])
    elif kind == "attribute":
        fs.setattr(path, 7, bytes.fromhex(rest[0]))


def answer(request):
    block = request["block"]
    cache = request.get("cache", 64)
    if "images" in request:
        # Many images in one file: mount each, write, look.
        results = []
        data = open(request["images"], "rb").read()
        size = request["size"]
        for start in range(0, len(data), size):
            fs = mounted(data[start:start + size], block, cache)
            # Not before the first write: with a move pending the C library does not find the next entry.
            step(fs, "put", "/after", (b"after" * 20).hex())
            fs.remove("/after")
            results.append(tree(fs))
        return results
    data = open(request["image"], "rb").read()
    fs = mounted(data, block, cache, request.get("minor"), request.get("format", False))
    went = []
    for one in request.get("steps", []):
        try:
            step(fs, *one)
            went.append(True)
        except (LittleFSError, OSError):
            went.append(False)
    result = tree(fs)
    fs.unmount()
    with open(request["image"], "wb") as file:
        file.write(fs.context.buffer)
    return {"tree": result, "went": went}


for line in sys.stdin:
    try:
        reply = answer(json.loads(line))
    except Exception as error:
        reply = {"error": repr(error)}
    print(json.dumps(reply), flush=True)
