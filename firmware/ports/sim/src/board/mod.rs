//! `upy board`: the simulated board.
//!
//! A process of its own with a console on a pseudo-terminal or a TCP port. It ends when it is ended; a soft reset
//! makes a new interpreter, a hard one also forgets what came over the line.

mod chip;
mod clock;
mod fault;
mod flash;
mod line;
mod options;
#[cfg(unix)]
mod pty;
mod system;
mod tcp;

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::thread::JoinHandle;

use upy_hal::console::Console;
use upy_hal::machine::ResetCause;
use upy_repl::{Booted, LineEnds, Repl, SOFT_REBOOT, Settings, Terminal};
use upy_runtime::{Sizes, Vm};

use crate::version;
use chip::{Bench, Chip};
pub use chip::{DeviceView, FORM, PinView, View};
use clock::Clock;
use fault::Faults;
use flash::Flash;
use line::{Line, Link};
pub use options::{Options, Reach, USAGE};
use system::System;

/// A board's limits on nesting.
const SIZES: Sizes = Sizes {
    stack_words: 16 * 1024,
    frames: 400,
    handlers: 400,
    native_depth: 60,
};

/// A board that runs.
pub struct Board {
    line: Arc<Line>,
    bench: Arc<Bench>,
    address: String,
    thread: JoinHandle<Result<(), String>>,
}

impl Board {
    /// Switches a board on.
    ///
    /// # Errors
    /// A sentence for the user: there is no terminal or port.
    pub fn start(options: Options) -> Result<Self, String> {
        let (link, address) = open(&options.reach)?;
        let line = Line::start(link, Faults::new(options.faults.clone()))
            .map_err(|error| format!("the board can't listen: {error}"))?;
        let flash = Flash::open(
            options.flash.as_deref(),
            options.flash_bytes,
            options.fresh,
            options.power_cut,
            &line,
        )?;
        let bench = Arc::new(Bench::new());
        let (shared, around) = (Arc::clone(&line), Arc::clone(&bench));
        let thread = std::thread::Builder::new()
            .name("board".into())
            .stack_size(64 << 20)
            .spawn(move || live(&shared, &around, flash, &options))
            .map_err(|error| format!("the board does not start: {error}"))?;
        Ok(Self {
            line,
            bench,
            address,
            thread,
        })
    }

    /// Where its console is: the name of a terminal, or `tcp://HOST:PORT`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Presses its reset button.
    pub fn reset(&self) {
        self.line.reset();
    }

    /// What is on its pins and buses.
    #[must_use]
    pub fn view(&self) -> View {
        self.bench.view()
    }

    /// Drives a pin, sets a voltage, puts a device on a bus; see [`FORM`].
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn set(&self, word: &str) -> Result<(), String> {
        self.bench.set(word)
    }

    /// Waits until it fails; a board does not end by itself.
    ///
    /// # Errors
    /// A sentence for the user: what became of it.
    pub fn wait(self) -> Result<(), String> {
        self.thread
            .join()
            .unwrap_or_else(|_| Err("the board has crashed".into()))
    }
}

/// `upy board`: says where the board is and runs it until the process is ended.
///
/// # Errors
/// A sentence for the user.
pub fn run(options: Options) -> Result<(), String> {
    let leashed = options.leashed;
    let board = Board::start(options)?;
    say(board.address()).map_err(|error| format!("the board can't say where it is: {error}"))?;
    if leashed {
        let mut rest = Vec::new();
        // Its end or an error: nobody holds the other side any more.
        let _ = io::stdin().lock().read_to_end(&mut rest);
        return Ok(());
    }
    board.wait()
}

fn open(reach: &Reach) -> Result<(Arc<dyn Link>, String), String> {
    match reach {
        #[cfg(unix)]
        Reach::Pty => {
            let pty = pty::Pty::open().map_err(|error| format!("no pseudo-terminal: {error}"))?;
            let address = pty.path().to_owned();
            Ok((Arc::new(pty), address))
        }
        #[cfg(not(unix))]
        Reach::Pty => Err("this system has no pseudo-terminals: use `--tcp`".into()),
        Reach::Tcp(address) => {
            let tcp = tcp::Tcp::listen(address)
                .map_err(|error| format!("can't listen at `{address}`: {error}"))?;
            let address = format!("tcp://{}", tcp.address());
            Ok((Arc::new(tcp), address))
        }
    }
}

/// Says where the board is.
fn say(address: &str) -> io::Result<()> {
    let mut stream = io::stdout().lock();
    writeln!(stream, "{address}")?;
    stream.flush()
}

/// The life of the board: one interpreter after the other.
fn live(
    line: &Arc<Line>,
    bench: &Arc<Bench>,
    mut flash: Flash,
    options: &Options,
) -> Result<(), String> {
    let banner = format!(
        "{} on upy {}; simulated board with virtual MCU",
        version::FIRMWARE,
        version::UPY
    );
    let settings = Settings {
        banner: &banner,
        window_bytes: 128,
    };
    let mut memory = vec![0_usize; SIZES.words() + options.heap_bytes / size_of::<usize>()];
    let terminal = Terminal::new(&**line, LineEnds::CarriageReturn);
    let mut cause = ResetCause::Power;
    loop {
        // From power on or from the reset button to the next.
        let clock = Clock::new(options.virtual_time);
        flash.restart();
        let id = unique_id(&options.name);
        let mut chip = Chip::new(bench, line, clock, flash, id, cause);
        bench.restart();
        let mut repl = Repl::new(settings);
        line.begin();
        while !line.is_resetting() {
            let mut system = System {
                line,
                terminal,
                chip: &mut chip,
            };
            let Some(mut vm) =
                Vm::with_library(&mut memory, SIZES, &mut system, &upy_modules::LIBRARY)
            else {
                return Err("the heap is too small for the interpreter".into());
            };
            vm.add_path(b"");
            vm.add_path(b".frozen");
            vm.add_path(b"/lib");
            let booted = if options.safe_mode {
                Booted::Prompt
            } else {
                repl.boot(&mut vm, &terminal)
            };
            if booted == Booted::Prompt && !line.is_resetting() {
                repl.serve(&mut vm, &terminal);
            }
            if !line.is_resetting() {
                line.write(SOFT_REBOOT);
                chip.soft_reset();
            }
        }
        cause = chip.next_cause();
        flash = chip.into_flash();
    }
}

/// The chip's number: another for each name.
fn unique_id(name: &str) -> u64 {
    // FNV-1a
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    name.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}
