//! `upy` on the RP2040: Raspberry Pi Pico, and Pico W without its radio.
#![no_std]
#![no_main]

mod adc;
mod board;
mod flash;
mod i2c;
mod pins;
mod pio;
mod pwm;
mod register;
mod spi;
mod system;
mod time;
mod uart;
mod usb;

use rp2040_hal::clocks::init_clocks_and_plls;
use rp2040_hal::usb::UsbBus;
use rp2040_hal::{Watchdog, pac};
use upy_repl::{Life, LineEnds, Settings, Terminal};
use upy_runtime::Sizes;
use usb_device::class_prelude::UsbBusAllocator;

use crate::board::Chip;
use crate::usb::Usb;

/// Frequency of the crystal on the board in Hz.
const CRYSTAL_HZ: u32 = 12_000_000;

/// Words of the interpreter's memory: stack, frames and heap.
const MEMORY_WORDS: usize = 52 * 1024;

const LIFE: Life<'static> = Life {
    settings: Settings {
        banner: "MicroPython v1.29.0-preview (upy); Raspberry Pi Pico with RP2040",
        window_bytes: usb::BUFFER_BYTES as u16 / 2,
    },
    sizes: Sizes {
        stack_words: 2048,
        frames: 96,
        handlers: 64,
        native_depth: 12,
    },
    library: &upy_modules::LIBRARY,
    start: upy_modules::START,
};

#[rp2040_hal::entry]
fn main() -> ! {
    let memory = cortex_m::singleton!(: [usize; MEMORY_WORDS] = [0; MEMORY_WORDS]);
    if let (Some(parts), Some(memory)) = (pac::Peripherals::take(), memory) {
        live(parts, memory);
    }
    stop();
}

/// Returns only when a part does not start.
fn live(mut parts: pac::Peripherals, memory: &mut [usize]) {
    let mut watchdog = Watchdog::new(parts.WATCHDOG);
    let Ok(clocks) = init_clocks_and_plls(
        CRYSTAL_HZ,
        parts.XOSC,
        parts.CLOCKS,
        parts.PLL_SYS,
        parts.PLL_USB,
        &mut parts.RESETS,
        &mut watchdog,
    ) else {
        return;
    };
    time::start();
    let bus = UsbBus::new(
        parts.USBCTRL_REGS,
        parts.USBCTRL_DPRAM,
        clocks.usb_clock,
        true,
        &mut parts.RESETS,
    );
    let id = flash::unique_id();
    let (Some(bus), Some(digits)) = (
        cortex_m::singleton!(: UsbBusAllocator<UsbBus> = UsbBusAllocator::new(bus)),
        cortex_m::singleton!(: [u8; 16] = hexadecimal(id)),
    ) else {
        return;
    };
    let usb = Usb::start(bus, core::str::from_utf8(digits).unwrap_or_default());
    let terminal = Terminal::new(&usb, LineEnds::CarriageReturn);
    // It returns only when there is no room for an interpreter.
    let _ = LIFE.live(memory, terminal, &mut Chip::new(id));
}

/// The digits of a number, for the host.
fn hexadecimal(id: [u8; 8]) -> [u8; 16] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 16];
    for (pair, byte) in text.chunks_exact_mut(2).zip(id) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    text
}

/// Does nothing any more.
fn stop() -> ! {
    loop {
        cortex_m::asm::wfe();
    }
}

/// A defect of this program: the chip starts again, and the cause is `machine.WDT_RESET`.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    use upy_hal::machine::System as _;
    system::System { id: [0; 8] }.reset();
    stop();
}
