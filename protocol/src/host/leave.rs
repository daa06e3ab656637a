//! From raw mode back to the friendly prompt, on request through a soft reset.
//!
//! Ctrl-B first, which both raw mode and the friendly prompt answer with the banner; then, if asked
//! for, Ctrl-D on the empty line: a friendly soft reset, after which `boot.py` *and* `main.py` run.
//! A `main.py` that does not end means no prompt: [`LeaveEvent::Rebooting`] tells that the reset
//! itself was done, and the caller decides how long to listen.
//!
//! A program may change `sys.ps1`; then the prompt is not recognised and only
//! [`Leave::timeout`] brings this on. Never waits, has no clock.
//! Source: MicroPython `shared/runtime/pyexec.c`, `pyexec_friendly_repl`.

use crate::control;
use crate::scan::{Found, Scanner};

/// Leaves raw mode. See the [module](super) for how to drive it.
#[derive(Clone, Debug)]
pub struct Leave {
    state: State,
    scanner: Scanner,
    pending: &'static [u8],
    sent_bytes: usize,
    soft_reset: bool,
}

/// What [`Leave`] has to report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaveEvent<'a> {
    /// The banner, the output of `boot.py` and `main.py`; not the prompt.
    Aside(&'a [u8]),
    /// The soft reset has begun: text from here on is the board's boot.
    Rebooting,
    /// The board stands at the friendly prompt. The machine is done.
    Left,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Leaving,
    /// Ctrl-D is out, nothing came of it yet.
    Resetting,
    /// The board said that it resets itself.
    Booting,
    Done,
}

const PROMPT: usize = 0;
const MARKERS: &[&[u8]] = &[control::PROMPT_ON_NEW_LINE, control::SOFT_REBOOT];

impl Leave {
    /// Leaves raw mode; with `soft_reset` the board is reset from the friendly prompt.
    #[must_use]
    pub fn new(soft_reset: bool) -> Self {
        Self {
            state: State::Leaving,
            scanner: Scanner::new(MARKERS),
            pending: control::LEAVE_RAW,
            sent_bytes: 0,
            soft_reset,
        }
    }

    /// The bytes that should go out now; empty: wait for input.
    #[must_use]
    pub fn send(&mut self) -> &[u8] {
        &self.pending[self.sent_bytes..]
    }

    /// The first `len_bytes` of what [`send`](Self::send) gave are written.
    pub fn sent(&mut self, len_bytes: usize) {
        self.sent_bytes = self
            .sent_bytes
            .saturating_add(len_bytes)
            .min(self.pending.len());
    }

    /// Looks at what the board wrote: how many bytes are used up, and at most one event.
    ///
    /// Call it until the input is used up. Bytes after the prompt that ends the work are left.
    pub fn receive<'a>(&mut self, input: &'a [u8]) -> (usize, Option<LeaveEvent<'a>>) {
        let mut used = 0;
        while self.state != State::Done && used < input.len() {
            let (consumed, found) = self.scanner.feed(&input[used..]);
            used += consumed;
            let event = match found {
                None => None,
                Some(Found::Text(text)) => Some(LeaveEvent::Aside(text)),
                Some(Found::Marker(marker)) => self.marker(marker),
            };
            if event.is_some() {
                return (used, event);
            }
        }
        (used, None)
    }

    /// The caller's deadline passed without the prompt: sends the current request again. While the
    /// board boots nothing is sent.
    pub fn timeout(&mut self) {
        if matches!(self.state, State::Leaving | State::Resetting) {
            self.sent_bytes = 0;
        }
    }

    fn marker(&mut self, marker: usize) -> Option<LeaveEvent<'static>> {
        match (self.state, marker) {
            (State::Leaving, PROMPT) if self.sent_bytes < self.pending.len() => None,
            (State::Leaving, PROMPT) if self.soft_reset => {
                self.state = State::Resetting;
                self.pending = &[control::END];
                self.sent_bytes = 0;
                None
            }
            (State::Leaving | State::Booting, PROMPT) => {
                self.state = State::Done;
                self.pending = &[];
                self.sent_bytes = 0;
                Some(LeaveEvent::Left)
            }
            // A prompt that an earlier request still owed.
            (State::Resetting, PROMPT) | (State::Done, _) => None,
            (State::Resetting, _) => {
                self.state = State::Booting;
                self.pending = &[];
                self.sent_bytes = 0;
                Some(LeaveEvent::Rebooting)
            }
            (_, _) => Some(LeaveEvent::Aside(control::SOFT_REBOOT)),
        }
    }
}
