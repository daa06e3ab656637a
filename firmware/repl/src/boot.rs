//! What runs when a board starts: `boot.py`, then `main.py`.

use upy_hal::console::INTERRUPT;
use upy_runtime::{Outcome, Program, Vm};

use crate::repl::Repl;
use crate::terminal::Terminal;

/// What a soft reset says before the interpreter begins anew.
pub const SOFT_REBOOT: &[u8] = b"MPY: soft reboot\r\n";

/// Whether the prompt follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Booted {
    /// Serve the prompt.
    Prompt,
    /// A program raised `SystemExit`: reset again.
    SoftReset,
}

impl Repl<'_> {
    /// Runs a program of the board's own before all others, such as one that mounts its flash; Ctrl-C does not
    /// end it.
    pub fn start(&self, vm: &mut Vm<'_>, terminal: &Terminal<'_>, program: &[u8]) {
        terminal.console().watch(None);
        vm.clear_input();
        if vm.insert_input(0, program) {
            vm.run_input(Program::Source, &mut || {});
        }
        vm.unlock_heap();
    }

    /// The end of an interpreter, before a soft reset: what was registered with `sys.atexit` runs, until Ctrl-C, and
    /// threads are ended.
    pub fn end(&self, vm: &mut Vm<'_>, terminal: &Terminal<'_>) {
        let console = terminal.console();
        console.watch(Some(INTERRUPT));
        vm.finish();
        console.watch(None);
    }

    /// Runs `boot.py` and, unless a tool holds the prompt in raw mode or `boot.py` failed, `main.py`. What they
    /// raise is printed; Ctrl-C ends the one that runs.
    ///
    /// A board in safe mode does not call this.
    pub fn boot(&self, vm: &mut Vm<'_>, terminal: &Terminal<'_>) -> Booted {
        let console = terminal.console();
        let mut run = |name: &[u8]| {
            console.watch(Some(INTERRUPT));
            let outcome = vm.run_file_if_there(name);
            console.watch(None);
            vm.unlock_heap();
            outcome.unwrap_or(Outcome::Done)
        };
        let mut outcome = run(b"boot.py");
        if self.is_friendly() && outcome == Outcome::Done {
            outcome = run(b"main.py");
        }
        match outcome {
            Outcome::Exit(_) => Booted::SoftReset,
            Outcome::Done | Outcome::Failed | Outcome::Interrupted => Booted::Prompt,
        }
    }
}
