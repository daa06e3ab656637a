// A Pico in rp2040js: `node emulator.mjs IMAGE.uf2 FLASH.img [--parts] [--uart] [--drive DRIVE]`. Its USB serial line is a TCP
// port, which is printed; with --uart it is its first UART, and nothing is on the USB. A second port, printed beside the
// first, is the same line by RFC 2217, with which a client sets the rate and the terminal (DTR). The flash is kept in the file, so what is stored survives. A reset by the
// watchdog starts the chip again. In its boot loader the directory DRIVE is a drive that takes a UF2 file, as the ROM
// shows one; without a drive the emulator ends there.

import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { createRequire } from 'node:module';
import { escaped, listen } from './modem.mjs';
import { connect } from './parts.mjs';
import { takeOver } from './pio.mjs';
import { installRom } from './rom.mjs';

// The package is installed beside the other peers, not here.
const require = createRequire(process.env.RP2040JS ?? import.meta.url);
const { ConsoleLogger, LogLevel, Simulator, USBCDC } = require('rp2040js');

const [image, flashFile, ...options] = process.argv.slice(2);
const drive = options.includes('--drive') ? options[options.indexOf('--drive') + 1] : undefined;
const FLASH_BYTES = 2 << 20;
const XIP = 0x10000000;
const STACK = 0x20041f00;
const STEPS = 20_000;
const NANOSECONDS = 1e9 / 125e6;
const WATCHDOG = 0x40058;
const BLOCK = 512;
const MAGIC = [[0, 0x0a324655], [4, 0x9e5d5157], [BLOCK - 4, 0x0ab16f30]];
const FAMILY_FLAG = 0x2000;
const FAMILY = 0xe48bff56;
const LOOK_MS = 20;
const REQUEST_NS = 1e6;

const out = { bytes: [], write(data) { this.bytes.push(data); } };
let send = (data) => out.write(data);
let chip;
let isNew = true;
const sockets = new Set();

function load(flash) {
  flash.fill(0xff);
  if (fs.existsSync(flashFile)) flash.set(fs.readFileSync(flashFile));
  // What the boot loader has written since is not written over.
  if (!isNew) return;
  isNew = false;
  const blocks = fs.readFileSync(image);
  for (let at = 0; at < blocks.length; at += 512) {
    const address = blocks.readUInt32LE(at + 12);
    const length = blocks.readUInt32LE(at + 16);
    flash.set(blocks.subarray(at + 32, at + 32 + length), address - XIP);
  }
}

// The host's end of the USB line. rp2040js asks the device instead of the interface for the terminal (DTR), and
// knows the endpoint's number only after it was armed; both are put right here.
function attach(mcu, clock) {
  const host = new USBCDC(mcu.usbCtrl);
  const waiting = [];
  const armed = new Map();
  const pump = () => {
    const room = armed.get(host.outEndpoint);
    if (room && waiting.length && host.initialized) {
      armed.delete(host.outEndpoint);
      mcu.usbCtrl.endpointReadDone(host.outEndpoint, Uint8Array.from(waiting.splice(0, room)));
    }
  };
  host.cdcSetControlLineState = function (value = 3) {
    mcu.usbCtrl.sendSetupPacket(new Uint8Array([0x21, 0x22, value, 0, 0, 0, 0, 0]));
    this.initialized = true;
  };
  host.onDeviceConnected = () => console.error('enumerated');
  host.onSerialData = (data) => send(Buffer.from(data));
  mcu.usbCtrl.onEndpointRead = (endpoint, length) => {
    if (endpoint) {
      armed.set(endpoint, length);
      pump();
    }
  };
  // Requests to the interface, one after the other: a setup packet, data for some, an empty packet back.
  const requests = [];
  let current;
  const next = () => {
    current = requests.shift();
    if (!current) return;
    mcu.usbCtrl.sendSetupPacket(Uint8Array.from(current.setup));
    if (current.data) {
      const sent = () => mcu.usbCtrl.endpointReadDone(0, Uint8Array.from(current.data));
      clock.createAlarm(sent).schedule(REQUEST_NS);
    }
  };
  const answered = mcu.usbCtrl.onEndpointWrite;
  mcu.usbCtrl.onEndpointWrite = (endpoint, buffer) => {
    answered(endpoint, buffer);
    if (endpoint === 0 && buffer.length === 0 && current) clock.createAlarm(next).schedule(REQUEST_NS);
  };
  const request = (setup, data) => {
    requests.push({ setup, data });
    if (!current) next();
  };
  return {
    receive(data) { waiting.push(...data); pump(); },
    set({ rate, dtr }) {
      if (rate) {
        const coding = Buffer.alloc(7);
        coding.writeUInt32LE(rate);
        coding[6] = 8;
        request([0x21, 0x20, 0, 0, 0, 0, 7, 0], coding);
      }
      if (dtr !== undefined) request([0x21, 0x22, dtr ? 3 : 0, 0, 0, 0, 0, 0]);
    },
  };
}

