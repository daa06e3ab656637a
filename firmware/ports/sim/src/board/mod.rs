//! `upy board`: the simulated board.
//!
//! A process of its own with a console on a pseudo-terminal or a TCP port. It ends when it is ended; a soft reset
//! makes a new interpreter, a hard one also forgets what came over the line.

mod clock;
mod fault;
mod flash;
mod hardware;
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
use upy_repl::{Booted, LineEnds, Repl, SOFT_REBOOT, Settings, Terminal};
use upy_runtime::{Sizes, Vm};

use crate::threads::{self, Desk};
use crate::version;
use clock::Clock;
use fault::Faults;
use flash::Flash;
use hardware::Hardware;
use hardware::control::Script;
use hardware::wiring::Wiring;
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
    wiring: Wiring,
    address: String,
    control: Option<String>,
    thread: JoinHandle<Result<(), String>>,
}

impl Board {
    /// Switches a board on.
    ///
    /// # Errors
    /// A sentence for the user: there is no terminal or port.
    pub fn start(options: Options) -> Result<Self, String> {
        let script = match &options.script {
            Some(path) => {
                let text = std::fs::read_to_string(path);
                let text = text.map_err(|error| format!("can't read `{path}`: {error}"))?;
                Script::parse(&text)?
            }
            None => Script::default(),
        };
        let wiring = Wiring::new();
        let control = match &options.control {
            Some(address) => Some(hardware::control::listen(address, wiring.clone())?),
            None => None,
        };
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
        let (shared, outside) = (Arc::clone(&line), wiring.clone());
        let thread = std::thread::Builder::new()
            .name("board".into())
            .spawn(move || live(&shared, &options, wiring, script, flash))
            .map_err(|error| format!("the board does not start: {error}"))?;
        Ok(Self {
            line,
            wiring: outside,
            address,
            control,
            thread,
        })
    }

    /// Where its console is: the name of a terminal, or `tcp://HOST:PORT`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Where orders for its hardware are taken, as `HOST:PORT`, if they are.
    #[must_use]
    pub fn control(&self) -> Option<&str> {
        self.control.as_deref()
    }

    /// Carries out an order in JSON for its pins and buses and returns the answer, as the control port does.
    #[must_use]
    pub fn order(&self, text: &str) -> String {
        hardware::control::answer(text, &self.wiring)
    }

    /// Every change at its pins from now on, in JSON, as the control port tells it. Waits for the next one.
    pub fn changes(&self) -> impl Iterator<Item = String> + Send + use<> {
        let (sender, receiver) = std::sync::mpsc::channel();
        self.wiring.lock().watch(sender);
        receiver
            .into_iter()
            .map(|change| hardware::control::event(change).to_string())
    }

    /// Presses its reset button.
    pub fn reset(&self) {
        self.line.reset();
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
    let mut said = say(board.address());
    if let (Ok(()), Some(control)) = (&said, board.control()) {
        said = say(&format!("control {control}"));
    }
    said.map_err(|error| format!("the board can't say where it is: {error}"))?;
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
    options: &Options,
    wiring: Wiring,
    script: Script,
    flash: Flash,
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
    let clock = Clock::new(options.virtual_time);
    let id = unique_id(&options.name);
    let mut hardware = Hardware::new(clock, wiring, script, Arc::clone(line), flash, id);
    loop {
        // From power on or from a hard reset to the next.
        let mut repl = Repl::new(settings);
        line.begin();
        hardware.restart();
        while !line.is_resetting() {
            hardware.soft_reset();
            let mut system = System {
                line,
                hardware: &mut hardware,
            };
            let desk = Desk::new();
            let (repl, desk) = (&mut repl, &desk);
            let safe_mode = options.safe_mode;
            threads::serve(desk, || {
                let vm = Vm::with_library(&mut memory, SIZES, &mut system, &upy_modules::LIBRARY);
                let mut vm = vm.ok_or("the heap is too small for the interpreter")?;
                vm.use_relay(desk);
                until_reset(&mut vm, repl, line, safe_mode);
                Ok::<(), String>(())
            })
            .map_err(|error| format!("the interpreter does not start: {error}"))??;
            if !line.is_resetting() {
                line.write(SOFT_REBOOT);
            }
        }
    }
}

/// The life of one interpreter, up to a reset of either kind.
fn until_reset(vm: &mut Vm<'_>, repl: &mut Repl<'_>, line: &Arc<Line>, safe_mode: bool) {
    let terminal = Terminal::new(&**line, LineEnds::CarriageReturn);
    repl.start(vm, &terminal, upy_modules::START);
    vm.add_path(b"");
    vm.add_path(b".frozen");
    vm.add_path(b"/lib");
    let booted = if safe_mode {
        Booted::Prompt
    } else {
        repl.boot(vm, &terminal)
    };
    if booted == Booted::Prompt && !line.is_resetting() {
        repl.serve(vm, &terminal);
    }
    repl.end(vm, &terminal);
}

/// The chip's number: another for each name.
fn unique_id(name: &str) -> u64 {
    // FNV-1a
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    name.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}
