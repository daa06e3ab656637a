# Machines for pins: A and B are joined, a receiver hears what pin HEARD sends and passes it on to the serial line.
# Words of the assembler against those of the RP2040 datasheet, chapter 3.4; then what programs do.
import time
from array import array
import rp2
from machine import Pin, UART
from neopixel import NeoPixel
from rp2 import PIO, PIOASMError, StateMachine, asm_pio, asm_pio_encode


# Each instruction alone.
for text, word in (
    ("nop()", 0xA042),
    ("jmp(5)", 0x0005),
    ("jmp(not_x, 31)", 0x003F),
    ("jmp(x_dec, 1)", 0x0041),
    ("jmp(not_y, 2)", 0x0062),
    ("jmp(y_dec, 3)", 0x0083),
    ("jmp(x_not_y, 4)", 0x00A4),
    ("jmp(pin, 5)", 0x00C5),
    ("jmp(not_osre, 6)", 0x00E6),
    ("wait(1, gpio, 25)", 0x2099),
    ("wait(0, pin, 3)", 0x2023),
    ("wait(1, irq, 4)", 0x20C4),
    ("wait(1, irq, rel(2))", 0x20D2),
    ("in_(pins, 32)", 0x4000),
    ("in_(x, 1)", 0x4021),
    ("in_(y, 8)", 0x4048),
    ("in_(null, 5)", 0x4065),
    ("in_(isr, 6)", 0x40C6),
    ("in_(osr, 7)", 0x40E7),
    ("out(pins, 1)", 0x6001),
    ("out(x, 32)", 0x6020),
    ("out(y, 2)", 0x6042),
    ("out(null, 3)", 0x6063),
    ("out(pindirs, 4)", 0x6084),
    ("out(pc, 5)", 0x60A5),
    ("out(isr, 6)", 0x60C6),
    ("out(exec, 16)", 0x60F0),
    ("push()", 0x8020),
    ("push(noblock)", 0x8000),
    ("push(iffull)", 0x8060),
    ("push(iffull, noblock)", 0x8040),
    ("push(block)", 0x8020),
    ("pull()", 0x80A0),
    ("pull(noblock)", 0x8080),
    ("pull(ifempty)", 0x80E0),
    ("pull(ifempty, noblock)", 0x80C0),
    ("mov(pins, x)", 0xA001),
    ("mov(x, y)", 0xA022),
    ("mov(y, null)", 0xA043),
    ("mov(exec, status)", 0xA085),
    ("mov(pc, isr)", 0xA0A6),
    ("mov(isr, osr)", 0xA0C7),
    ("mov(osr, pins)", 0xA0E0),
    ("mov(x, invert(y))", 0xA02A),
    ("mov(osr, reverse(isr))", 0xA0F6),
    ("irq(3)", 0xC003),
    ("irq(rel(1))", 0xC011),
    ("irq(block, 2)", 0xC022),
    ("irq(clear, 7)", 0xC047),
    ("set(pins, 31)", 0xE01F),
    ("set(x, 1)", 0xE021),
    ("set(y, 2)", 0xE042),
    ("set(pindirs, 3)", 0xE083),
    ("word(0x1234)", 0x1234),
    ("nop()[31]", 0xBF42),
    ("nop().delay(3)", 0xA342),
):
    made = asm_pio_encode(text, 0)
    if made != word:
        print(text, hex(made), "instead of", hex(word))
# One bit of side-set; two with the one that says that there is one.
print([hex(asm_pio_encode(text, 1)) for text in ("nop().side(1)", "nop().side(0)[15]", "set(x,3)[2]")])
print([hex(asm_pio_encode(text, 2, True)) for text in ("nop().side(1)", "nop()", "nop().side(0)[7]")])


def fails(what, *arguments):
    try:
        what(*arguments)
    except PIOASMError as error:
        print("PIOASMError:", error)


