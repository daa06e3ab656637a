// What the programs in tests/ports/conformance want on the pins of a Pico: a wire from pin 2 to 3, half of the supply
// at pin 26, a memory of 256 bytes at address 0x50 of the first two-wire bus, out and in of the first three-wire bus
// and of the second serial line joined, and a receiver at pin 15 that passes on what it hears at 115200 bits per second
// to that serial line.

const CHARACTER_NS = 86_800;
const BIT_NS = 1e9 / 115_200;

export function connect(mcu, clock) {
  const [from, to] = [mcu.gpio[2], mcu.gpio[3]];
  // 0 low, 1 high, 2 input, 3 pulled up, 4 pulled down: an end that lets go leaves the other one to its resistor.
  const pass = (state) => to.setInputValue(state < 2 ? state === 1 : to.pullupEnabled);
  from.addListener((state) => pass(state));
  to.addListener(() => pass(from.value));

  mcu.adc.channelValues[0] = 2048;

  mcu.spi[0].onTransmit = (value) => mcu.spi[0].completeTransmit(value);

  const line = mcu.uart[1];
  line.onByte = (byte) => {
    clock.createAlarm(() => line.feedByte(byte)).schedule(CHARACTER_NS);
  };

  hear(mcu.gpio[15], clock, (byte) => line.feedByte(byte));

  memory(mcu.i2c[0]);
}

// Eight bits and a stop bit, by the clock: each bit is looked at in its middle.
function hear(pin, clock, take) {
  let isBusy = false;
  pin.addListener((state) => {
    if (state !== 0 || isBusy) return;
    isBusy = true;
    let byte = 0;
    let count = 0;
    const look = () => {
      const level = pin.value === 1;
      if (count < 8) {
        byte |= level << count++;
        clock.createAlarm(look).schedule(BIT_NS);
        return;
      }
      isBusy = false;
      // Without a stop bit it is no character.
      if (level) take(byte);
    };
    clock.createAlarm(look).schedule(BIT_NS * 1.5);
  });
}

function memory(bus) {
  const content = new Uint8Array(256).fill(0xff);
  let at = 0;
  let isFirst = false;
  bus.onStart = () => bus.completeStart();
  bus.onConnect = (address, mode) => {
    isFirst = mode === 0;
    bus.completeConnect(address === 0x50);
  };
  bus.onWriteByte = (byte) => {
    if (isFirst) at = byte;
    else {
      content[at] = byte;
      at = (at + 1) & 255;
    }
    isFirst = false;
    bus.completeWrite(true);
  };
  bus.onReadByte = () => {
    const byte = content[at];
    at = (at + 1) & 255;
    bus.completeRead(byte);
  };
  bus.onStop = () => bus.completeStop();
}
