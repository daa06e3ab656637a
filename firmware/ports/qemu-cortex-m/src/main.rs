//! `upy` on QEMU's mps2-an385: the smallest board, a console and an interpreter.
//!
//! The console speaks MicroPython's raw and raw-paste modes (`ucli_protocol::device`), so `ucli` and
//! `mpremote` can run programs on it; at the friendly prompt single lines can be typed. There are no
//! files: nothing is stored, a soft reset begins afresh.
#![no_std]
#![no_main]

mod uart;

use core::sync::atomic::{AtomicBool, Ordering};

use cortex_m_rt::entry;
use ucli_protocol::device::{Config, Event, Mode, Outcome as Ended, Session};
use upy_runtime::{Host, Loader, Outcome, Sizes, Vm};

/// Words of the interpreter's memory: stack, frames and heap.
const MEMORY_WORDS: usize = 40 * 1024;
/// The longest program that can be sent.
const SOURCE_BYTES: usize = 16 * 1024;

/// The program that runs has begun its traceback, which stands in a part of its own in raw mode.
static IN_TRACEBACK: AtomicBool = AtomicBool::new(true);

/// Notes that the traceback has begun; true for the first who says so. One core and no interrupt
/// handler: a Cortex-M0 has no atomic exchange.
fn begin_traceback() -> bool {
    let first = !IN_TRACEBACK.load(Ordering::Relaxed);
    IN_TRACEBACK.store(true, Ordering::Relaxed);
    first
}

/// The surroundings of the interpreter.
struct Board;

impl Loader for Board {}

impl Host for Board {
    fn write_out(&mut self, bytes: &[u8]) {
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            match line.strip_suffix(b"\n") {
                Some(text) => {
                    uart::write(text);
                    uart::write(b"\r\n");
                }
                None => uart::write(line),
            }
        }
    }

    fn write_err(&mut self, bytes: &[u8]) {
        if begin_traceback() {
            uart::write(b"\x04");
        }
        self.write_out(bytes);
    }

    fn interrupted(&mut self) -> bool {
        uart::interrupted()
    }

    fn platform(&self) -> &'static str {
        "qemu-cortex-m"
    }
}

/// A program on its way in.
struct Source<'b> {
    bytes: &'b mut [u8],
    len: usize,
}

impl Source<'_> {
    /// Keeps a piece; false when there is no room.
    fn keep(&mut self, piece: &[u8]) -> bool {
        let end = self.len + piece.len();
        let Some(room) = self.bytes.get_mut(self.len..end) else {
            return false;
        };
        room.copy_from_slice(piece);
        self.len = end;
        true
    }

    fn text(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

#[entry]
fn main() -> ! {
    uart::start();
    let memory = cortex_m::singleton!(: [usize; MEMORY_WORDS] = [0; MEMORY_WORDS]);
    let bytes = cortex_m::singleton!(: [u8; SOURCE_BYTES] = [0; SOURCE_BYTES]);
    let (Some(memory), Some(bytes)) = (memory, bytes) else {
        loop {
            cortex_m::asm::wfi();
        }
    };
    let mut source = Source { bytes, len: 0 };
    let mut session = Session::new(Config {
        window_bytes: 128,
        images: false,
    });
    banner();
    loop {
        let mut board = Board;
        match Vm::new(memory, Sizes::SMALL, &mut board) {
            Some(mut vm) => serve(&mut vm, &mut session, &mut source),
            None => uart::write(b"MPY: too little memory\r\n"),
        }
        uart::write(b"MPY: soft reboot\r\n");
        session.restart();
        if session.mode() == Mode::Friendly {
            banner();
        }
    }
}

fn banner() {
    uart::write(
        b"upy on mps2-an385 with Cortex-M3\r\nType \"help()\" for more information.\r\n>>> ",
    );
}

/// Serves the console until a soft reset.
fn serve(vm: &mut Vm<'_>, session: &mut Session, source: &mut Source<'_>) {
    source.len = 0;
    if step(vm, session, source, &[]) {
        return;
    }
    loop {
        let byte = uart::read();
        if session.mode() == Mode::Friendly {
            friendly(vm, session, source, byte);
            if step(vm, session, source, &[]) {
                return;
            }
        } else if step(vm, session, source, &[byte]) {
            return;
        }
    }
}

/// One key at the friendly prompt.
fn friendly(vm: &mut Vm<'_>, session: &mut Session, source: &mut Source<'_>, byte: u8) {
    match byte {
        1..=5 if source.len == 0 => session.control(byte),
        3 => {
            source.len = 0;
            uart::write(b"\r\n>>> ");
        }
        b'\r' => {
            uart::write(b"\r\n");
            IN_TRACEBACK.store(true, Ordering::Relaxed);
            if source.len > 0 {
                vm.run_source(source.text(), b"<stdin>", true);
            }
            source.len = 0;
            uart::write(b">>> ");
        }
        8 | 0x7f if source.len > 0 => {
            source.len -= 1;
            uart::write(b"\x08 \x08");
        }
        b' '..=0xff if source.keep(&[byte]) => uart::write(&[byte]),
        _ => {}
    }
}

/// Feeds the session; true when it wants a soft reset.
fn step(vm: &mut Vm<'_>, session: &mut Session, source: &mut Source<'_>, mut input: &[u8]) -> bool {
    loop {
        let (used, event) = session.receive(input);
        input = &input[used..];
        match event {
            None if input.is_empty() => return false,
            None => {}
            Some(Event::Output(bytes)) => uart::write(bytes),
            Some(Event::Banner) => banner(),
            Some(Event::Prompt) => uart::write(b">>> "),
            Some(Event::Source(piece)) => {
                if !source.keep(piece) {
                    session.refuse();
                }
            }
            Some(Event::EchoedSource(piece)) => {
                uart::write(piece);
                if !source.keep(piece) {
                    session.refuse();
                }
            }
            Some(Event::Discard) => source.len = 0,
            Some(Event::Refused(_)) => {
                source.len = 0;
                uart::write(session.output_end());
                uart::write(b"MemoryError: the program is longer than the buffer\r\n");
                uart::write(session.executed(Ended::Ended));
            }
            Some(Event::Execute(_)) => execute(vm, session, source),
            Some(Event::SoftReset) => return true,
        }
    }
}

/// Runs what was sent.
fn execute(vm: &mut Vm<'_>, session: &mut Session, source: &mut Source<'_>) {
    let raw = session.mode() == Mode::Raw;
    IN_TRACEBACK.store(!raw, Ordering::Relaxed);
    let outcome = vm.run_source(source.text(), b"<stdin>", false);
    source.len = 0;
    if begin_traceback() {
        uart::write(session.output_end());
    }
    let ended = match outcome {
        Outcome::Exit(_) => Ended::SystemExit,
        Outcome::Done | Outcome::Failed | Outcome::Interrupted => Ended::Ended,
    };
    uart::write(session.executed(ended));
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    uart::write(b"\r\nMPY: internal error, reset the board\r\n");
    loop {
        cortex_m::asm::wfi();
    }
}
