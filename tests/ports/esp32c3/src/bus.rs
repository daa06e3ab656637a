//! What the processor reaches: memory in pages of 64 KiB, and the registers of the devices.
//!
//! Source: ESP32-C3 Technical Reference Manual, chapter 3 (system and memory).

use crate::devices::{Adc, Flash, I2c, Interrupts, Pins, Power, Sha, Spi, Timers, Uart, Usb};

/// Cycles in a microsecond. The chip has 160; fewer make simulated time run at about the speed of real time.
pub(crate) const CYCLES_PER_US: u64 = 40;

/// Where each memory lies in [`Bus::memory`].
mod place {
    pub(super) const ROM: usize = 0;
    pub(super) const ROM_DATA: usize = 0x6_0000;
    pub(super) const RAM: usize = 0x8_0000;
    pub(super) const CACHE_RAM: usize = 0xe_0000;
    pub(super) const RTC: usize = 0xf_0000;
    pub(super) const FLASH: usize = 0x10_0000;
}

/// Bytes of the flash.
pub(crate) const FLASH_BYTES: usize = 4 << 20;

/// Registers from here to there.
const DEVICES: u32 = 0x6000_0000;
const DEVICES_END: u32 = 0x600d_0000;

/// Everything but the processor.
pub(crate) struct Bus {
    memory: Vec<u8>,
    /// Where a page is in `memory`, plus one; 0 where there is none.
    readable: Vec<u32>,
    writable: Vec<u32>,
    /// Registers that only keep what was written.
    kept: Vec<u32>,
    /// The time.
    pub(crate) cycles: u64,
    /// One of the next four has changed.
    pub(crate) attention: bool,
    /// The flash is mapped otherwise.
    pub(crate) remapped: bool,
    /// The processor waits for an interrupt.
    pub(crate) idle: bool,
    /// The chip's own parts.
    pub(crate) uart: [Uart; 2],
    pub(crate) usb: Usb,
    pub(crate) flash: Flash,
    pub(crate) power: Power,
    pub(crate) timers: Timers,
    pub(crate) interrupts: Interrupts,
    pub(crate) pins: Pins,
    pub i2c: I2c,
    pub(crate) spi: Spi,
    pub(crate) adc: Adc,
    sha: Sha,
}

impl Bus {
    /// A chip with this flash, of [`FLASH_BYTES`].
    pub(crate) fn new(flash: &[u8]) -> Self {
        let mut memory = vec![0; place::FLASH + FLASH_BYTES + 4];
        let len = flash.len().min(FLASH_BYTES);
        memory[place::FLASH..place::FLASH + FLASH_BYTES].fill(0xff);
        memory[place::FLASH..place::FLASH + len].copy_from_slice(&flash[..len]);
        let mut bus = Self {
            memory,
            readable: vec![0; 1 << 16],
            writable: vec![0; 1 << 16],
            kept: vec![0; ((DEVICES_END - DEVICES) / 4) as usize],
            cycles: 0,
            attention: false,
            remapped: false,
            idle: false,
            uart: [Uart::new(0), Uart::new(1)],
            usb: Usb::default(),
            flash: Flash::default(),
            power: Power::new(),
            timers: Timers::default(),
            interrupts: Interrupts::new(),
            pins: Pins::new(),
            i2c: I2c::default(),
            spi: Spi::default(),
            adc: Adc::default(),
            sha: Sha,
        };
        bus.map(0x4000, 6, place::ROM, false);
        bus.map(0x3ff0, 2, place::ROM_DATA, false);
        bus.map(0x3fc8, 6, place::RAM, true);
        bus.map(0x4038, 6, place::RAM, true);
        bus.map(0x4037, 1, place::CACHE_RAM, true);
        bus.map(0x5000, 1, place::RTC, true);
        bus
    }

    fn map(&mut self, page: usize, count: usize, at: usize, is_writable: bool) {
        for index in 0..count {
            let place = (at + (index << 16)) as u32 + 1;
            self.readable[page + index] = place;
            if is_writable {
                self.writable[page + index] = place;
            }
        }
    }

    /// Puts bytes where even the ROM's memory is; false where there is none.
    pub(crate) fn install(&mut self, address: u32, bytes: &[u8]) -> bool {
        let Some(base) = self.page(address) else {
            return false;
        };
        let at = base + (address & 0xffff) as usize;
        self.memory[at..at + bytes.len()].copy_from_slice(bytes);
        true
    }

    /// All of the flash.
    pub(crate) fn flash_bytes(&self) -> &[u8] {
        &self.memory[place::FLASH..place::FLASH + FLASH_BYTES]
    }

