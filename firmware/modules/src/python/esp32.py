# Partitions and stored values of ESP32 chips, over all of the flash.
#
# The layouts are ESP-IDF's: "Partition Tables" (entries of 32 bytes at 0x8000) and "Non-Volatile Storage Library"
# (pages of 4096 bytes: header, states of 126 entries, entries of 32 bytes).
import struct
from binascii import crc32
from upy import Flash

_PAGE = const(4096)
_ENTRIES = const(126)
_FIRST = const(64)
_ACTIVE = const(0xFFFFFFFE)
_FULL = const(0xFFFFFFFC)
_FREE = const(0xFFFFFFFF)
_U8 = const(0x01)
_I32 = const(0x14)
_BLOB = const(0x42)
_INDEX = const(0x48)
# Bytes that one entry and those behind it can hold: a blob is cut into parts of a page.
_MOST = const(4000)


def _table():
    flash = Flash(True)
    entry = bytearray(32)
    end = 0x10000
    for at in range(0x8000, 0x8C00, 32):
        flash.readblocks(at // _PAGE, entry, at % _PAGE)
        if entry[:2] != b"\xaa\x50":
            break
        kind, subtype, start, size, label, flags = struct.unpack("<BBII16sI", entry[2:])
        end = max(end, start + size)
        yield kind, subtype, start, size, str(label.rstrip(b"\0"), "ascii"), bool(flags & 1)
        if label.startswith(b"vfs\0"):
            end = -1
    if end > 0:
        # What is behind all of them holds the files.
        yield 1, 0x81, end, flash.ioctl(4, 0) * _PAGE - end, "vfs", False


class Partition:
    TYPE_APP = 0
    TYPE_DATA = 1
    BOOT = 0
    RUNNING = 1

    def __init__(self, what, block_size=_PAGE):
        for info in _table():
            # There is one program, so what runs is what is started.
            if info[4] == what or what in (0, 1) and info[0] == 0:
                break
        else:
            raise OSError(2)
        self._use(info, block_size)

    def _use(self, info, block_size):
        if block_size < 16 or _PAGE % block_size:
            raise ValueError("block_size")
        self._info = info
        self._size = block_size
        self._flash = Flash(True)

    @staticmethod
    def find(type=0, subtype=0xFF, label=None, block_size=_PAGE):
        found = []
        for info in _table():
            if info[0] == type and subtype in (0xFF, info[1]) and label in (None, info[4]):
                one = Partition.__new__(Partition)
                one._use(info, block_size)
                found.append(one)
        return found

    def info(self):
        return self._info

    def __repr__(self):
        return "<Partition type=%d, subtype=%d, address=%d, size=%d, label=%s, encrypted=%d>" % self._info

    def _place(self, block, offset, length):
        at = block * self._size + offset
        if block < 0 or offset < 0 or at + length > self._info[3]:
            raise OSError(22)
        return self._info[2] + at

    def readblocks(self, block, buffer, offset=0):
        at = self._place(block, offset, len(buffer))
        self._flash.readblocks(at // _PAGE, buffer, at % _PAGE)

    def writeblocks(self, block, buffer, offset=None):
        at = self._place(block, offset or 0, len(buffer))
        if offset is None:
            if self._size < _PAGE or len(buffer) % _PAGE:
                # The rest of a sector stays as it is.
                return self._mix(at, buffer)
            for start in range(at, at + len(buffer), _PAGE):
                self._flash.ioctl(6, start // _PAGE)
        self._flash.writeblocks(at // _PAGE, buffer, at % _PAGE)

    def _mix(self, at, buffer):
        sector = bytearray(_PAGE)
        done = 0
        while done < len(buffer):
            skipped = (at + done) % _PAGE
            part = min(len(buffer) - done, _PAGE - skipped)
            number = (at + done) // _PAGE
            self._flash.readblocks(number, sector, 0)
            sector[skipped : skipped + part] = buffer[done : done + part]
            self._flash.ioctl(6, number)
            self._flash.writeblocks(number, sector, 0)
            done += part

    def ioctl(self, request, argument=0):
        if request == 4:
            return self._info[3] // self._size
        if request == 5:
            return self._size
        if request == 6:
            at = self._place(argument, 0, self._size)
            if self._size == _PAGE:
                return self._flash.ioctl(6, at // _PAGE)
            self._mix(at, b"\xff" * self._size)
        return 0


class _Store:
    # All pages; what is valid is found by reading them.
    def __init__(self):
        found = Partition.find(1, 2)
        if not found:
            raise OSError(-0x1102)
        self.part = found[0]
        self.count = self.part.info()[3] // _PAGE

    def read(self, page, at, length):
        buffer = bytearray(length)
        self.part.readblocks(page, buffer, at)
        return buffer

    def header(self, page):
        head = self.read(page, 0, 32)
        state, number = struct.unpack("<II", head)
        if state == _FREE:
            return None
        if crc32(head[4:28], _FREE) != struct.unpack_from("<I", head, 28)[0]:
            return None
        return number

    def pages(self):
        # In the order in which they were written.
        numbered = [(self.header(page), page) for page in range(self.count)]
        return [page for number, page in sorted(pair for pair in numbered if pair[0] is not None)]

    def state(self, page, index):
        return self.read(page, 32 + index // 4, 1)[0] >> index % 4 * 2 & 3

    def mark(self, page, index, state):
        at = 32 + index // 4
        byte = self.read(page, at, 1)
        shift = index % 4 * 2
        byte[0] = byte[0] & ~(3 << shift) | state << shift
        self.part.writeblocks(page, byte, at)

    def entries(self):
        # Page, index, entry of all that are valid.
        for page in self.pages():
            index = 0
            while index < _ENTRIES:
                span = 1
                if self.state(page, index) == 2:
                    entry = self.read(page, _FIRST + 32 * index, 32)
                    if crc32(entry[:4] + entry[8:], _FREE) == struct.unpack_from("<I", entry, 4)[0]:
                        span = max(entry[2], 1)
                        yield page, index, entry
                index += span

    def find(self, space, kind, key, chunk=0xFF):
        # The last one counts: what was cut off in the middle of a change left two.
        found = None
        for page, index, entry in self.entries():
            if entry[0] == space and entry[1] == kind and entry[3] == chunk and entry[8:24].rstrip(b"\0") == key:
                found = page, index, entry
        return found

    def free(self, span):
        # A page with room for so many entries, and where.
        pages = self.pages()
        for page in reversed(pages[-1:]):
            index = _ENTRIES
            while index > 0 and self.state(page, index - 1) == 3:
                index -= 1
            if index + span <= _ENTRIES:
                return page, index
        # One page is kept for moving what is valid out of a page that is full.
        if len(pages) < self.count - 1:
            return self.begin(pages), 0
        self.compact(pages)
        pages = self.pages()
        page = pages[-1]
        index = _ENTRIES
        while index > 0 and self.state(page, index - 1) == 3:
            index -= 1
        if index + span > _ENTRIES:
            raise OSError(-0x1105)
        return page, index

    def begin(self, pages):
        number = 0
        if pages:
            number = self.header(pages[-1]) + 1
            self.part.writeblocks(pages[-1], struct.pack("<I", _FULL), 0)
        page = [page for page in range(self.count) if page not in pages][0]
        self.part.ioctl(6, page)
        head = struct.pack("<IB19s", number, 0xFE, b"\xff" * 19)
        self.part.writeblocks(page, head + struct.pack("<I", crc32(head, _FREE)), 4)
        self.part.writeblocks(page, struct.pack("<I", _ACTIVE), 0)
        return page

    def compact(self, pages):
        # The page that has most that is not valid any more is written anew.
        def valid(page):
            return sum(self.state(page, index) == 2 for index in range(_ENTRIES))

        old = min(pages, key=valid)
        new = self.begin(pages)
        to = 0
        for page, index, entry in self.entries():
            if page == old:
                span = max(entry[2], 1)
                self.part.writeblocks(new, self.read(old, _FIRST + 32 * index, 32 * span), _FIRST + 32 * to)
                for one in range(to, to + span):
                    self.mark(new, one, 2)
                to += span
        self.part.ioctl(6, old)

    def write(self, space, kind, key, value, more=b"", chunk=0xFF):
        span = 1 + (len(more) + 31) // 32
        page, index = self.free(span)
        start = bytes((space, kind, span, chunk))
        rest = struct.pack("<16s8s", key, value)
        entry = start + struct.pack("<I", crc32(start + rest, _FREE)) + rest
        self.part.writeblocks(page, entry, _FIRST + 32 * index)
        if more:
            self.part.writeblocks(page, more, _FIRST + 32 * index + 32)
        for one in range(index, index + span):
            self.mark(page, one, 2)

    def erase(self, found):
        page, index, entry = found
        for one in range(index, index + max(entry[2], 1)):
            self.mark(page, one, 0)

    def space(self, name):
        used = 0
        for page, index, entry in self.entries():
            if entry[0] == 0:
                if entry[8:24].rstrip(b"\0") == name:
                    return entry[24]
                used = max(used, entry[24])
        self.write(0, _U8, name, bytes((used + 1,)) + b"\xff" * 7)
        return used + 1


class NVS:
    def __init__(self, namespace):
        self._store = _Store()
        self._space = self._store.space(self._key(namespace))

    def _key(self, key):
        key = bytes(key, "utf-8")
        if not 0 < len(key) < 16:
            raise OSError(-0x1109)
        return key

    def _get(self, kind, key):
        found = self._store.find(self._space, kind, self._key(key))
        if not found:
            raise OSError(-0x1102)
        return found

    def set_i32(self, key, value):
        name = self._key(key)
        self._store.write(self._space, _I32, name, struct.pack("<i", value) + b"\xff" * 4)
        self._remove(_I32, name, keeps=1)

    def get_i32(self, key):
        return struct.unpack_from("<i", self._get(_I32, key)[2], 24)[0]

    def _remove(self, kind, name, chunk=0xFF, keeps=0):
        # Of several the last one is valid: the others are what is left of changes that were cut off.
        found = []
        for page, index, entry in self._store.entries():
            if entry[0] == self._space and entry[1] == kind and entry[3] == chunk and entry[8:24].rstrip(b"\0") == name:
                found.append((page, index, entry))
        for one in found[: len(found) - keeps]:
            self._store.erase(one)
        return len(found)

    def set_blob(self, key, value):
        name = self._key(key)
        value = bytes(value)
        old = self._store.find(self._space, _INDEX, name)
        # The chunks of two versions have numbers of their own.
        first = 0x80 if old and old[2][29] == 0 else 0
        count = max((len(value) + _MOST - 1) // _MOST, 1)
        for number in range(count):
            part = value[number * _MOST : (number + 1) * _MOST]
            data = struct.pack("<HHI", len(part), 0xFFFF, crc32(part, _FREE))
            self._store.write(self._space, _BLOB, name, data, part, first + number)
        index = struct.pack("<IBBH", len(value), count, first, 0xFFFF)
        self._store.write(self._space, _INDEX, name, index)
        if old:
            self._remove(_INDEX, name, keeps=1)
            for number in range(old[2][28]):
                self._remove(_BLOB, name, old[2][29] + number)

    def get_blob(self, key, buffer):
        index = self._get(_INDEX, key)[2]
        size, count, first = struct.unpack_from("<IBB", index, 24)
        if size > len(buffer):
            raise OSError(-0x110C)
        at = 0
        for number in range(count):
            found = self._store.find(self._space, _BLOB, self._key(key), first + number)
            if not found:
                raise OSError(-0x1102)
            page, place, entry = found
            length, _, check = struct.unpack_from("<HHI", entry, 24)
            part = self._store.read(page, _FIRST + 32 * place + 32, length)
            if crc32(part, _FREE) != check:
                raise OSError(5)
            buffer[at : at + length] = part
            at += length
        return size

    def erase_key(self, key):
        name = self._key(key)
        if self._remove(_I32, name):
            return
        entry = self._get(_INDEX, key)[2]
        self._remove(_INDEX, name)
        for number in range(entry[28]):
            self._remove(_BLOB, name, entry[29] + number)

    def commit(self):
        # Everything is written when it is set.
        pass
