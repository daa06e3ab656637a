//! A board in memory: the device end of the protocol with a toy in place of an interpreter.
//!
//! Its "programs" are single words, so that a test knows what must come back; any other source
//! answers with its own length and checksum, which shows whether it arrived whole; a comment
//! answers nothing.

use ucli_protocol::control;
use ucli_protocol::device::{Config, Event, Mode, Outcome, Refusal, Session, SourceKind};

/// What the toy says when it starts.
pub(crate) const BANNER: &[u8] = b"uPy v0.1; toy\r\nType \"help()\" for more information.\r\n";

/// A checksum for the toy interpreter and its tests.
pub(crate) fn report(kind: SourceKind, source: &[u8]) -> String {
    let sum = source.iter().fold(7_u32, |sum, &byte| {
        sum.wrapping_mul(31).wrapping_add(byte.into())
    });
    format!("{kind:?} of {} bytes: {sum:08x}\r\n", source.len())
}

pub(crate) struct Board {
    pub(crate) session: Session,
    /// What the board has written and nobody has read.
    pub(crate) output: Vec<u8>,
    input: Vec<u8>,
    source: Vec<u8>,
    line: Vec<u8>,
    /// More source than this is refused.
    pub(crate) memory_bytes: usize,
    out_of_memory: bool,
    running: bool,
}

impl Board {
    pub(crate) fn new(config: Config) -> Self {
        let mut board = Self {
            session: Session::new(config),
            output: Vec::new(),
            input: Vec::new(),
            source: Vec::new(),
            line: Vec::new(),
            memory_bytes: usize::MAX,
            out_of_memory: false,
            running: false,
        };
        board.banner();
        board
    }

    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
        while self.step() {}
    }

    fn step(&mut self) -> bool {
        if self.running {
            let Some(at) = self
                .input
                .iter()
                .position(|&byte| byte == control::INTERRUPT)
            else {
                return false;
            };
            self.input.drain(..=at);
            self.running = false;
            self.end("KeyboardInterrupt");
            return true;
        }
        let (used, action) = {
            let (used, event) = self.session.receive(&self.input);
            (used, event.map(Action::of_event))
        };
        self.input.drain(..used);
        if let Some(action) = action {
            self.act(action);
            return true;
        }
        if used > 0 {
            return true;
        }
        if self.session.mode() != Mode::Friendly || self.input.is_empty() {
            return false;
        }
        let byte = self.input.remove(0);
        self.key(byte);
        true
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Write(bytes) => self.output.extend(bytes),
            Action::Keep(bytes) => self.keep(&bytes),
            Action::KeepAndWrite(bytes) => {
                self.keep(&bytes);
                self.output.extend(bytes);
            }
            Action::Banner => self.banner(),
            Action::Prompt => self.output.extend_from_slice(control::PROMPT),
            Action::Discard => self.forget(),
            Action::Execute(kind) => self.execute(kind),
            Action::Refused(Refusal::Interrupted) => self.end("KeyboardInterrupt"),
            Action::Refused(Refusal::ByCaller) => self.end("MemoryError"),
            Action::Refused(Refusal::Escape) => self.end("ValueError"),
            Action::SoftReset => self.soft_reset(),
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.source.extend_from_slice(bytes);
        if self.source.len() > self.memory_bytes {
            self.out_of_memory = true;
            self.source.clear();
            self.session.refuse();
        }
    }

    fn forget(&mut self) {
        self.source.clear();
        self.out_of_memory = false;
    }

    /// The line editor, as far as the protocol needs one.
    fn key(&mut self, byte: u8) {
        match byte {
            0x01..=0x05 if self.line.is_empty() => self.session.control(byte),
            control::INTERRUPT => {
                self.line.clear();
                self.output.extend_from_slice(control::PROMPT_ON_NEW_LINE);
            }
            b'\r' => {
                self.output.extend_from_slice(control::NEW_LINE);
                if !self.line.is_empty() {
                    self.line.clear();
                    self.output.extend_from_slice(b"NameError: \r\n");
                }
                self.output.extend_from_slice(control::PROMPT);
            }
            b' '..=b'~' => {
                self.line.push(byte);
                self.output.push(byte);
            }
            _ => {}
        }
    }

    fn execute(&mut self, kind: SourceKind) {
        let source = std::mem::take(&mut self.source);
        if std::mem::take(&mut self.out_of_memory) {
            return self.end("MemoryError");
        }
        let text = String::from_utf8_lossy(&source).into_owned();
        match text.as_str() {
            "raise" => return self.end("ValueError"),
            "loop" => {
                self.running = true;
                self.output.extend_from_slice(b"running");
                return;
            }
            "exit" => {
                self.output.extend_from_slice(self.session.output_end());
                let bytes = self.session.executed(Outcome::SystemExit);
                self.output.extend_from_slice(bytes);
                return self.soft_reset();
            }
            _ => {}
        }
        let printed = text
            .strip_prefix("print(")
            .and_then(|rest| rest.strip_suffix(",end='')"));
        match printed {
            Some(digit) => self.output.extend_from_slice(digit.as_bytes()),
            None if text.starts_with('#') && !text.contains('\n') => {}
            None => self
                .output
                .extend_from_slice(report(kind, &source).as_bytes()),
        }
        self.end("");
    }

    /// A program has ended, with this exception unless it is empty.
    fn end(&mut self, exception: &str) {
        self.forget();
        self.output.extend_from_slice(self.session.output_end());
        if !exception.is_empty() {
            let text = format!("Traceback (most recent call last):\r\n{exception}: \r\n");
            self.output.extend_from_slice(text.as_bytes());
        }
        let bytes = self.session.executed(Outcome::Ended);
        self.output.extend_from_slice(bytes);
        if self.session.mode() == Mode::Friendly {
            self.output.extend_from_slice(control::PROMPT);
        }
    }

    fn soft_reset(&mut self) {
        self.forget();
        self.output.extend_from_slice(control::SOFT_REBOOT_LINE);
        self.output.extend_from_slice(b"boot.py\r\n");
        self.session.restart();
    }

    fn banner(&mut self) {
        self.output.extend_from_slice(BANNER);
        self.output.extend_from_slice(control::PROMPT);
    }
}

/// An event without its borrow.
enum Action {
    Write(Vec<u8>),
    Keep(Vec<u8>),
    KeepAndWrite(Vec<u8>),
    Banner,
    Prompt,
    Discard,
    Execute(SourceKind),
    Refused(Refusal),
    SoftReset,
}

impl Action {
    fn of_event(event: Event<'_>) -> Self {
        match event {
            Event::Output(bytes) => Self::Write(bytes.to_vec()),
            Event::Source(bytes) => Self::Keep(bytes.to_vec()),
            Event::EchoedSource(bytes) => Self::KeepAndWrite(bytes.to_vec()),
            Event::Banner => Self::Banner,
            Event::Prompt => Self::Prompt,
            Event::Discard => Self::Discard,
            Event::Execute(kind) => Self::Execute(kind),
            Event::Refused(refusal) => Self::Refused(refusal),
            Event::SoftReset => Self::SoftReset,
        }
    }
}