    /// Devices are as after a reset; what the always-on part keeps stays.
    pub(crate) fn reset(&mut self) {
        let first = ((0x6000_8000 - DEVICES) / 4) as usize;
        let always_on = self.kept[first..first + 0x400].to_vec();
        self.kept.fill(0);
        self.kept[first..first + 0x400].copy_from_slice(&always_on);
        self.uart = [Uart::new(0), Uart::new(1)];
        self.usb.reset();
        self.flash.reset();
        self.timers = Timers::default();
        self.interrupts = Interrupts::new();
        self.pins.reset();
        self.i2c.reset();
        self.spi.reset();
        for page in 0..128 {
            self.map_flash(page, 1 << 8);
        }
    }

    /// Microseconds since it was switched on.
    pub(crate) fn now_us(&self) -> u64 {
        self.cycles / CYCLES_PER_US
    }

    /// Whether the world outside the chip has to do something.
    pub(crate) fn wants_outside(&self) -> bool {
        self.power.reset.is_some() || self.flash.is_over
    }

    /// The lines on which interrupts wait.
    pub(crate) fn pending(&mut self) -> Option<u32> {
        let now = self.now_us();
        let sources = [
            (16, self.pins.interrupts(now)),
            (21, self.uart[0].interrupts()),
            (22, self.uart[1].interrupts()),
            (26, self.usb.interrupts()),
            (37, self.timers.interrupts(now)),
        ];
        self.interrupts.line(&sources)
    }

    /// Where a page begins in memory.
    #[inline]
    pub(crate) fn page(&self, address: u32) -> Option<usize> {
        (self.readable[(address >> 16) as usize] as usize).checked_sub(1)
    }

    /// Two bytes at a place in memory.
    #[inline]
    pub(crate) fn half(&self, at: usize) -> u32 {
        u32::from(self.memory[at]) | u32::from(self.memory[at + 1]) << 8
    }

    /// Reads 1, 2 or 4 bytes; `None` where there is nothing.
    #[inline]
    pub(crate) fn load(&mut self, address: u32, width: usize) -> Option<u32> {
        let Some(base) = self.page(address) else {
            let word = self.read_device(address & !3)?;
            let mask = if width == 4 {
                u32::MAX
            } else {
                (1 << (8 * width)) - 1
            };
            return Some(word >> (8 * (address & 3)) & mask);
        };
        let at = base + (address & 0xffff) as usize;
        Some(match width {
            1 => u32::from(self.memory[at]),
            2 => self.half(at),
            _ => self.half(at) | self.half(at + 2) << 16,
        })
    }

    /// Writes 1, 2 or 4 bytes; `None` where nothing can be written.
    #[inline]
    pub(crate) fn store(&mut self, address: u32, width: usize, value: u32) -> Option<()> {
        let page = self.writable[(address >> 16) as usize] as usize;
        let Some(base) = page.checked_sub(1) else {
            return self.write_device(address & !3, value);
        };
        let at = base + (address & 0xffff) as usize;
        self.memory[at..at + width].copy_from_slice(&value.to_le_bytes()[..width]);
        Some(())
    }

    fn kept_index(address: u32) -> Option<usize> {
        let is_device = (DEVICES..DEVICES_END).contains(&address);
        is_device.then(|| ((address - DEVICES) / 4) as usize)
    }

    fn read_device(&mut self, address: u32) -> Option<u32> {
        let index = Self::kept_index(address)?;
        let kept = self.kept[index];
        let offset = address & 0xfff;
        let now = self.now_us();
        Some(match address & !0xfff {
            0x6000_0000 => self.uart[0].read(offset, kept, self.cycles),
            0x6001_0000 => self.uart[1].read(offset, kept, self.cycles),
            0x6000_2000 | 0x6000_3000 if offset == 0 => 0,
            0x6000_4000 => self.pins.read(offset, now),
            0x6000_8000 => self.power.read(offset, kept, now),
            // The analog master answers at once; its calibration is done.
            0x6000_e000 => kept & !(1 << 25) | 1 << 24,
            0x6001_3000 => self.i2c.read(offset, kept),
            0x6001_f000 | 0x6002_0000 => timer_group(offset, kept),
            0x6002_3000 => self.timers.read(offset, now),
            0x6002_4000 => self.spi.read(offset, kept),
            0x6002_6000 if offset == 0xb0 => self.noise(),
            0x6003_b000 => self.sha.read(offset, kept),
            0x6004_0000 => self.adc.read(offset, kept),
            0x6004_3000 => self.usb.read(offset, kept, now),
            0x600c_2000 => self.interrupts.read(offset),
            // The cache does what it is told within the same instruction.
            0x600c_4000 => match offset {
                0xb0 => 1,
                0x1c => kept | 4,
                0x28 | 0x34 => kept | 2,
                0x40 => kept | 8,
                0xcc => kept & !4 | (kept & 1) << 2,
                _ => kept,
            },
            0x600c_5000 if offset >= 0x200 => 0,
            _ => kept,
        })
    }

