// A Pico in rp2040js: `node emulator.mjs IMAGE.uf2 FLASH.img [--parts]`. Its USB serial line is a TCP port, which is printed.
// The flash is kept in the file, so what is stored survives. A reset by the watchdog starts the chip again.

import fs from 'node:fs';
import net from 'node:net';
import { createRequire } from 'node:module';
import { connect } from './parts.mjs';
import { installRom } from './rom.mjs';

// The package is installed beside the other peers, not here.
const require = createRequire(process.env.RP2040JS ?? import.meta.url);
const { ConsoleLogger, LogLevel, Simulator, USBCDC } = require('rp2040js');

const [image, flashFile, option] = process.argv.slice(2);
const FLASH_BYTES = 2 << 20;
const XIP = 0x10000000;
const STACK = 0x20041f00;
const STEPS = 20_000;
const NANOSECONDS = 1e9 / 125e6;
const WATCHDOG = 0x40058;

const out = { bytes: [], write(data) { this.bytes.push(data); } };
let send = (data) => out.write(data);
let chip;

function load(flash) {
  flash.fill(0xff);
  if (fs.existsSync(flashFile)) flash.set(fs.readFileSync(flashFile));
  const blocks = fs.readFileSync(image);
  for (let at = 0; at < blocks.length; at += 512) {
    const address = blocks.readUInt32LE(at + 12);
    const length = blocks.readUInt32LE(at + 16);
    flash.set(blocks.subarray(at + 32, at + 32 + length), address - XIP);
  }
}

// The host's end of the USB line. rp2040js asks the device instead of the interface for the terminal (DTR), and
// knows the endpoint's number only after it was armed; both are put right here.
function attach(mcu) {
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
  return (data) => { waiting.push(...data); pump(); };
}

function powerOn() {
  const simulator = new Simulator();
  const mcu = simulator.rp2040;
  mcu.logger = new ConsoleLogger(LogLevel.Error, false);
  load(mcu.flash);
  const store = () => { fs.writeFileSync(flashFile, mcu.flash.subarray(0, FLASH_BYTES)); chip.isStored = true; };
  chip = { mcu, simulator, store, isStored: true, isReset: false };
  installRom(mcu, {
    flashChanged: () => { chip.isStored = false; },
    bootloader: () => { console.error('boot loader'); chip.store(); process.exit(0); },
  });
  mcu.peripherals[WATCHDOG].onWatchdogTrigger = () => { chip.isReset = true; };
  if (option === '--parts') connect(mcu, simulator.clock);
  chip.receive = attach(mcu);
  // Where the ROM would jump to: the second stage of the boot.
  mcu.core.PC = XIP;
  mcu.core.SP = STACK;
}

function run() {
  const { core } = chip.mcu;
  const { clock } = chip.simulator;
  for (let step = 0; step < STEPS && !chip.isReset; step++) {
    const idle = core.waiting ? Math.min(clock.nanosToNextAlarm, 1e6) : 0;
    clock.tick(idle || core.executeInstruction() * NANOSECONDS);
    if (idle) step += 100;
  }
  if (!chip.isStored) chip.store();
  if (chip.isReset) {
    console.error('reset');
    powerOn();
  }
  setImmediate(run);
}

powerOn();
const server = net.createServer((socket) => {
  socket.setNoDelay(true);
  socket.on('data', (data) => chip.receive(data));
  socket.on('error', () => {});
  socket.on('close', () => { send = () => {}; });
  for (const data of out.bytes.splice(0)) socket.write(data);
  send = (data) => socket.write(data);
});
server.listen(0, '127.0.0.1', () => console.log(`tcp://127.0.0.1:${server.address().port}`));
run();
