//! Programs on the board: sent, followed, interrupted, fed with input.
//!
//! The state machine is `ucli_protocol::host::Exec`; here are the wire, the clock, Ctrl-C, and the
//! requests of a mounted directory in between.

use std::time::{Duration, Instant};

use ucli_protocol::host::{Exec, ExecError, ExecEvent};

use super::interrupt;
use super::session::{Mode, Outcome, Output, Patience, Session, Sink, exception_error};
use crate::error::{Code, Error, Result};

/// How much of a program goes out in one write at most.
const PUSH_BYTES: usize = 4096;
/// More of a traceback than this is not kept.
const MAX_TRACEBACK_BYTES: usize = 64 * 1024;

impl Session {
    /// Runs `source` and hands out what it prints.
    ///
    /// # Errors
    /// [`Code::Interrupted`] at the second Ctrl-C, [`Code::NoAnswer`], [`Code::ConnectionLost`].
    /// An exception on the board is no error here; it is in the [`Outcome`].
    pub(crate) fn exec(
        &mut self,
        source: &[u8],
        patience: Patience,
        sink: &mut Sink<'_>,
    ) -> Result<Outcome> {
        self.run(Exec::new(source, self.paste), patience, sink)
    }

    fn run(
        &mut self,
        mut machine: Exec<'_>,
        patience: Patience,
        sink: &mut Sink<'_>,
    ) -> Result<Outcome> {
        self.enter_raw()?;
        self.wire.listen_afresh();
        self.follow(&mut machine, patience, sink)
    }

    /// Follows a program to its end.
    pub(super) fn follow(
        &mut self,
        machine: &mut Exec<'_>,
        patience: Patience,
        sink: &mut Sink<'_>,
    ) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        let mut clock = Clock::new(patience, self.options.timeout);
        loop {
            if self.take(machine, &mut clock, &mut outcome, sink)? {
                return Ok(outcome);
            }
            self.push(machine)?;
            self.watch_keys(machine, &mut clock, &mut outcome)?;
            self.forward_input(machine)?;
            let slice = if self.input.is_some() {
                Duration::from_millis(20)
            } else {
                interrupt::SLICE
            };
            self.wire.fill(Instant::now() + slice)?;
            clock.check(self, machine, &mut outcome)?;
        }
    }

    /// Sends what may go out now, in as few writes as the window allows: each one is a packet.
    pub(super) fn push(&mut self, machine: &mut Exec<'_>) -> Result<()> {
        loop {
            let mut bytes = Vec::new();
            while bytes.len() < PUSH_BYTES {
                let piece = machine.send();
                let len = piece.len();
                bytes.extend_from_slice(piece);
                machine.sent(len);
                if len == 0 || machine.pace_ms() > 0 {
                    break;
                }
            }
            if bytes.is_empty() {
                return Ok(());
            }
            self.wire.write_all(&bytes, self.options.timeout)?;
            self.wire.listen_afresh();
            let pace = machine.pace_ms();
            if pace > 0 {
                self.wire
                    .fill(Instant::now() + Duration::from_millis(u64::from(pace)))?;
            }
            if !self.wire.pending().is_empty() {
                return Ok(());
            }
        }
    }

    /// Uses up the input; true when the program has ended.
    fn take(
        &mut self,
        machine: &mut Exec<'_>,
        clock: &mut Clock,
        outcome: &mut Outcome,
        sink: &mut Sink<'_>,
    ) -> Result<bool> {
        let mut served = false;
        while !self.wire.pending().is_empty() {
            if machine.is_running() && !served {
                served = true;
                self.serve_mount()?;
            }
            let (used, event) = match machine.receive(self.wire.pending()) {
                Ok(found) => found,
                Err(error) => return Err(self.exec_error(error)),
            };
            let mut ended = false;
            match event {
                Some(ExecEvent::Started) => clock.started(),
                Some(ExecEvent::Stdout(text)) => sink(Output::Stdout(text))?,
                Some(ExecEvent::Stderr(text)) => {
                    let room = MAX_TRACEBACK_BYTES.saturating_sub(outcome.traceback.len());
                    outcome
                        .traceback
                        .extend_from_slice(&text[..text.len().min(room)]);
                }
                Some(ExecEvent::Aside(text)) => sink(Output::Aside(text))?,
                Some(ExecEvent::Finished { .. } | ExecEvent::Cancelled) => ended = true,
                Some(ExecEvent::Reset) => {
                    outcome.reset = true;
                    ended = true;
                }
                None => {}
            }
            self.wire.consume(used);
            if ended {
                self.paste = machine.paste();
                return Ok(true);
            }
            if used == 0 {
                break;
            }
        }
        Ok(false)
    }

    /// Answers the requests for the mounted directory that are in the input. They come out of it
    /// before anything else looks at it: their bytes are also those that frame a program's output.
    fn serve_mount(&mut self) -> Result<()> {
        let Some(mount) = &mut self.mount else {
            return Ok(());
        };
        let (mut reply, mut plain) = (Vec::new(), Vec::new());
        mount.filter(self.wire.pending(), &mut reply, &mut |text| {
            plain.extend_from_slice(text);
            Ok(())
        })?;
        self.wire.replace_pending(plain);
        if reply.is_empty() {
            return Ok(());
        }
        self.wire.write_all(&reply, self.options.timeout)
    }

    pub(super) fn exec_error(&mut self, error: ExecError) -> Error {
        match error {
            ExecError::ControlByte { .. } => Error::new(
                Code::Unsupported,
                format!("The program cannot be sent: {error}"),
            )
            .hint("Copy it to the board with `ucli cp` and import it there"),
            ExecError::ImageUnsupported => Error::new(
                Code::Unsupported,
                "The board's firmware takes no .mpy over the wire",
            ),
            ExecError::WindowIsZero => {
                self.mode = Mode::Torn;
                Error::new(
                    Code::Protocol,
                    format!("`{}` announced a window of 0 bytes", self.name()),
                )
            }
        }
    }

    fn watch_keys(
        &mut self,
        machine: &mut Exec<'_>,
        clock: &mut Clock,
        outcome: &mut Outcome,
    ) -> Result<()> {
        let pressed = interrupt::count().saturating_sub(clock.pressed);
        if pressed >= 2 {
            self.mode = Mode::Unknown;
            return Err(Error::new(
                Code::Interrupted,
                "Detached; the program was asked to stop and may still run",
            ));
        }
        if pressed == 1 && !outcome.interrupted {
            outcome.interrupted = true;
            machine.interrupt();
        }
        Ok(())
    }

    fn forward_input(&mut self, machine: &Exec<'_>) -> Result<()> {
        if !machine.is_running() {
            return Ok(());
        }
        let Some(input) = &mut self.input else {
            return Ok(());
        };
        let mut typed = input();
        // Control bytes would reach the REPL, not the program.
        typed.retain(|byte| !(1..=5).contains(byte));
        for byte in &mut typed {
            if *byte == b'\n' {
                *byte = b'\r';
            }
        }
        self.wire.write_all(&typed, self.options.timeout)
    }

    /// Starts `source` and leaves it running.
    ///
    /// # Errors
    /// As [`Session::exec`], while it is sent.
    pub(crate) fn exec_no_follow(&mut self, source: &[u8]) -> Result<()> {
        self.begin(source, None).map(|_| ())
    }

    /// Starts `source`, which is going to restart the board, and listens until `until`: the error
    /// it raised, or `None` when the board went silent or away.
    ///
    /// # Errors
    /// As [`Session::exec`], while it is sent.
    pub(crate) fn exec_until(&mut self, source: &[u8], until: Instant) -> Result<Option<Error>> {
        self.begin(source, Some(until))
    }

    fn begin(&mut self, source: &[u8], until: Option<Instant>) -> Result<Option<Error>> {
        self.enter_raw()?;
        self.wire.listen_afresh();
        let mut machine = Exec::new(source, self.paste);
        let mut outcome = Outcome::default();
        let mut clock = Clock::new(Patience::Forever, self.options.timeout);
        self.mode = Mode::Unknown;
        loop {
            let result = self
                .take(&mut machine, &mut clock, &mut outcome, &mut |_| Ok(()))
                .and_then(|ended| {
                    if !ended {
                        self.push(&mut machine)?;
                        self.wire
                            .fill(until.unwrap_or(Instant::now() + interrupt::SLICE))?;
                    }
                    Ok(ended)
                });
            let ended = match result {
                // It has restarted already.
                Err(error) if clock.is_started && error.code() == Code::ConnectionLost => {
                    return Ok(None);
                }
                result => result?,
            };
            if ended {
                self.mode = Mode::Raw;
                let raised = !outcome.traceback.is_empty();
                return Ok(raised.then(|| exception_error(&outcome.traceback)));
            }
            if clock.is_started && until.is_none_or(|until| Instant::now() >= until) {
                return Ok(None);
            }
            clock.check(self, &mut machine, &mut outcome)?;
        }
    }
}

