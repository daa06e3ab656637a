# onewire: the bus with one wire.

from time import sleep_us


class OneWireError(Exception):
    pass


class OneWire:
    SEARCH_ROM = 0xF0
    MATCH_ROM = 0x55
    SKIP_ROM = 0xCC

    def __init__(self, pin):
        self.pin = pin
        pin.init(pin.OPEN_DRAIN, pin.PULL_UP, value=1)

    def reset(self, required=False):
        # 480 us low, then a device answers low within 60 us.
        self.pin(0)
        sleep_us(480)
        self.pin(1)
        sleep_us(70)
        present = not self.pin()
        sleep_us(410)
        if required and not present:
            raise OneWireError
        return present

    def readbit(self):
        self.pin(0)
        self.pin(1)
        sleep_us(5)
        bit = self.pin()
        sleep_us(40)
        return bit

    def writebit(self, bit):
        self.pin(0)
        if bit:
            self.pin(1)
        sleep_us(60)
        self.pin(1)

    def readbyte(self):
        value = 0
        for i in range(8):
            value |= self.readbit() << i
        return value

    def writebyte(self, value):
        for i in range(8):
            self.writebit(value >> i & 1)

    def readinto(self, buf):
        for i in range(len(buf)):
            buf[i] = self.readbyte()

    def write(self, buf):
        for value in buf:
            self.writebyte(value)

    def select_rom(self, rom):
        self.reset()
        self.writebyte(self.MATCH_ROM)
        self.write(rom)

    def scan(self):
        # A walk through the tree of addresses: at each fork the branch of 0 first, that of 1 in a later round.
        found = []
        forks = []
        while self.reset():
            self.writebyte(self.SEARCH_ROM)
            rom = bytearray(8)
            pending = []
            for i in range(64):
                bit, complement = self.readbit(), self.readbit()
                if bit and complement:
                    return found
                if not bit and not complement:
                    if i in forks:
                        bit = 1
                    elif forks and i < forks[-1]:
                        bit = found[-1][i >> 3] >> (i & 7) & 1
                        if not bit:
                            pending.append(i)
                    else:
                        pending.append(i)
                self.writebit(bit)
                rom[i >> 3] |= bit << (i & 7)
            found.append(rom)
            if not pending:
                break
            forks = [pending[-1]]
        return found

    def crc8(self, data):
        crc = 0
        for byte in data:
            crc ^= byte
            for _ in range(8):
                crc = crc >> 1 ^ (0x8C if crc & 1 else 0)
        return crc
