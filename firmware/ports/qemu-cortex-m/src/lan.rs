//! The wire: a LAN9118, polled.
//!
//! A frame that has come is a word in the status queue and its bytes in the data queue; one that goes is two words of
//! command and its bytes. The registers of MAC and PHY are reached through two others each.
//! Source: SMSC LAN9118 data sheet, chapters 3.12 (data paths) and 5 (registers). Its place: Arm AN385, "Memory map".
#![expect(unsafe_code, reason = "memory-mapped registers")]

use core::ptr::{read_volatile, write_volatile};

use upy_hal::machine::{Errno, Result};
use upy_hal::net::{Ethernet, FRAME_BYTES};

use crate::time;

const BASE: usize = 0x4020_0000;

/// Registers of the host's side, by their offsets.
mod register {
    pub const RX_DATA: usize = 0x00;
    pub const TX_DATA: usize = 0x20;
    pub const RX_STATUS: usize = 0x40;
    pub const TX_STATUS: usize = 0x48;
    pub const BYTE_TEST: usize = 0x64;
    pub const TX_CFG: usize = 0x70;
    pub const HW_CFG: usize = 0x74;
    pub const RX_DP_CTRL: usize = 0x78;
    pub const RX_FIFO_INF: usize = 0x7c;
    pub const TX_FIFO_INF: usize = 0x80;
    pub const MAC_CSR_CMD: usize = 0xa4;
    pub const MAC_CSR_DATA: usize = 0xa8;
}

/// Registers of the MAC, by their numbers.
mod mac {
    pub const CONTROL: u32 = 1;
    pub const ADDRESS_HIGH: u32 = 2;
    pub const ADDRESS_LOW: u32 = 3;
    pub const MII_ACCESS: u32 = 6;
    pub const MII_DATA: u32 = 7;
}

/// What a register that proves that the chip is there always says.
const PROOF: u32 = 0x8765_4321;
/// HW_CFG: reset; and its transmit queue of 5 KiB with the bit that must be one.
const RESET: u32 = 1;
const QUEUES: u32 = 5 << 16 | 1 << 20;
/// TX_CFG: transmit.
const TX_ON: u32 = 1 << 1;
/// RX_DP_CTRL: drop the frame at the head of the data queue; it clears itself.
const FAST_FORWARD: u32 = 1 << 31;
/// MAC_CSR_CMD: busy, and read instead of write.
const BUSY: u32 = 1 << 31;
const READ: u32 = 1 << 30;
/// MAC control: receiver and transmitter on, full duplex.
const RUNS: u32 = 1 << 2 | 1 << 3 | 1 << 20;
/// Status of a frame that has come: it is damaged.
const DAMAGED: u32 = 1 << 15;
/// Bytes of a frame's checksum, which are counted and delivered.
const CHECKSUM_BYTES: usize = 4;
/// Command of a frame that goes: the first and the last of its buffers.
const WHOLE: u32 = 1 << 13 | 1 << 12;
/// Two words of command for each frame that goes.
const COMMAND_BYTES: usize = 8;
/// The PHY inside: its address, and registers for control and status.
const PHY: u32 = 1;
const PHY_CONTROL: u32 = 0;
const PHY_STATUS: u32 = 1;
/// PHY control: agree on a speed, anew.
const NEGOTIATE: u32 = 1 << 12 | 1 << 9;
const LINKED: u32 = 1 << 2;
/// How long the chip may take for what it does, in microseconds.
const PATIENCE_US: u64 = 10_000;

fn read(offset: usize) -> u32 {
    // SAFETY: the callers pass registers of the LAN9118, which the board has at this address; reading one has
    // no effect but on the chip.
    unsafe { read_volatile((BASE + offset) as *const u32) }
}

fn write(offset: usize, value: u32) {
    // SAFETY: the callers pass registers of the LAN9118, which the board has at this address; the chip writes to no memory.
    unsafe { write_volatile((BASE + offset) as *mut u32, value) };
}

/// Waits until something is so.
fn until(is_so: impl Fn() -> bool) -> Result<()> {
    let end = time::ticks_us() + PATIENCE_US;
    while !is_so() {
        if time::ticks_us() > end {
            return Err(Errno::EIO);
        }
    }
    Ok(())
}

fn read_mac(number: u32) -> Result<u32> {
    write(register::MAC_CSR_CMD, BUSY | READ | number);
    until(|| read(register::MAC_CSR_CMD) & BUSY == 0)?;
    Ok(read(register::MAC_CSR_DATA))
}

fn write_mac(number: u32, value: u32) -> Result<()> {
    write(register::MAC_CSR_DATA, value);
    write(register::MAC_CSR_CMD, BUSY | number);
    until(|| read(register::MAC_CSR_CMD) & BUSY == 0)
}

fn read_phy(number: u32) -> Result<u32> {
    write_mac(mac::MII_ACCESS, PHY << 11 | number << 6 | 1)?;
    until(|| matches!(read_mac(mac::MII_ACCESS), Ok(access) if access & 1 == 0))?;
    read_mac(mac::MII_DATA)
}

