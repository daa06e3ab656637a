//! The processor: RV32IMC with the control registers that the ESP32-C3 has, and no others.
//!
//! Source: "The RISC-V Instruction Set Manual", volumes I and II; ESP32-C3 Technical Reference Manual, chapter 1.
//! `mie` and `mip` do not exist there; a program that touches them is ended by an exception, as on the chip.

use crate::bus::Bus;
use crate::compressed::{ILLEGAL, signed, table};

/// The registers.
pub(crate) struct Cpu {
    x: [u32; 32],
    pc: u32,
    status: u32,
    vector: u32,
    scratch: u32,
    exception_pc: u32,
    cause: u32,
    value: u32,
    /// Protection, triggers, counters: kept, without effect.
    others: Vec<(u16, u32)>,
    short: Vec<u32>,
    /// The page that `pc` is in and where that is in memory.
    page: u32,
    base: usize,
}

/// Why a run of instructions ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pause {
    /// It did not.
    None,
    /// The processor waits for an interrupt.
    Idle,
    /// The chip resets, or something changed that the outside has to see to.
    Outside,
}

/// Exceptions, by their numbers.
mod exception {
    pub(super) const FETCH: u32 = 1;
    pub(super) const ILLEGAL: u32 = 2;
    pub(super) const BREAKPOINT: u32 = 3;
    pub(super) const LOAD: u32 = 5;
    pub(super) const STORE: u32 = 7;
    pub(super) const CALL: u32 = 11;
}

/// Control registers.
mod csr {
    pub(super) const STATUS: u32 = 0x300;
    pub(super) const ISA: u32 = 0x301;
    pub(super) const VECTOR: u32 = 0x305;
    pub(super) const SCRATCH: u32 = 0x340;
    pub(super) const EXCEPTION_PC: u32 = 0x341;
    pub(super) const CAUSE: u32 = 0x342;
    pub(super) const VALUE: u32 = 0x343;
    pub(super) const HART: u32 = 0xf14;
    /// The counter of cycles, for machine and for user mode.
    pub(super) const CYCLES: [u32; 2] = [0x7e2, 0x802];
}

/// Interrupts are on; they were before the exception.
const ENABLED: u32 = 1 << 3;
const WAS_ENABLED: u32 = 1 << 7;
const MACHINE_MODE: u32 = 3 << 11;

const NO_PAGE: u32 = u32::MAX;

impl Cpu {
    /// At the first instruction of the ROM.
    pub(crate) fn new() -> Self {
        let mut cpu = Self {
            x: [0; 32],
            pc: 0,
            status: 0,
            vector: 0,
            scratch: 0,
            exception_pc: 0,
            cause: 0,
            value: 0,
            others: Vec::new(),
            short: table(),
            page: NO_PAGE,
            base: 0,
        };
        cpu.reset();
        cpu
    }

    /// Starts again.
    pub(crate) fn reset(&mut self) {
        self.x = [0; 32];
        self.pc = 0x4000_0000;
        self.status = MACHINE_MODE;
        self.vector = 0;
        self.others.clear();
        self.page = NO_PAGE;
    }

    /// Where it is.
    pub(crate) fn pc(&self) -> u32 {
        self.pc
    }

    /// Memory was mapped anew.
    pub(crate) fn forget_page(&mut self) {
        self.page = NO_PAGE;
    }

    /// Executes up to `count` instructions.
    pub(crate) fn run(&mut self, bus: &mut Bus, count: u32) -> Pause {
        for _ in 0..count {
            bus.cycles += 1;
            if let Err((cause, value)) = self.step(bus) {
                self.trap(cause, value);
            }
            if bus.attention {
                bus.attention = false;
                if bus.remapped {
                    bus.remapped = false;
                    self.forget_page();
                }
                if bus.wants_outside() {
                    return Pause::Outside;
                }
                if bus.idle {
                    bus.idle = false;
                    return Pause::Idle;
                }
            }
        }
        Pause::None
    }

    /// Takes an interrupt on this line if interrupts are on.
    pub(crate) fn interrupt(&mut self, line: u32) {
        if self.status & ENABLED != 0 {
            self.trap(1 << 31 | line, 0);
        }
    }

    fn trap(&mut self, cause: u32, value: u32) {
        let was = (self.status & ENABLED) << 4;
        self.status = self.status & !(ENABLED | WAS_ENABLED) | was | MACHINE_MODE;
        self.exception_pc = self.pc;
        self.cause = cause;
        self.value = value;
        // The chip knows vectored mode only.
        let place = if cause >> 31 != 0 {
            4 * (cause & 31)
        } else {
            0
        };
        self.pc = (self.vector & !0xff) + place;
    }

