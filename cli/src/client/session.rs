//! A conversation with one board: raw mode, programs, leaving it as it was found.
//!
//! The state machines are `ucli_protocol::host`'s; here are the clock, the wire and Ctrl-C.

use std::time::{Duration, Instant};

use ucli_protocol::control;
use ucli_protocol::host::{Enter, EnterEvent, Leave, LeaveEvent, Paste};
use ucli_protocol::traceback::Traceback;

use super::interrupt;
use super::mount::MountServer;
use super::wire::Wire;
use crate::device::Target;
use crate::error::{Code, Error, Result};
use crate::output::Printer;
use crate::output::sanitise;
use crate::transport::OpenOptions;
use crate::transport::tap::Tap;

/// How long one way of reaching the raw prompt is given.
const ATTEMPT: Duration = Duration::from_millis(250);
/// How long a board may take to leave raw mode before it is left alone.
const LEAVING: Duration = Duration::from_secs(2);
/// How long a question of our own is waited for at least.
pub(super) const ANSWER: Duration = Duration::from_secs(10);
/// After so many attempts a board is taken for one that waits for the rest of a transfer.
const FLOOD_AFTER: u32 = 8;
/// Fills any block that a board may still be waiting for; as typed input it is harmless.
const FLOOD_BYTES: usize = 40 * 1024;

/// A piece of a program's output.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Output<'a> {
    /// What it prints.
    Stdout(&'a [u8]),
    /// What came out of turn: a thread, a driver, the boot.
    Aside(&'a [u8]),
}

/// Takes a program's output as it comes.
pub(crate) type Sink<'s> = dyn FnMut(Output<'_>) -> Result<()> + 's;

/// How long a program may go on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Patience {
    /// As long as it likes.
    Forever,
    /// It may be silent for this long (our own questions).
    Quiet(Duration),
    /// It may run for this long, then it is interrupted.
    Limit(Duration),
}

/// How a program ended.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// The traceback; empty when nothing was raised.
    pub(crate) traceback: Vec<u8>,
    /// It ended in a soft reset (`SystemExit`).
    pub(crate) reset: bool,
    /// Ctrl-C was passed on to it.
    pub(crate) interrupted: bool,
    /// The time given to it ran out.
    pub(crate) timed_out: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Nothing is known.
    Unknown,
    /// At the raw prompt.
    Raw,
    /// At the friendly prompt, or a program runs.
    Friendly,
    /// The agent was told to end; its last words and the raw prompt are still to come.
    Settling,
    /// The agent was told to end, and the board to leave raw mode; its answers are still to come.
    Leaving,
    /// Something was left half done: the board may wait for more bytes.
    Torn,
}

/// One board and what is known of its state.
pub(crate) struct Session {
    pub(super) wire: Wire,
    target: Target,
    pub(super) options: OpenOptions,
    pub(super) mode: Mode,
    /// What is still to be sent before anything else.
    owed: Vec<u8>,
    pub(super) paste: Paste,
    pub(super) printer: Printer,
    pub(super) degraded: u8,
    /// The board has CRC-32, as far as is known.
    pub(super) checks: bool,
    /// Nothing more is wanted of the board after the command that runs.
    closing: bool,
    pub(super) mount: Option<MountServer>,
    /// Keyboard or piped input for the program that runs.
    pub(crate) input: Option<Box<dyn FnMut() -> Vec<u8>>>,
}

impl Session {
    /// Opens the board; nothing is sent yet.
    ///
    /// # Errors
    /// Those of the transport.
    pub(crate) fn open(
        target: Target,
        options: OpenOptions,
        printer: &Printer,
        record: Option<&std::path::Path>,
    ) -> Result<Self> {
        let mut transport = target.open(&options)?;
        if printer.is_verbose() || record.is_some() {
            let file = match record {
                Some(path) => Some(
                    std::fs::File::create(path)
                        .map_err(|error| Error::local("create", path, &error))?,
                ),
                None => None,
            };
            transport = Box::new(Tap::new(transport, printer.clone(), file));
        }
        Ok(Self {
            wire: Wire::new(transport),
            target,
            options,
            mode: Mode::Unknown,
            owed: Vec::new(),
            paste: Paste::Unknown,
            printer: printer.clone(),
            degraded: 0,
            checks: true,
            closing: false,
            mount: None,
            input: None,
        })
    }

