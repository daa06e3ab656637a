# rp2: programs for the small machines of an RP2040 that move pins, written as Python functions.
#
# A function under `asm_pio` is called once, with the instructions as functions in its globals; each notes a step, and
# at the end the steps become words. Encodings: RP2040 datasheet, chapter 3.4; settings: chapter 3.7.
from array import array
from _rp2 import PIO, StateMachine
from upy import Flash

_MOST = const(32)
_INVERT = const(0x40)
_REVERSE = const(0x80)
_RELATIVE = const(0x10)
# What `push`, `pull` and `irq` are told, besides what is in the word.
_NOBLOCK = const(1)
_BLOCK = const(0x20)
_IF = const(0x40)

# Sources and destinations by their places here; two have other numbers in instructions.
_PLACES = ("pins", "x", "y", "null", "pindirs", "pc", "isr", "osr", "exec", "status")
_IN = b"\x00\x01\x02\x03\xff\xff\x06\x07\xff\xff"
_OUT = b"\x00\x01\x02\x03\x04\x05\x06\xff\x07\xff"
_SET = b"\x00\x01\x02\xff\x04\xff\xff\xff\xff\xff"
_MOV_TO = b"\x00\x01\x02\xff\xff\x05\x06\x07\x04\xff"
_MOV_FROM = b"\x00\x01\x02\x03\xff\xff\x06\x07\xff\x05"
_CONDITIONS = ("not_x", "x_dec", "not_y", "y_dec", "x_not_y", "pin", "not_osre")
_PIN = const(6)
_INSTRUCTIONS = (
    "wrap_target wrap label word nop jmp wait in_ out push pull mov irq set"
).split()


class PIOASMError(Exception):
    pass


def _within(what, value, least, most):
    if not isinstance(value, int) or not least <= value <= most:
        raise PIOASMError("%s: %r is not from %d to %d" % (what, value, least, most))
    return value


def _place(what, value, codes):
    if not isinstance(value, int) or not 0 <= value < len(codes) or codes[value] > 7:
        raise PIOASMError("%s: that is no place for it" % what)
    return codes[value]


class _Steps:
    def __init__(self):
        # [word, label, cycles to wait, side-set]
        self.steps = []
        self.labels = {}
        self.bottom = 0
        self.top = -1

    def names(self):
        names = {"gpio": 0, "noblock": _NOBLOCK, "block": _BLOCK, "clear": _IF}
        names["iffull"] = names["ifempty"] = _IF
        names["invert"] = lambda place: place | _INVERT
        names["reverse"] = lambda place: place | _REVERSE
        names["rel"] = lambda flag: _within("rel", flag, 0, 7) | _RELATIVE
        for code, name in enumerate(_PLACES):
            names[name] = code
        for code, name in enumerate(_CONDITIONS):
            names[name] = code + 1
        for name in _INSTRUCTIONS:
            names[name] = getattr(self, name)
        return names

    # What is said of an instruction behind it.

    def __getitem__(self, cycles):
        return self.delay(cycles)

    def delay(self, cycles):
        self.steps[-1][2] = cycles
        return self

    def side(self, value):
        self.steps[-1][3] = value
        return self

    # What is said of the program.

    def wrap_target(self):
        self.bottom = len(self.steps)

    def wrap(self):
        self.top = len(self.steps) - 1
        _within("wrap", self.top, 0, _MOST)

    def label(self, label):
        if label in self.labels:
            raise PIOASMError("label %r is there twice" % (label,))
        self.labels[label] = len(self.steps)

    # The instructions.

    def word(self, instr, label=None):
        self.steps.append([_within("word", instr, 0, 0xFFFF), label, 0, None])
        return self

    def nop(self):
        return self.word(0xA042)

    def jmp(self, cond, label=None):
        if label is None:
            return self.word(0, cond)
        return self.word(_within("jmp", cond, 0, 7) << 5, label)

    def wait(self, polarity, src, index):
        if src == _PIN:
            src = 1
        elif callable(src):
            src = 2
            _within("wait irq", index & ~_RELATIVE, 0, 7)
        else:
            _within("wait", src, 0, 0)
        _within("wait", polarity, 0, 1)
        return self.word(0x2000 | polarity << 7 | src << 5 | _within("wait", index, 0, 31))

    def in_(self, src, bits):
        return self.word(0x4000 | _place("in_", src, _IN) << 5 | _within("in_", bits, 1, 32) & 31)

    def out(self, dest, bits):
        return self.word(0x6000 | _place("out", dest, _OUT) << 5 | _within("out", bits, 1, 32) & 31)

    def push(self, first=0, second=0):
        return self._queue(0x8000, first | second)

    def pull(self, first=0, second=0):
        return self._queue(0x8080, first | second)

    def _queue(self, word, how):
        if not how & _NOBLOCK:
            word |= _BLOCK
        return self.word(word | how & _IF)

    def mov(self, dest, src):
        how = (src & _INVERT) >> 3 | (src & _REVERSE) >> 3
        src = _place("mov", src & ~(_INVERT | _REVERSE), _MOV_FROM)
        return self.word(0xA000 | _place("mov", dest, _MOV_TO) << 5 | how | src)

    def irq(self, how, index=None):
        if index is None:
            how, index = 0, how
        _within("irq", index & ~_RELATIVE, 0, 7)
        return self.word(0xC000 | how & (_IF | _BLOCK) | index)

    def set(self, dest, data):
        return self.word(0xE000 | _place("set", dest, _SET) << 5 | _within("set", data, 0, 31))

    # What they become. `side` bits are side-set, of which the first says whether there is one if `optional`.

    def words(self, side, optional):
        _within("side-set bits", side, 0, 5)
        words = array("H")
        for word, label, cycles, value in self.steps:
            if label is not None:
                at = self.labels.get(label)
                if at is None:
                    raise PIOASMError("label %r is not there" % (label,))
                word |= at
            word |= _within("delay", cycles, 0, 31 >> side) << 8
            if value is not None:
                if not side:
                    raise PIOASMError("side: no bits are side-set")
                _within("side", value, 0, (1 << side - optional) - 1)
                word |= optional << 12 | value << 13 - side
            words.append(word)
        return words