    #[inline]
    fn fetch(&mut self, bus: &Bus, address: u32) -> Result<u32, (u32, u32)> {
        if address >> 16 != self.page {
            let base = bus.page(address).ok_or((exception::FETCH, address))?;
            (self.page, self.base) = (address >> 16, base);
        }
        Ok(bus.half(self.base + (address & 0xffff) as usize))
    }

    #[inline]
    fn step(&mut self, bus: &mut Bus) -> Result<(), (u32, u32)> {
        let low = self.fetch(bus, self.pc)?;
        let (word, len) = if low & 3 == 3 {
            (low | self.fetch(bus, self.pc.wrapping_add(2))? << 16, 4)
        } else {
            (self.short[low as usize], 2)
        };
        let next = self.pc.wrapping_add(len);
        let rd = (word >> 7 & 31) as usize;
        let (rs1, rs2) = ((word >> 15 & 31) as usize, (word >> 20 & 31) as usize);
        let (a, b) = (self.x[rs1], self.x[rs2]);
        let offset = (word.cast_signed() >> 20).cast_unsigned();
        let mut target = next;
        let result = match word & 127 {
            0x37 => word & !0xfff,
            0x17 => self.pc.wrapping_add(word & !0xfff),
            0x6f => {
                target = self.pc.wrapping_add(jump_offset(word));
                next
            }
            0x67 => {
                target = a.wrapping_add(offset) & !1;
                next
            }
            0x63 => {
                if is_taken(word >> 12 & 7, a, b) {
                    target = self.pc.wrapping_add(branch_offset(word));
                }
                self.pc = target;
                return Ok(());
            }
            0x03 => load(bus, word >> 12 & 7, a.wrapping_add(offset))?,
            0x23 => {
                let offset = signed((word >> 25) << 5 | word >> 7 & 31, 12);
                let address = a.wrapping_add(offset);
                let width = 1 << (word >> 12 & 3);
                bus.store(address, width, b)
                    .ok_or((exception::STORE, address))?;
                self.pc = next;
                return Ok(());
            }
            0x13 => with_immediate(word, a, offset),
            0x33 => of_registers(word, a, b),
            // One hart and no reordering: nothing to wait for.
            0x0f => self.x[rd],
            0x73 => {
                if word >> 12 & 7 == 0 {
                    return self.system(bus, word, next);
                }
                self.control(bus, word, a)?
            }
            _ => return Err((exception::ILLEGAL, word)),
        };
        if rd != 0 {
            self.x[rd] = result;
        }
        self.pc = target;
        Ok(())
    }

    fn system(&mut self, bus: &mut Bus, word: u32, next: u32) -> Result<(), (u32, u32)> {
        match word {
            0x0000_0073 => return Err((exception::CALL, 0)),
            0x0010_0073 => return Err((exception::BREAKPOINT, self.pc)),
            0x3020_0073 => {
                let was = (self.status & WAS_ENABLED) >> 4;
                self.status = self.status & !ENABLED | was | WAS_ENABLED;
                self.pc = self.exception_pc;
            }
            0x1050_0073 => {
                bus.idle = true;
                bus.attention = true;
                self.pc = next;
            }
            _ => return Err((exception::ILLEGAL, word)),
        }
        Ok(())
    }

    fn control(&mut self, bus: &Bus, word: u32, a: u32) -> Result<u32, (u32, u32)> {
        let (number, rs1) = (word >> 20, word >> 15 & 31);
        let before = self
            .read_control(bus, number)
            .ok_or((exception::ILLEGAL, word))?;
        let operand = if word >> 14 & 1 != 0 { rs1 } else { a };
        match word >> 12 & 3 {
            1 => self.write_control(number, operand),
            2 if rs1 != 0 => self.write_control(number, before | operand),
            3 if rs1 != 0 => self.write_control(number, before & !operand),
            _ => {}
        }
        Ok(before)
    }

    fn read_control(&self, bus: &Bus, number: u32) -> Option<u32> {
        Some(match number {
            csr::STATUS => self.status,
            csr::ISA => 0x4010_1104,
            csr::VECTOR => self.vector | 1,
            csr::SCRATCH => self.scratch,
            csr::EXCEPTION_PC => self.exception_pc,
            csr::CAUSE => self.cause,
            csr::VALUE => self.value,
            csr::HART => 0,
            _ if csr::CYCLES.contains(&number) => bus.cycles as u32,
            _ if exists(number) => {
                let found = self.others.iter().find(|(at, _)| u32::from(*at) == number);
                found.map_or(0, |(_, value)| *value)
            }
            _ => return None,
        })
    }