for text, bits in (
    ("nop()[32]", 0),
    ("nop()[16]", 1),
    ("nop().side(1)", 0),
    ("nop().side(2)", 1),
    ("out(x, 33)", 0),
    ("in_(x, 0)", 0),
    ("set(x, 32)", 0),
    ("set(osr, 1)", 0),
    ("irq(8)", 0),
    ("jmp(32)", 0),
    ("nop();nop()", 0),
):
    fails(asm_pio_encode, text, bits)


def nowhere():
    jmp("nowhere")


def twice():
    label("a")
    label("a")


def long():
    for _ in range(33):
        nop()


def empty():
    pass


for broken in (nowhere, twice, long, empty):
    fails(asm_pio(), broken)
print("names are gone", "nop" in globals(), "wrap" in globals())


# A whole program: labels, wrap, side-set that is there or not, settings.
@asm_pio(
    set_init=PIO.OUT_LOW,
    out_init=(PIO.OUT_HIGH,) * 2,
    sideset_init=PIO.OUT_LOW,
    side_pindir=True,
    in_shiftdir=PIO.SHIFT_RIGHT,
    autopull=True,
    pull_thresh=8,
    push_thresh=16,
    fifo_join=PIO.JOIN_TX,
)
def whole():
    set(x, 7).side(1)
    wrap_target()
    label("loop")
    out(pins, 2)[3]
    jmp(x_dec, "loop").side(0)[1]
    wrap()
    jmp("loop")


print([hex(word) for word in whole[0]], hex(whole[4]), hex(whole[5]), whole[6:])

# ---- what programs do --------------------------------------------------------------------------------------

a, b = Pin(A), Pin(B, Pin.IN)


# A wave that is read back on the other pin.
@asm_pio(set_init=PIO.OUT_LOW)
def blink():
    set(pins, 1)[31]
    nop()[31]
    set(pins, 0)[31]
    nop()[31]


blinker = StateMachine(0, blink, freq=20_000, set_base=a)
print(blinker, blinker.active(), b.value())
edges = []
b.irq(lambda pin: edges.append(time.ticks_us()), Pin.IRQ_RISING)
blinker.active(1)
while len(edges) < 5:
    time.sleep_ms(1)
blinker.active(0)
b.irq(None)
# 128 cycles of 50 us: a period of 6400, seen to the slice in which a program sleeps.
period = (edges[4] - edges[0]) / 4
print("period", 5400 < period < 7400, blinker.active())
blinker.exec("set(pins, 1)")
high = b.value()
blinker.exec("set(pins, 0)")
print("exec", high, b.value())


# Words there and back, inverted on the way, through both queues.
@asm_pio()
def invert():
    pull()
    mov(isr, invert(osr))
    push()


inverter = StateMachine(1, invert)
inverter.put(1)
inverter.put(2)
print("queued", inverter.tx_fifo(), inverter.rx_fifo())
inverter.active(1)
print([hex(inverter.get()) for _ in range(2)], inverter.tx_fifo(), inverter.rx_fifo())
inverter.put(0xAB, 24)
print(hex(inverter.get(None, 24)))
for kind in "BHI":
    inverter.put(array(kind, [1, 2, 3]))
    back = inverter.get(array(kind, [0] * 3))
    print(back)
inverter.put(b"\x00\xff")
print(inverter.get(bytearray(2)))
# More than the queues hold: it waits until there is room.
numbers = array("I", range(12))
sent = 0
got = []
for number in numbers:
    inverter.put(number)
    if inverter.rx_fifo() == 4:
        while inverter.rx_fifo():
            got.append(~inverter.get() & 0xFFFFFFFF)
while len(got) < 12:
    got.append(~inverter.get() & 0xFFFFFFFF)
print(got == list(numbers))
inverter.active(0)


# Shifting, counting, automatic queues: the bits of a byte one by one out of the one pin and in at the other.
@asm_pio(out_init=PIO.OUT_LOW, sideset_init=None, autopull=True, pull_thresh=8, out_shiftdir=PIO.SHIFT_RIGHT)
def sender():
    wrap_target()
    out(pins, 1)[7]
    wrap()