fn write_phy(number: u32, value: u32) -> Result<()> {
    write_mac(mac::MII_DATA, value)?;
    write_mac(mac::MII_ACCESS, PHY << 11 | number << 6 | 0b11)?;
    until(|| matches!(read_mac(mac::MII_ACCESS), Ok(access) if access & 1 == 0))
}

/// The chip.
pub struct Lan9118 {
    mac: [u8; 6],
}

impl Lan9118 {
    /// Finds its address; it is switched on later.
    pub fn new() -> Self {
        // A chip that does not answer has an address of our own, and fails when it is switched on.
        let mac = Self::address().unwrap_or([0x02, 0x75, 0x70, 0x79, 0x09, 0x18]);
        Self { mac }
    }

    fn address() -> Option<[u8; 6]> {
        if read(register::BYTE_TEST) != PROOF {
            return None;
        }
        let low = read_mac(mac::ADDRESS_LOW).ok()?.to_le_bytes();
        let high = read_mac(mac::ADDRESS_HIGH).ok()?.to_le_bytes();
        let address = [low[0], low[1], low[2], low[3], high[0], high[1]];
        // One that is meant for many, or none, is no address of a chip.
        (address[0] & 1 == 0 && address != [0; 6]).then_some(address)
    }

    fn start(&self) -> Result<()> {
        if read(register::BYTE_TEST) != PROOF {
            return Err(Errno::EIO);
        }
        write(register::HW_CFG, RESET);
        until(|| read(register::HW_CFG) & RESET == 0)?;
        write(register::HW_CFG, QUEUES);
        let [a, b, c, d, e, f] = self.mac;
        write_mac(mac::ADDRESS_LOW, u32::from_le_bytes([a, b, c, d]))?;
        write_mac(mac::ADDRESS_HIGH, u32::from_le_bytes([e, f, 0, 0]))?;
        write_phy(PHY_CONTROL, NEGOTIATE)?;
        write(register::TX_CFG, TX_ON);
        write_mac(mac::CONTROL, RUNS)
    }
}

/// Drops the frame at the head of the data queue, of so many words.
fn drop_frame(words: usize) {
    if words < 4 {
        // The chip can't drop so short a one itself.
        for _ in 0..words {
            read(register::RX_DATA);
        }
        return;
    }
    write(register::RX_DP_CTRL, FAST_FORWARD);
    // A chip that goes on for longer is looked at again with the next frame.
    let _ = until(|| read(register::RX_DP_CTRL) & FAST_FORWARD == 0);
}

impl Ethernet for Lan9118 {
    fn mac(&self) -> [u8; 6] {
        self.mac
    }

    fn activate(&mut self, active: bool) -> Result<()> {
        if active {
            self.start()
        } else {
            write_mac(mac::CONTROL, 0)
        }
    }

    fn is_linked(&mut self) -> bool {
        // The first answer is about the past.
        let _ = read_phy(PHY_STATUS);
        read_phy(PHY_STATUS).is_ok_and(|status| status & LINKED != 0)
    }

    fn is_waiting(&mut self) -> bool {
        read(register::RX_FIFO_INF) >> 16 & 0xff != 0
    }

    fn receive(&mut self, frame: &mut [u8; FRAME_BYTES]) -> Option<usize> {
        while self.is_waiting() {
            let status = read(register::RX_STATUS);
            let with_checksum = (status >> 16 & 0x3fff) as usize;
            let words = with_checksum.div_ceil(4);
            let len = with_checksum.saturating_sub(CHECKSUM_BYTES);
            if status & DAMAGED != 0 || len > FRAME_BYTES {
                drop_frame(words);
                continue;
            }
            let (whole, rest) = frame[..len].as_chunks_mut::<4>();
            for word in whole.iter_mut() {
                *word = read(register::RX_DATA).to_le_bytes();
            }
            let taken = whole.len() + usize::from(!rest.is_empty());
            if !rest.is_empty() {
                rest.copy_from_slice(&read(register::RX_DATA).to_le_bytes()[..rest.len()]);
            }
            for _ in taken..words {
                read(register::RX_DATA);
            }
            return Some(len);
        }
        None
    }

    fn has_room(&mut self) -> bool {
        let free = (read(register::TX_FIFO_INF) & 0xffff) as usize;
        free >= FRAME_BYTES + 4 + COMMAND_BYTES
    }

    fn send(&mut self, frame: &[u8]) {
        if !self.has_room() {
            return;
        }
        // What became of earlier ones is not of interest, but fills a queue.
        for _ in 0..read(register::TX_FIFO_INF) >> 16 & 0xff {
            read(register::TX_STATUS);
        }
        let len = frame.len() as u32 & 0x7ff;
        write(register::TX_DATA, WHOLE | len);
        write(register::TX_DATA, len);
        let (whole, rest) = frame.as_chunks::<4>();
        for word in whole {
            write(register::TX_DATA, u32::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut last = [0; 4];
            last[..rest.len()].copy_from_slice(rest);
            write(register::TX_DATA, u32::from_le_bytes(last));
        }
    }
}