    fn write_control(&mut self, number: u32, value: u32) {
        match number {
            csr::STATUS => self.status = value & (ENABLED | WAS_ENABLED) | MACHINE_MODE,
            csr::VECTOR => self.vector = value,
            csr::SCRATCH => self.scratch = value,
            csr::EXCEPTION_PC => self.exception_pc = value,
            csr::CAUSE => self.cause = value,
            csr::VALUE => self.value = value,
            _ => {
                self.others.retain(|(at, _)| u32::from(*at) != number);
                self.others.push((number as u16, value));
            }
        }
    }
}

impl Default for Cpu {
    fn default() -> Self {
        Self::new()
    }
}

/// Identity, protection, triggers, debug, counters, the pins of the processor.
fn exists(number: u32) -> bool {
    matches!(number, 0x000 | 0x005 | 0x040..=0x043 | 0xf11..=0xf13 | 0x3a0..=0x3a3 | 0x3b0..=0x3bf | 0x7a0..=0x7a3 | 0x7a5 | 0x7b0..=0x7b3)
        || matches!(number, 0x7e0..=0x7e1 | 0x800..=0x805)
}

fn jump_offset(word: u32) -> u32 {
    let offset = (word >> 31) << 20
        | (word >> 12 & 255) << 12
        | (word >> 20 & 1) << 11
        | (word >> 21 & 0x3ff) << 1;
    signed(offset, 21)
}

fn branch_offset(word: u32) -> u32 {
    let offset =
        (word >> 31) << 12 | (word >> 7 & 1) << 11 | (word >> 25 & 63) << 5 | (word >> 8 & 15) << 1;
    signed(offset, 13)
}

#[inline]
fn is_taken(function: u32, a: u32, b: u32) -> bool {
    match function {
        0 => a == b,
        1 => a != b,
        4 => a.cast_signed() < b.cast_signed(),
        5 => a.cast_signed() >= b.cast_signed(),
        6 => a < b,
        _ => a >= b,
    }
}

#[inline]
fn load(bus: &mut Bus, function: u32, address: u32) -> Result<u32, (u32, u32)> {
    let width = 1 << (function & 3);
    let value = bus.load(address, width).ok_or((exception::LOAD, address))?;
    Ok(match function {
        0 => signed(value, 8),
        1 => signed(value, 16),
        _ => value,
    })
}

#[inline]
fn with_immediate(word: u32, a: u32, value: u32) -> u32 {
    match word >> 12 & 7 {
        0 => a.wrapping_add(value),
        1 => a << (value & 31),
        2 => u32::from(a.cast_signed() < value.cast_signed()),
        3 => u32::from(a < value),
        4 => a ^ value,
        5 if word >> 30 & 1 != 0 => (a.cast_signed() >> (value & 31)).cast_unsigned(),
        5 => a >> (value & 31),
        6 => a | value,
        _ => a & value,
    }
}

#[inline]
fn of_registers(word: u32, a: u32, b: u32) -> u32 {
    let (signed_a, signed_b) = (a.cast_signed(), b.cast_signed());
    match (word >> 25, word >> 12 & 7) {
        (1, 0) => a.wrapping_mul(b),
        (1, 1) => ((i64::from(signed_a) * i64::from(signed_b)) >> 32) as u32,
        (1, 2) => ((i64::from(signed_a) * i64::from(b)) >> 32) as u32,
        (1, 3) => ((u64::from(a) * u64::from(b)) >> 32) as u32,
        (1, 4) if b == 0 => u32::MAX,
        (1, 4) => signed_a.wrapping_div(signed_b).cast_unsigned(),
        (1, 5) => a.checked_div(b).unwrap_or(u32::MAX),
        (1, 6) if b == 0 => a,
        (1, 6) => signed_a.wrapping_rem(signed_b).cast_unsigned(),
        (1, _) => a.checked_rem(b).unwrap_or(a),
        (32, 0) => a.wrapping_sub(b),
        (_, 0) => a.wrapping_add(b),
        (_, 1) => a << (b & 31),
        (_, 2) => u32::from(signed_a < signed_b),
        (_, 3) => u32::from(a < b),
        (_, 4) => a ^ b,
        (32, 5) => (signed_a >> (b & 31)).cast_unsigned(),
        (_, 5) => a >> (b & 31),
        (_, 6) => a | b,
        (_, _) => a & b,
    }
}

/// No word of 32 bits that is an instruction looks like the mark of a half-word that is none.
const _: () = assert!(ILLEGAL & 3 != 3);