@asm_pio(in_shiftdir=PIO.SHIFT_RIGHT, autopush=True, push_thresh=8)
def receiver():
    wait(1, pin, 0)
    nop()[3]
    set(x, 7)
    label("bit")
    in_(pins, 1)[6]
    jmp(x_dec, "bit")
    wait(0, pin, 0)


reader = StateMachine(4, receiver, freq=1_000_000, in_base=b)
reader.active(1)
writer = StateMachine(5, sender, freq=1_000_000, out_base=a)
writer.put(0b1010_0101)
writer.put(0)
writer.active(1)
print("bits", hex(reader.get() >> 24))
writer.active(0)
reader.active(0)


# Characters that another receiver understands.
@asm_pio(sideset_init=PIO.OUT_HIGH, out_init=PIO.OUT_HIGH, out_shiftdir=PIO.SHIFT_RIGHT)
def talk():
    pull().side(1)[7]
    set(x, 7).side(0)[7]
    label("bit")
    out(pins, 1)[6]
    jmp(x_dec, "bit")


number, tx, rx = SERIAL
line = UART(number, baudrate=115200, tx=Pin(tx), rx=Pin(rx))
talker = StateMachine(2, talk, freq=8 * 115200, sideset_base=Pin(HEARD), out_base=Pin(HEARD))
talker.active(1)
talker.put(b"PIO!")
heard = b""
while len(heard) < 4:
    heard += line.read() or b""
print(heard)
talker.active(0)


# What `neopixel` sends: a bit is one if the pin is still high after 600 ns.
@asm_pio(autopush=True, push_thresh=24)
def pixels():
    wait(1, pin, 0)[6]
    in_(pins, 1)
    wait(0, pin, 0)


a.init(Pin.OUT, value=0)
watcher = StateMachine(6, pixels, freq=10_000_000, in_base=b)
watcher.active(1)
strip = NeoPixel(a, 2)
strip[0] = (0x12, 0x34, 0x56)
strip[1] = (0xFF, 0x00, 0x81)
strip.write()
print("pixels", [hex(watcher.get()) for _ in range(2)])
watcher.active(0)


# Flags call handlers, of the machine and of its block.
@asm_pio()
def flag():
    pull()
    irq(rel(0))
    wait(1, irq, 4)
    irq(clear, 4)


called = []
flagger = StateMachine(3, flag)
flagger.irq(lambda machine: called.append((machine, machine.irq().flags())))
block = PIO(0)
block.irq(lambda block: called.append((block, hex(block.irq().flags()))), PIO.IRQ_SM3)
flagger.active(1)
flagger.put(0)
while len(called) < 2:
    time.sleep_ms(1)
print(called)
called.clear()
flagger.irq(None)
block.irq(None)
flagger.exec("irq(4)")
flagger.restart()
flagger.put(0)
time.sleep_ms(3)
print(called)
flagger.active(0)

# The memory of a block: 32 instructions.
PIO(1).remove_program()
fill = [array("H", [0xA042] * 20), -1, -1, -1, 19 << 12, 0, None, None, None]
other = [array("H", [0xA042] * 13), -1, -1, -1, 12 << 12, 0, None, None, None]
PIO(1).add_program(fill)
try:
    PIO(1).add_program(other)
except OSError as error:
    print("OSError", error.errno)
PIO(1).remove_program(fill)
PIO(1).add_program(other)
print("loaded", fill[2], other[2] >= 0, PIO(1).state_machine(2), PIO(1))
for wrong in (
    lambda: PIO(2),
    lambda: StateMachine(8),
    lambda: StateMachine(0, other, freq=1),
    lambda: StateMachine(0, [1]),
    lambda: blinker.put(1.5),
):
    try:
        wrong()
    except (ValueError, TypeError) as error:
        print(type(error).__name__)
