// A stand-in for the boot ROM of the RP2040, which rp2040js does not have: the header and tables that programs
// look functions up in (RP2040 datasheet, 2.8.2 and 2.8.3), each function being a breakpoint that is served here.

const HEADER = 0x10;
const FIRST_FUNCTION = 0x100;
const BKPT = 0xbe00;
const BX_LR = 0x4770;
const BLOCK_BYTES = 4096;
const PAGE_BYTES = 256;
// What the flash of a Pico usually takes for a block and for a page (W25Q16JV, chapter 9.6).
const ERASE_NS = 45e6;
const PROGRAM_NS = 0.4e6;

// Puts the ROM into the chip. `events.flashChanged(nanoseconds)`, with what it took, and
// `events.bootloader()` are called as they happen.
export function installRom(chip, events) {
  const bytes = new Uint8Array(16 * 1024);
  const view = new DataView(bytes.buffer);
  const registers = chip.core.registers;
  const served = [];
  let end = FIRST_FUNCTION;

  const add = (work) => {
    const address = end;
    view.setUint16(end, BKPT | served.length, true);
    view.setUint16(end + 2, BX_LR, true);
    served.push(work);
    end += 4;
    return address | 1;
  };
  const aligned = (what, offset, length, unit) => {
    if (offset % unit || length % unit) {
      throw new Error(`${what}: ${offset}+${length} is not in units of ${unit} bytes`);
    }
  };

  const nothing = () => {};
  const erase = () => {
    const [offset, length] = registers;
    aligned('erase', offset, length, BLOCK_BYTES);
    chip.flash.fill(0xff, offset, offset + length);
    events.flashChanged(length / BLOCK_BYTES * ERASE_NS);
  };
  const program = () => {
    const [offset, source, length] = registers;
    aligned('program', offset, length, PAGE_BYTES);
    for (let at = 0; at < length; at++) chip.flash[offset + at] &= chip.readUint8(source + at);
    events.flashChanged(length / PAGE_BYTES * PROGRAM_NS);
  };
  const functions = {
    IF: nothing, EX: nothing, FC: nothing, CX: nothing,
    RE: erase, RP: program,
    UB: () => events.bootloader(),
  };

  const tableOf = (entries) => {
    const rows = Object.entries(entries).map(([code, work]) => [code, add(work)]);
    const start = end;
    for (const [code, address] of [...rows, ['\0\0', 0]]) {
      view.setUint16(end, code.charCodeAt(0) | code.charCodeAt(1) << 8, true);
      view.setUint16(end + 2, address, true);
      end += 4;
    }
    return start;
  };
  const lookUp = add(() => {
    const [table, code] = registers;
    registers[0] = 0;
    for (let at = table; chip.readUint16(at); at += 4) {
      if (chip.readUint16(at) === code) registers[0] = chip.readUint16(at + 2);
    }
  });

  bytes.set([0x4d, 0x75, 0x01, 0x03], HEADER);
  view.setUint16(HEADER + 4, tableOf(functions), true);
  view.setUint16(HEADER + 6, tableOf({}), true);
  view.setUint16(HEADER + 8, lookUp, true);
  chip.bootrom.set(new Uint32Array(bytes.buffer));
  chip.onBreak = (number) => {
    if (chip.core.PC >= bytes.length) {
      throw new Error(`the program stopped at a breakpoint at 0x${chip.core.PC.toString(16)}`);
    }
    served[number]();
  };
}