/// What the time says while a program is sent and runs.
struct Clock {
    patience: Patience,
    timeout: Duration,
    is_started: bool,
    started: Instant,
    pressed: u32,
}

impl Clock {
    fn new(patience: Patience, timeout: Duration) -> Self {
        Self {
            patience,
            timeout,
            is_started: false,
            started: Instant::now(),
            // A Ctrl-C before a program of the user's has started is meant for it. Our own questions are also
            // asked when something was interrupted.
            pressed: match patience {
                Patience::Quiet(_) => interrupt::count(),
                Patience::Forever | Patience::Limit(_) => 0,
            },
        }
    }

    fn started(&mut self) {
        self.is_started = true;
        self.started = Instant::now();
    }

    fn check(
        &self,
        session: &mut Session,
        machine: &mut Exec<'_>,
        outcome: &mut Outcome,
    ) -> Result<()> {
        let silence = session.wire.silence();
        let given_up = match (self.is_started, self.patience) {
            // A board that grants windows for ever is never silent.
            (false, _) => silence.max(session.wire.idle()) > self.timeout,
            (true, Patience::Quiet(limit)) => silence > limit,
            (true, Patience::Limit(limit)) => {
                if self.started.elapsed() > limit && !outcome.timed_out {
                    outcome.timed_out = true;
                    machine.interrupt();
                }
                outcome.timed_out && self.started.elapsed() > limit + self.timeout
            }
            (true, Patience::Forever) => false,
        };
        if !given_up {
            return Ok(());
        }
        session.mode = Mode::Torn;
        let name = session.name();
        let message = if self.is_started {
            format!(
                "`{name}` stopped answering: silent for {} s",
                silence.as_secs()
            )
        } else {
            let seconds = self.timeout.as_secs_f64();
            format!("`{name}` does not accept the program: no answer for {seconds} s")
        };
        Err(Error::new(Code::NoAnswer, message)
            .hint("Press reset and try again; a larger `--timeout` gives a slow board more time"))
    }
}
