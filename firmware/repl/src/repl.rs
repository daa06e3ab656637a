//! The prompt: what the bytes of the console do, from the first one to the next reset.

use ucli_protocol::device::{
    Config, Event, Mode, Outcome as Ended, Refusal as Refused, Session, SourceKind,
};
use upy_hal::console::{Closed, INTERRUPT};
use upy_runtime::{Outcome, Program, Refusal, Vm};

use crate::editor::{Editor, Step};
use crate::more::needs_more;
use crate::terminal::Terminal;

/// What the prompt says about the board.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// Name, version and board, without line ends.
    pub banner: &'a str,
    /// The raw-paste window in bytes: half of what the console can hold.
    pub window_bytes: u16,
}

/// Why the prompt has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Ctrl-D or its raw form: reset the interpreter.
    SoftReset,
    /// A program raised `SystemExit` with this status: a board resets, a host program ends.
    Exit(i32),
    /// Nothing will come over the console any more.
    Closed,
}

/// The prompt of a board. It outlives the interpreter: a soft reset keeps its mode.
pub struct Repl<'a> {
    settings: Settings<'a>,
    session: Session,
    editor: Editor,
    /// The program that comes in did not fit.
    is_full: bool,
}

impl<'a> Repl<'a> {
    /// A prompt in friendly mode.
    #[must_use]
    pub fn new(settings: Settings<'a>) -> Self {
        Self {
            settings,
            session: Session::new(Config {
                window_bytes: settings.window_bytes,
                images: true,
            }),
            editor: Editor::new(),
            is_full: false,
        }
    }

    /// Whether a person types, as far as one can tell: then `main.py` runs after a reset.
    #[must_use]
    pub fn is_friendly(&self) -> bool {
        self.session.mode() != Mode::Raw
    }

    /// Serves the console until the interpreter has to be reset. Begins with the banner of the mode.
    pub fn serve(&mut self, vm: &mut Vm<'_>, terminal: &Terminal<'_>) -> End {
        terminal.console().watch(None);
        self.session.restart();
        match self.serve_bytes(vm, terminal) {
            Ok(end) => end,
            Err(Closed) => End::Closed,
        }
    }

    fn serve_bytes(&mut self, vm: &mut Vm<'_>, terminal: &Terminal<'_>) -> Result<End, Closed> {
        if let Some(end) = self.feed(vm, terminal, &[]) {
            return Ok(end);
        }
        loop {
            let byte = terminal.read_byte(&mut || vm.attend())?;
            let end = if self.session.mode() == Mode::Friendly {
                self.type_key(vm, terminal, byte)
            } else {
                self.feed(vm, terminal, &[byte])
            };
            if let Some(end) = end {
                return Ok(end);
            }
        }
    }

    /// One key at the friendly prompt.
    fn type_key(&mut self, vm: &mut Vm<'_>, terminal: &Terminal<'_>, byte: u8) -> Option<End> {
        let is_first = self.editor.is_first();
        match self.editor.key(vm, terminal, byte) {
            Step::Editing => None,
            Step::Control(INTERRUPT) => {
                terminal.write(b"\r\n");
                self.prompt(vm, terminal);
                None
            }
            Step::Control(byte) if is_first => {
                self.session.control(byte);
                self.feed(vm, terminal, &[])
            }
            // Ctrl-D ends a statement of several lines; the others end the line.
            Step::Control(4) => self.run(vm, terminal, Program::Statement),
            Step::Control(_) | Step::Line if vm.input().is_empty() => {
                self.prompt(vm, terminal);
                None
            }
            Step::Control(_) | Step::Line if needs_more(vm.input()) => {
                let end = vm.input().len();
                // Without room for the line end the statement is over.
                if !vm.insert_input(end, b"\n") {
                    return self.run(vm, terminal, Program::Statement);
                }
                self.editor.begin(vm, terminal);
                None
            }
            Step::Control(_) | Step::Line => self.run(vm, terminal, Program::Statement),
        }
    }

    /// Begins a statement.
    fn prompt(&mut self, vm: &mut Vm<'_>, terminal: &Terminal<'_>) {
        vm.unlock_heap();
        vm.clear_input();
        self.editor.begin(vm, terminal);
    }

    /// Gives bytes to the session and does what it says.
    fn feed(&mut self, vm: &mut Vm<'_>, terminal: &Terminal<'_>, mut input: &[u8]) -> Option<End> {
        loop {
            let (used, event) = self.session.receive(input);
            input = &input[used..];
            match event {
                None if input.is_empty() => return None,
                None => {}
                Some(Event::Output(bytes)) => terminal.write(bytes),
                Some(Event::Banner) => {
                    self.banner(terminal);
                    self.prompt(vm, terminal);
                }
                Some(Event::Prompt) => self.prompt(vm, terminal),
                Some(Event::Source(piece)) if keep(vm, piece) => {}
                Some(Event::Source(_)) => {
                    self.is_full = true;
                    self.session.refuse();
                }
                Some(Event::EchoedSource(piece)) => {
                    terminal.write(piece);
                    self.is_full |= !keep(vm, piece);
                }
                Some(Event::Discard) => self.discard(vm),
                Some(Event::Refused(why)) => self.refuse(vm, terminal, why),
                Some(Event::Execute(kind)) => {
                    let program = match kind {
                        SourceKind::Source => Program::Source,
                        SourceKind::Image => Program::Image,
                    };
                    if let Some(end) = self.run(vm, terminal, program) {
                        return Some(end);
                    }
                }
                Some(Event::SoftReset) => {
                    self.discard(vm);
                    return Some(End::SoftReset);
                }
            }
        }
    }

    fn banner(&self, terminal: &Terminal<'_>) {
        terminal.write(self.settings.banner.as_bytes());
        terminal.write(b"\r\nType \"help()\" for more information.\r\n");
    }

    fn discard(&mut self, vm: &mut Vm<'_>) {
        vm.unlock_heap();
        vm.clear_input();
        self.is_full = false;
    }

    /// Writes why what was sent is not run.
    fn refuse(&mut self, vm: &mut Vm<'_>, terminal: &Terminal<'_>, why: Refused) {
        let why = match why {
            Refused::Interrupted => Refusal::Interrupted,
            Refused::ByCaller => Refusal::NoMemory,
            Refused::Escape => Refusal::BadImage,
        };
        terminal.write(self.session.output_end());
        vm.unlock_heap();
        vm.refuse_input(why);
        self.is_full = false;
        terminal.write(self.session.executed(Ended::Ended));
    }

    /// Runs what was typed or sent, and begins anew.
    fn run(&mut self, vm: &mut Vm<'_>, terminal: &Terminal<'_>, program: Program) -> Option<End> {
        if core::mem::take(&mut self.is_full) {
            self.refuse(vm, terminal, Refused::ByCaller);
        } else {
            let end_of_output = self.session.output_end();
            let console = terminal.console();
            console.begin_program();
            console.watch(Some(INTERRUPT));
            let outcome = vm.run_input(program, &mut || {
                console.watch(None);
                terminal.write(end_of_output);
            });
            console.end_program();
            vm.unlock_heap();
            if let Outcome::Exit(status) = outcome {
                terminal.write(self.session.executed(Ended::SystemExit));
                return Some(End::Exit(status));
            }
            terminal.write(self.session.executed(Ended::Ended));
        }
        if self.session.mode() == Mode::Friendly {
            self.prompt(vm, terminal);
        }
        None
    }
}

/// Adds a piece to the text; `false` when there is no room.
fn keep(vm: &mut Vm<'_>, piece: &[u8]) -> bool {
    let end = vm.input().len();
    vm.insert_input(end, piece)
}