    /// The address as the user would give it.
    pub(crate) fn name(&self) -> &str {
        self.wire.name()
    }

    /// How long a board may be silent when it is asked something.
    pub(crate) fn timeout(&self) -> Duration {
        self.options.timeout
    }

    /// The bytes to and from the board, for the terminal.
    pub(crate) fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }

    /// The directory that is mounted on the board, if any.
    pub(crate) fn mount(&mut self) -> Option<&mut MountServer> {
        self.mount.as_mut()
    }

    /// Serves a local directory from now on, or no more.
    pub(crate) fn set_mount(&mut self, server: Option<MountServer>) {
        self.mount = server;
    }

    /// What the state of the board is after somebody else (a person) talked to it.
    pub(crate) fn forget_state(&mut self) {
        self.mode = Mode::Unknown;
    }

    /// Something was left half done; the next [`Session::enter_raw`] gets the board out of it.
    pub(super) fn tear(&mut self) {
        self.mode = Mode::Torn;
    }

    /// The next transfer is done in a more careful way: smaller windows, then one program at a time.
    pub(crate) fn degrade(&mut self) {
        self.degraded = self.degraded.saturating_add(1);
    }

    /// Nothing more is wanted of the board after the command that runs: it may be sent away early.
    pub(crate) fn set_closing(&mut self) {
        self.closing = true;
    }

    /// What tells the board, behind the last request, to leave raw mode; empty when it stays there.
    pub(super) fn early_leave(&self) -> &'static [u8] {
        if self.closing && self.mount.is_none() {
            control::LEAVE_RAW
        } else {
            &[]
        }
    }

    /// The agent ends, and [`Session::early_leave`] is sent.
    pub(super) fn left_early(&mut self) {
        self.mode = Mode::Leaving;
    }

    /// The agent ends; its last words need not be waited for now.
    ///
    /// `owed` goes out before anything else does.
    pub(super) fn settle_later(&mut self, owed: &[u8]) {
        self.owed = owed.to_vec();
        self.mode = Mode::Settling;
    }

    /// Waits until the agent has ended and the board stands at its raw prompt.
    fn settle(&mut self) -> Result<()> {
        const LAST_WORDS: &[u8] = b"\x04\x04>";
        let owed = core::mem::take(&mut self.owed);
        self.wire.write_all(&owed, self.options.timeout)?;
        let deadline = Instant::now() + self.options.timeout;
        loop {
            let pending = self.wire.pending();
            if let Some(at) = pending
                .windows(LAST_WORDS.len())
                .position(|part| part == LAST_WORDS)
            {
                self.wire.consume(at + LAST_WORDS.len());
                self.mode = Mode::Raw;
                return Ok(());
            }
            if !self.wire.fill(deadline)? && Instant::now() >= deadline {
                // Somebody else has to find out what became of it.
                self.mode = Mode::Torn;
                return Ok(());
            }
        }
    }

    /// Whether something was left half done.
    pub(super) fn is_torn(&self) -> bool {
        self.mode == Mode::Torn
    }

    /// Whether the board stands at the raw prompt.
    pub(crate) fn is_raw(&self) -> bool {
        matches!(self.mode, Mode::Raw | Mode::Settling | Mode::Leaving)
    }

    /// Opens the same board again after it has restarted.
    ///
    /// # Errors
    /// [`Code::NoBoard`] when it does not come back within `patience`.
    pub(crate) fn reopen(&mut self, patience: Duration) -> Result<()> {
        // The old handle goes first: an exclusive port cannot be opened twice.
        self.wire = Wire::new(Box::new(crate::transport::replay::Replay::empty(
            self.wire.name(),
        )));
        let mut transport = self.target.reopen(&self.options, patience)?;
        if self.printer.is_verbose() {
            transport = Box::new(Tap::new(transport, self.printer.clone(), None));
        }
        self.wire = Wire::new(transport);
        self.mode = Mode::Unknown;
        Ok(())
    }

    /// Brings the board to its raw prompt from whatever it does.
    ///
    /// # Errors
    /// [`Code::NoAnswer`] when it does not get there in time, [`Code::Interrupted`].
    pub(crate) fn enter_raw(&mut self) -> Result<()> {
        if self.mode == Mode::Settling {
            self.settle()?;
        }
        if self.mode == Mode::Raw {
            return Ok(());
        }
        self.enter(false, &mut |_| Ok(()))
    }

    /// A soft reset that ends at the raw prompt: `boot.py` runs, `main.py` does not.
    ///
    /// # Errors
    /// As [`Session::enter_raw`].
    pub(crate) fn soft_reset_raw(&mut self, sink: &mut Sink<'_>) -> Result<()> {
        self.enter(true, sink)
    }

    fn enter(&mut self, soft_reset: bool, sink: &mut Sink<'_>) -> Result<()> {
        let pressed = interrupt::count();
        if self.mode == Mode::Settling {
            self.settle()?;
        }
        if self.mode == Mode::Torn {
            self.flood()?;
        }
        self.wire.drop_input()?;
        let mut machine = Enter::new(soft_reset);
        let started = Instant::now();
        let mut attempt_ends = started + ATTEMPT;
        let (mut rebooting, mut silent, mut tail) = (false, true, Vec::new());
        loop {
            while !self.wire.pending().is_empty() {
                silent = false;
                let (used, event) = machine.receive(self.wire.pending());
                match event {
                    Some(EnterEvent::Aside(text)) => {
                        keep_tail(&mut tail, text);
                        if rebooting {
                            sink(Output::Aside(text))?;
                        }
                    }
                    Some(EnterEvent::Rebooting) => rebooting = true,
                    Some(EnterEvent::Entered) => {
                        self.wire.consume(used);
                        self.mode = Mode::Raw;
                        return Ok(());
                    }
                    None => {}
                }
                self.wire.consume(used);
            }
            let bytes = machine.send().to_vec();
            if !bytes.is_empty() {
                machine.sent(self.wire.write_some(&bytes)?);
            }
            if interrupt::count() > pressed {
                return Err(Error::new(
                    Code::Interrupted,
                    "Interrupted while connecting",
                ));
            }
            if started.elapsed() > self.options.timeout {
                return Err(self.no_answer(silent, &tail, rebooting));
            }
            if !self.wire.fill(attempt_ends)? && Instant::now() >= attempt_ends {
                if machine.attempts() == FLOOD_AFTER {
                    // Somebody's transfer was cut off: the board waits for the rest of it.
                    self.flood()?;
                }
                machine.timeout();
                attempt_ends = Instant::now() + ATTEMPT;
            }
        }
    }

    /// Fills what a torn transfer may be waiting for, so that the agent on the board gives up.
    fn flood(&mut self) -> Result<()> {
        let fill = vec![control::INTERRUPT; FLOOD_BYTES];
        let deadline = Instant::now() + Duration::from_secs(1);
        let mut sent = 0;
        while sent < fill.len() && Instant::now() < deadline {
            sent += self.wire.write_some(&fill[sent..])?;
            self.wire.fill(Instant::now())?;
        }
        // The agent listens for a tenth of a second of quiet before it ends.
        let quiet = Instant::now() + Duration::from_millis(300);
        while self.wire.fill(quiet)? || Instant::now() < quiet {
            let len = self.wire.pending().len();
            self.wire.consume(len);
            if Instant::now() > deadline + Duration::from_secs(2) {
                break;
            }
        }
        self.mode = Mode::Unknown;
        Ok(())
    }

    fn no_answer(&self, silent: bool, tail: &[u8], rebooting: bool) -> Error {
        let name = self.name();
        let seconds = self.options.timeout.as_secs_f64();
        if rebooting {
            return Error::new(
                Code::NoAnswer,
                format!("`{name}` did not come back from its soft reset in {seconds} s"),
            )
            .hint("`boot.py` may not end; press reset, or start with `ucli repl` and Ctrl-C");
        }
        if silent {
            return Error::new(Code::NoAnswer, format!("`{name}` does not answer"))
                .hint(format!(
                    "It is open and silent at {} baud. If a program is running with interrupts off, press reset and try again",
                    self.options.baud
                ))
                .hint(format!("`ucli doctor -p {name}` checks cable, permissions, boot loader and baud rate"));
        }
        let said = sanitise::line(&sanitise::lossy(tail));
        let error = Error::new(
            Code::NoAnswer,
            format!("`{name}` talks but gives no MicroPython prompt in {seconds} s"),
        );
        error
            .hint(format!("The last it said: `{said}`"))
            .hint("A program that catches KeyboardInterrupt must be stopped with the reset button; other firmware must be flashed")
    }

    /// Leaves the board sane at the end of everything.
    ///
    /// # Errors
    /// When the connection is lost.
    pub(crate) fn close(mut self) -> Result<()> {
        if self.mode == Mode::Torn {
            self.enter_raw()?;
        }
        self.leave()
    }

    /// Leaves raw mode: the board stands at its friendly prompt afterwards.
    ///
    /// # Errors
    /// When the connection is lost. A board that does not answer is left alone without an error.
    pub(crate) fn leave(&mut self) -> Result<()> {
        if !self.is_raw() {
            return Ok(());
        }
        self.leave_with(false, LEAVING, &mut |_| Ok(()))
    }

    /// A soft reset from the friendly prompt: `boot.py` and `main.py` run. Their output goes to
    /// `sink` until the prompt or until `patience` is over.
    ///
    /// # Errors
    /// As [`Session::enter_raw`].
    pub(crate) fn soft_reset_friendly(
        &mut self,
        patience: Duration,
        sink: &mut Sink<'_>,
    ) -> Result<()> {
        self.enter_raw()?;
        self.leave_with(true, patience, sink)
    }

    fn leave_with(
        &mut self,
        soft_reset: bool,
        patience: Duration,
        sink: &mut Sink<'_>,
    ) -> Result<()> {
        let mut machine = Leave::new(soft_reset);
        let mut first = core::mem::take(&mut self.owed);
        let farewell = machine.send();
        let farewell_bytes = farewell.len();
        if self.mode != Mode::Leaving {
            first.extend_from_slice(farewell);
        }
        machine.sent(farewell_bytes);
        self.wire.write_all(&first, self.options.timeout)?;
        self.mode = Mode::Friendly;
        // The reset itself is waited for; `patience` is for what the board does after it.
        let mut deadline = Instant::now() + patience.max(LEAVING);
        let mut rebooting = false;
        loop {
            while !self.wire.pending().is_empty() {
                let (used, event) = machine.receive(self.wire.pending());
                match event {
                    Some(LeaveEvent::Aside(text)) if rebooting => sink(Output::Aside(text))?,
                    Some(LeaveEvent::Rebooting) => {
                        rebooting = true;
                        deadline = Instant::now() + patience;
                    }
                    Some(LeaveEvent::Left) => {
                        self.wire.consume(used);
                        return Ok(());
                    }
                    _ => {}
                }
                self.wire.consume(used);
            }
            let bytes = machine.send().to_vec();
            if !bytes.is_empty() {
                machine.sent(self.wire.write_some(&bytes)?);
            }
            let attempt = Instant::now() + ATTEMPT;
            if !self.wire.fill(deadline.min(attempt))? && Instant::now() >= deadline {
                return Ok(());
            }
            if self.wire.silence() > ATTEMPT && !rebooting {
                machine.timeout();
                self.wire.listen_afresh();
            }
        }
    }
}

/// An exception of the board as an error: its last line, and the file error it stands for.
pub(crate) fn exception_error(text: &[u8]) -> Error {
    let text = sanitise::lossy(text);
    let line = match Traceback::parse(&text) {
        Some(trace) if trace.message.is_empty() => trace.exception.to_string(),
        Some(trace) => format!("{}: {}", trace.exception, trace.message),
        None => text.trim().to_string(),
    };
    Error::new(
        Code::BoardException,
        format!("The board raised {}", sanitise::line(line.trim())),
    )
}

fn keep_tail(tail: &mut Vec<u8>, text: &[u8]) {
    const KEEP: usize = 120;
    tail.extend_from_slice(text);
    if tail.len() > KEEP {
        tail.drain(..tail.len() - KEEP);
    }
}