def _count(pins):
    if pins is None:
        return 0
    return 1 if isinstance(pins, int) else len(pins)


def asm_pio(
    *,
    out_init=None,
    set_init=None,
    sideset_init=None,
    side_pindir=False,
    in_shiftdir=PIO.SHIFT_LEFT,
    out_shiftdir=PIO.SHIFT_LEFT,
    autopush=False,
    autopull=False,
    push_thresh=32,
    pull_thresh=32,
    fifo_join=PIO.JOIN_NONE
):
    def assemble(function):
        steps = _Steps()
        names = steps.names()
        known = function.__globals__
        kept = {}
        for name in names:
            if name in known:
                kept[name] = known[name]
            known[name] = names[name]
        try:
            function()
        finally:
            for name in names:
                if name in kept:
                    known[name] = kept[name]
                else:
                    del known[name]
        count = len(steps.steps)
        if not 0 < count <= _MOST:
            raise PIOASMError("the program has %d instructions, not from 1 to %d" % (count, _MOST))
        side = _count(sideset_init)
        optional = side > 0 and any(step[3] is None for step in steps.steps)
        top = count - 1 if steps.top < 0 else steps.top
        control = side_pindir << 29 | optional << 30 | top << 12 | steps.bottom << 7
        shift = (
            _within("fifo_join", fifo_join, 0, 2) << 30
            | (_within("pull_thresh", pull_thresh, 1, 32) & 31) << 25
            | (_within("push_thresh", push_thresh, 1, 32) & 31) << 20
            | out_shiftdir << 19
            | in_shiftdir << 18
            | autopull << 17
            | autopush << 16
        )
        words = steps.words(side + optional, optional)
        return [words, -1, -1, -1, control, shift, out_init, set_init, sideset_init]

    return assemble


# `sideset_count` is how many bits are side-set, with the one that says whether there is one.
def asm_pio_encode(instr, sideset_count, sideset_opt=False):
    steps = _Steps()
    names = steps.names()
    # There are no labels: where to jump is given by its number.
    steps.labels = {at: at for at in range(_MOST)}
    exec(instr, names)
    if len(steps.steps) != 1:
        raise PIOASMError("%d instructions instead of one" % len(steps.steps))
    return steps.words(sideset_count, bool(sideset_opt))[0]