// The other end of the first UART, at 115200 bits per second.
const CHARACTER_NS = 1e10 / 115200;
function wire(mcu, clock) {
  const waiting = [];
  const line = mcu.uart[0];
  line.onByte = (byte) => send(Buffer.from([byte]));
  const feed = () => {
    line.feedByte(waiting.shift());
    if (waiting.length) clock.createAlarm(feed).schedule(CHARACTER_NS);
  };
  return {
    receive(data) {
      const isIdle = !waiting.length;
      waiting.push(...data);
      if (isIdle) clock.createAlarm(feed).schedule(CHARACTER_NS);
    },
    // The other end has one rate, and no more lines than two.
    set() {},
  };
}

function powerOn() {
  const simulator = new Simulator();
  const mcu = simulator.rp2040;
  mcu.logger = new ConsoleLogger(LogLevel.Error, false);
  load(mcu.flash);
  const store = () => { fs.writeFileSync(flashFile, mcu.flash.subarray(0, FLASH_BYTES)); chip.isStored = true; };
  chip = { mcu, simulator, store, isStored: true, isReset: false, pio: takeOver(mcu) };
  installRom(mcu, {
    // Meanwhile the processor does nothing, and what comes over a UART goes on coming.
    flashChanged: (nanoseconds) => { chip.isStored = false; simulator.clock.tick(nanoseconds); },
    bootloader: () => { chip.isLeft = true; },
  });
  mcu.peripherals[WATCHDOG].onWatchdogTrigger = () => { chip.isReset = true; };
  if (options.includes('--parts')) connect(mcu, simulator.clock);
  Object.assign(chip, (options.includes('--uart') ? wire : attach)(mcu, simulator.clock));
  // Where the ROM would jump to: the second stage of the boot.
  mcu.core.PC = XIP;
  mcu.core.SP = STACK;
}

// The boot loader's drive. A file is taken when all its blocks are there, whatever it is called; then the drive is
// gone and the chip starts. A block that is for another chip is passed over, as the ROM does.
function showDrive() {
  console.error('boot loader');
  chip.store();
  if (!drive) process.exit(0);
  for (const socket of sockets) socket.destroy();
  chip = undefined;
  fs.mkdirSync(drive, { recursive: true });
  fs.writeFileSync(path.join(drive, 'INDEX.HTM'), '<html></html>');
  fs.writeFileSync(
    path.join(drive, 'INFO_UF2.TXT'),
    'UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: RPI-RP2\r\n',
  );
  const look = () => {
    for (const name of fs.readdirSync(drive)) {
      if (['INDEX.HTM', 'INFO_UF2.TXT'].includes(name)) continue;
      if (take(fs.readFileSync(path.join(drive, name)))) {
        fs.rmSync(drive, { recursive: true });
        powerOn();
        run();
        return;
      }
    }
    setTimeout(look, LOOK_MS);
  };
  look();
}

// Writes the blocks of a file; whether it had all of them.
function take(bytes) {
  const flash = fs.readFileSync(flashFile);
  const seen = new Set();
  let count = Infinity;
  for (let at = 0; at + BLOCK <= bytes.length; at += BLOCK) {
    const word = (offset) => bytes.readUInt32LE(at + offset);
    if (MAGIC.some(([offset, magic]) => word(offset) !== magic)) continue;
    if (word(8) & FAMILY_FLAG && word(28) !== FAMILY) continue;
    bytes.copy(flash, word(12) - XIP, at + 32, at + 32 + word(16));
    seen.add(word(20));
    count = word(24);
  }
  if (seen.size < count) return false;
  fs.writeFileSync(flashFile, flash);
  return true;
}

function run() {
  const { core } = chip.mcu;
  const { clock } = chip.simulator;
  const { pio } = chip;
  for (let step = 0; step < STEPS && !chip.isReset && !chip.isLeft; step++) {
    // Nothing happens while the processor waits, unless there are machines that go on.
    const longest = pio.isRunning() ? 64 * NANOSECONDS : 1e6;
    const idle = core.waiting ? Math.min(clock.nanosToNextAlarm, longest) : 0;
    const passed = idle || core.executeInstruction() * NANOSECONDS;
    clock.tick(passed);
    pio.advance(passed / NANOSECONDS);
    if (idle) step += longest === 1e6 ? 100 : 1;
  }
  if (!chip.isStored) chip.store();
  if (chip.isLeft) {
    showDrive();
    return;
  }
  if (chip.isReset) {
    console.error('reset');
    powerOn();
  }
  setImmediate(run);
}

powerOn();

// A port for clients; with `isModem` they speak RFC 2217.
function serve(isModem, ready) {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    // There is no serial line while the boot loader runs.
    if (!chip) { socket.destroy(); return; }
    sockets.add(socket);
    socket.setNoDelay(true);
    const toChip = (data) => chip?.receive(data);
    const toClient = (data) => socket.write(Buffer.from(data));
    socket.on('data', isModem ? listen(toChip, toClient, (setting) => chip?.set(setting)) : toChip);
    const talk = (data) => socket.write(isModem ? escaped(data) : data);
    socket.on('close', () => {
      sockets.delete(socket);
      // The next client may be there already.
      if (send === talk) send = () => {};
    });
    for (const data of out.bytes.splice(0)) talk(data);
    send = talk;
  });
  server.listen(0, '127.0.0.1', () => ready(`127.0.0.1:${server.address().port}`));
}

serve(false, (address) => {
  serve(true, (modem) => console.log(`tcp://${address} rfc2217://${modem}`));
});
run();