    fn write_device(&mut self, address: u32, value: u32) -> Option<()> {
        let index = Self::kept_index(address)?;
        self.kept[index] = value;
        let offset = address & 0xfff;
        let now = self.now_us();
        match address & !0xfff {
            0x6000_0000 => self.uart[0].write(offset, value, self.cycles),
            0x6001_0000 => {
                self.uart[1].write(offset, value, self.cycles);
                self.uart_over_pins();
            }
            0x6000_2000 | 0x6000_3000 if offset == 0 => self.flash_command(address, value),
            0x6000_4000 | 0x6000_9000 => {
                let is_pad = address & !0xfff == 0x6000_9000;
                self.pins.write(offset, value, is_pad, now);
            }
            0x6001_9000 => self.pins.waves.write(offset, value, now),
            0x6000_8000 => {
                self.power.write(offset, value, now);
                self.attention |= self.power.reset.is_some();
            }
            0x6001_3000 => self.i2c.write(offset, value, &self.pins),
            0x6001_f000 | 0x6002_0000 => {
                let group = usize::from(address & !0xfff != 0x6001_f000);
                self.power.write_group(group, offset, value, now);
            }
            0x6002_3000 => self.timers.write(offset, value, now),
            0x6002_4000 => self.spi.write(offset, value, &self.pins),
            0x6003_b000 => self.hash(offset),
            0x6004_0000 => self.adc.write(offset, value),
            0x6004_3000 => self.usb.write(offset, value),
            0x600c_2000 => self.interrupts.write(offset, value),
            0x600c_5000 if offset < 0x200 => self.map_flash(offset as usize / 4, value),
            _ => {}
        }
        Some(())
    }

    /// Maps a page of the flash for code and for data.
    fn map_flash(&mut self, page: usize, entry: u32) {
        let index = ((0x600c_5000 - DEVICES) / 4) as usize + page;
        self.kept[index] = entry;
        let at = place::FLASH + ((entry as usize & 0xff) << 16);
        let is_there = entry & 1 << 8 == 0 && at < place::FLASH + FLASH_BYTES;
        let place = if is_there { at as u32 + 1 } else { 0 };
        self.readable[0x4200 + page] = place;
        self.readable[0x3c00 + page] = place;
        self.remapped = true;
        self.attention = true;
    }

    fn flash_command(&mut self, address: u32, value: u32) {
        let first = ((address - DEVICES) / 4) as usize;
        let (registers, content) = (
            &mut self.kept[first..first + 64],
            &mut self.memory[place::FLASH..place::FLASH + FLASH_BYTES],
        );
        self.flash.command(registers, value, content);
        self.attention |= self.flash.is_over;
    }

    fn hash(&mut self, offset: u32) {
        if matches!(offset, 0x10 | 0x14) {
            let first = ((0x6003_b000 - DEVICES) / 4) as usize;
            self.sha
                .block(&mut self.kept[first..first + 64], offset == 0x10);
        }
    }

    /// What the second UART sends goes over wires between pins, to itself or nowhere.
    fn uart_over_pins(&mut self) {
        let sent = std::mem::take(&mut self.uart[1].sent);
        if !sent.is_empty()
            && self
                .pins
                .joins(crate::devices::signal::UART1, crate::devices::signal::UART1)
        {
            self.uart[1].received.extend(sent);
        }
    }

    /// It only has to change.
    fn noise(&self) -> u32 {
        let mixed = self
            .cycles
            .wrapping_add(0x9e37_79b9_7f4a_7c15)
            .wrapping_mul(6_364_136_223_846_793_005);
        (mixed ^ mixed >> 29) as u32
    }

    /// Sets a fuse or a strap.
    pub(crate) fn preset(&mut self, address: u32, value: u32) {
        if let Some(index) = Self::kept_index(address) {
            self.kept[index] = value;
        }
    }
}

/// The measurement of the slow clock is ready, and says 136 kHz.
fn timer_group(offset: u32, kept: u32) -> u32 {
    match offset {
        0x68 => kept | 1 << 15,
        0x6c => 0x0011_0000 << 3 | 1,
        _ => kept,
    }
}
