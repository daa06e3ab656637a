//! The console: a serial line over USB (CDC), served in its interrupt.
//!
//! Input that finds no room is left with the host until there is. Output waits for the host for half a second,
//! then is dropped until it reads again, as MicroPython does; without a terminal (DTR) it is dropped at once.
//! A terminal that is closed at 1200 bits per second starts the boot loader.
#![expect(unsafe_code, reason = "an interrupt is let through")]

use core::cell::RefCell;

use critical_section::Mutex;
use rp2040_hal::pac::{self, interrupt};
use rp2040_hal::rom_data::reset_to_usb_boot;
use rp2040_hal::usb::UsbBus;
use upy_hal::console::{Closed, Console};
use upy_hal::ring::Ring;
use usb_device::class_prelude::UsbBusAllocator;
use usb_device::device::{StringDescriptors, UsbDevice, UsbDeviceBuilder, UsbVidPid};
use usbd_serial::SerialPort;

use crate::time;

/// How much input waits here for its reader.
pub const BUFFER_BYTES: usize = 512;
/// What output waits for the host.
const PATIENCE_US: u64 = 500_000;
const TOUCH_BAUD: u32 = 1200;
/// Raspberry Pi, and the number that MicroPython's image for this chip has.
const IDENTITY: UsbVidPid = UsbVidPid(0x2e8a, 0x0005);
const PACKET_BYTES: usize = 64;

/// The device and the input that waits.
struct Line {
    device: UsbDevice<'static, UsbBus>,
    port: SerialPort<'static, UsbBus>,
    input: Ring<BUFFER_BYTES>,
    watched: Option<u8>,
    interrupted: bool,
    /// A terminal was there at the last look.
    had_terminal: bool,
    /// The host did not read for too long.
    is_stalled: bool,
}

static LINE: Mutex<RefCell<Option<Line>>> = Mutex::new(RefCell::new(None));

/// Works on the line, with its interrupt held back.
fn with<R>(work: impl FnOnce(&mut Line) -> R) -> Option<R> {
    critical_section::with(|lock| LINE.borrow_ref_mut(lock).as_mut().map(work))
}

impl Line {
    /// Serves the bus and takes in what has come. False when the host waits for room.
    fn serve(&mut self) -> bool {
        while self.device.poll(&mut [&mut self.port]) {
            if !self.take_in() {
                return false;
            }
        }
        let has_room = self.take_in();
        let has_terminal = self.port.dtr();
        if self.had_terminal && !has_terminal && self.port.line_coding().data_rate() == TOUCH_BAUD {
            reset_to_usb_boot(0, 0);
        }
        if !has_terminal {
            self.is_stalled = false;
        }
        self.had_terminal = has_terminal;
        has_room
    }

    /// Takes packets while there is room for one; false when there is none.
    fn take_in(&mut self) -> bool {
        loop {
            if BUFFER_BYTES - self.input.len() < PACKET_BYTES {
                return false;
            }
            let mut packet = [0; PACKET_BYTES];
            match self.port.read(&mut packet) {
                Ok(len @ 1..) => self.keep(&packet[..len]),
                _ => return true,
            }
        }
    }

    fn keep(&mut self, packet: &[u8]) {
        for &byte in packet {
            if self.watched == Some(byte) {
                self.interrupted = true;
            } else {
                self.input.push(byte);
            }
        }
    }
}

#[interrupt]
fn USBCTRL_IRQ() {
    if with(Line::serve) == Some(false) {
        // The host's packet stays where it is; `resume` looks again.
        pac::NVIC::mask(pac::Interrupt::USBCTRL_IRQ);
    }
}

/// Takes a byte that came over another line.
#[cfg(feature = "uart")]
pub fn keep(byte: u8) {
    with(|line| line.keep(&[byte]));
}

/// Lets the bus be served; after input was taken.
fn resume() {
    // SAFETY: the handler takes the line in a critical section, and nobody else holds it outside of one.
    unsafe { pac::NVIC::unmask(pac::Interrupt::USBCTRL_IRQ) };
}

/// The console of the board.
pub struct Usb;

impl Usb {
    /// Shows the board to the host; `serial_number` tells it from others.
    pub fn start(bus: &'static UsbBusAllocator<UsbBus>, serial_number: &'static str) -> Self {
        let port = SerialPort::new(bus);
        let strings = StringDescriptors::default()
            .manufacturer("MicroPython")
            .product("Board in FS mode")
            .serial_number(serial_number);
        let builder = UsbDeviceBuilder::new(bus, IDENTITY)
            .composite_with_iads()
            .strings(&[strings])
            .and_then(|builder| builder.max_packet_size_0(PACKET_BYTES as u8));
        // Neither can fail: one language, and 64 is a size that USB has.
        if let Ok(builder) = builder {
            let line = Line {
                device: builder.build(),
                port,
                input: Ring::new(),
                watched: None,
                interrupted: false,
                had_terminal: false,
                is_stalled: false,
            };
            critical_section::with(|lock| LINE.replace(lock, Some(line)));
            resume();
        }
        Self
    }
}

/// What became of a piece of output.
enum Sent {
    Some(usize),
    Full,
    Nobody,
}

fn send(bytes: &[u8]) -> Sent {
    let sent = with(|line| {
        if !line.port.dtr() {
            return Sent::Nobody;
        }
        let sent = line.port.write(bytes).unwrap_or(0);
        // What is not sent yet goes when the host asks for it.
        let _ = line.port.flush();
        match sent {
            0 if line.is_stalled => Sent::Nobody,
            0 => Sent::Full,
            len => {
                line.is_stalled = false;
                Sent::Some(len)
            }
        }
    });
    sent.unwrap_or(Sent::Nobody)
}

impl Console for Usb {
    fn read(&self, buffer: &mut [u8]) -> Result<usize, Closed> {
        let len = with(|line| line.input.take(buffer)).unwrap_or(0);
        if len > 0 {
            resume();
        }
        Ok(len)
    }

    fn is_readable(&self) -> bool {
        with(|line| !line.input.is_empty()).unwrap_or(false)
    }

    fn write(&self, bytes: &[u8]) {
        #[cfg(feature = "uart")]
        crate::serial::write(bytes);
        let mut rest = bytes;
        let mut since = time::ticks_us();
        while !rest.is_empty() {
            match send(rest) {
                Sent::Nobody => return,
                Sent::Some(len) => {
                    rest = &rest[len..];
                    since = time::ticks_us();
                }
                Sent::Full if time::ticks_us() - since > PATIENCE_US => {
                    with(|line| line.is_stalled = true);
                    return;
                }
                // The bus is served here too: its interrupt may be held back by input.
                Sent::Full => {
                    with(Line::serve);
                    time::doze(100);
                }
            }
        }
    }

    fn wait(&self, limit_us: Option<u64>) {
        const SLICE_US: u32 = 1000;
        let start = time::ticks_us();
        while !self.is_readable() && !self.is_interrupted() {
            let gone = time::ticks_us() - start;
            let left = limit_us.map_or(u64::from(SLICE_US), |limit| limit.saturating_sub(gone));
            if left == 0 {
                return;
            }
            time::doze(u32::try_from(left).unwrap_or(SLICE_US).min(SLICE_US));
        }
    }

    fn watch(&self, byte: Option<u8>) {
        with(|line| {
            line.watched = byte;
            line.interrupted = false;
        });
    }

    fn take_interrupt(&self) -> bool {
        with(|line| core::mem::take(&mut line.interrupted)).unwrap_or(false)
    }

    fn is_interrupted(&self) -> bool {
        with(|line| line.interrupted).unwrap_or(false)
    }
}
