//! From any state to the raw prompt: interrupt, Ctrl-A, on request a soft reset.
//!
//! The board may run a program, boot, stand in a half-typed line, in paste mode, in raw mode, in
//! the middle of somebody's raw-paste, or be stuck in a mount request. The same few bytes bring it
//! to raw mode from each of these; when they get lost, [`Enter::timeout`] tries again.
//!
//! **Which banner is ours.** Each Ctrl-A is answered by one raw banner, sooner or later. After one
//! Ctrl-A there is one banner to wait for, and it is final when nothing follows it in the same
//! input. In every other case (several Ctrl-A's were sent, or bytes follow) the machine asks the
//! board to print a digit that belongs to this try, and accepts only that answer: whatever the
//! board still owed for older bytes was written before it. A caller that has old input in its
//! buffers should drop it before the first `send`; if it does not, a banner in it that comes
//! alone is taken for the answer.
//!
//! This never waits and has no clock. Source: MicroPython `shared/runtime/pyexec.c`; the rotation
//! of retries is the one that the tool mpytool is known to succeed with on boards that restart.

use crate::control;
use crate::scan::{Found, Scanner};

/// Ways to reach the raw prompt. See the [module](super) for how to drive it.
#[derive(Clone, Debug)]
pub struct Enter {
    state: State,
    scanner: Scanner,
    pending: &'static [u8],
    sent_bytes: usize,
    soft_reset: bool,
    reset_started: bool,
    attempts: u32,
    /// Timeouts since the last bytes were given out, in states that have patience.
    waited: u32,
}

/// What [`Enter`] has to report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnterEvent<'a> {
    /// Output of a program, of the boot loader or of `boot.py`; not our own prompts.
    Aside(&'a [u8]),
    /// The soft reset has begun: text from here on is the board's boot.
    Rebooting,
    /// The board stands at the raw prompt. The machine is done.
    Entered,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A Ctrl-A is out; any banner may be the answer.
    Calling,
    /// A banner came; waiting for the digit of this try.
    Checking,
    /// The soft reset is out.
    Resetting,
    Done,
}

const BANNER_ON_NEW_LINE: usize = 0;
const BANNER: usize = 1;
/// What a try may be answered with; from index 2 on: prompts that nobody wants to see.
const CALLING: &[&[u8]] = &[
    control::RAW_BANNER_PROMPT_ON_NEW_LINE,
    control::RAW_BANNER_PROMPT,
    control::PROMPT_ON_NEW_LINE,
    control::PASTE_PROMPT_ON_NEW_LINE,
];
const RESETTING: &[&[u8]] = &[
    control::RAW_BANNER_PROMPT_ON_NEW_LINE,
    control::RAW_BANNER_PROMPT,
    control::MPY_SOFT_REBOOT,
    control::SOFT_REBOOT,
    control::OK_SOFT_RESET,
];
const OK_SOFT_RESET: usize = 4;

/// A source that prints the digit of a try, and what the board then writes, prompt included.
struct Check {
    source: &'static [u8],
    answer: [&'static [u8]; 3],
}

macro_rules! check {
    ($digit:literal) => {
        Check {
            source: concat!("print(", $digit, ",end='')\x04").as_bytes(),
            answer: [
                concat!("OK", $digit, "\x04\x04>").as_bytes(),
                control::RAW_BANNER_PROMPT_ON_NEW_LINE,
                control::RAW_BANNER_PROMPT,
            ],
        }
    };
}

/// Enough that a late answer to an older try is not taken for the newest one's.
static CHECKS: [Check; 8] = [
    check!("0"),
    check!("1"),
    check!("2"),
    check!("3"),
    check!("4"),
    check!("5"),
    check!("6"),
    check!("7"),
];

/// From this attempt on the board may be stuck in a mount request.
const HARD_FROM_ATTEMPT: u32 = 5;
/// How many timeouts `boot.py` gets before it is interrupted: 2 to 3 s at 0.2 to 0.3 s each.
const BOOT_PATIENCE: u32 = 10;

impl Enter {
    /// A machine that brings the board to the raw prompt.
    ///
    /// With `soft_reset` the board is reset from there (`boot.py` runs, `main.py` does not), and the
    /// machine is done at the next raw prompt.
    #[must_use]
    pub fn new(soft_reset: bool) -> Self {
        Self {
            state: State::Calling,
            scanner: Scanner::new(CALLING),
            pending: control::ENTER_FIRST,
            sent_bytes: 0,
            soft_reset,
            reset_started: false,
            attempts: 1,
            waited: 0,
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
    pub fn receive<'a>(&mut self, input: &'a [u8]) -> (usize, Option<EnterEvent<'a>>) {
        let mut used = 0;
        while self.state != State::Done && used < input.len() {
            let (consumed, found) = self.scanner.feed(&input[used..]);
            used += consumed;
            let event = match found {
                None => None,
                Some(Found::Text(text)) => Some(EnterEvent::Aside(text)),
                Some(Found::Marker(marker)) => self.marker(marker, used == input.len()),
            };
            if event.is_some() {
                return (used, event);
            }
        }
        (used, None)
    }

    /// The caller's deadline for one attempt (0.2 to 0.3 s) passed without progress: tries again,
    /// another way. While the board boots after a soft reset it only counts, for 2 to 3 s.
    pub fn timeout(&mut self) {
        match self.state {
            State::Done => return,
            State::Resetting if self.waited < BOOT_PATIENCE => {
                self.waited += 1;
                return;
            }
            // A board that answers slowly must not get the next try before it could answer this.
            State::Checking if self.waited == 0 => {
                self.waited = 1;
                return;
            }
            _ => {}
        }
        let turn = self.attempts.saturating_sub(1) as usize % control::ENTER_AGAIN.len();
        self.attempts = self.attempts.saturating_add(1);
        let bytes = if self.attempts >= HARD_FROM_ATTEMPT {
            control::ENTER_HARD[turn]
        } else {
            control::ENTER_AGAIN[turn]
        };
        self.go(State::Calling, bytes, CALLING);
    }

    /// How many times Ctrl-A was given out; at least 1.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    fn marker(&mut self, marker: usize, is_last: bool) -> Option<EnterEvent<'static>> {
        match (self.state, marker) {
            (State::Calling, BANNER | BANNER_ON_NEW_LINE) if self.attempts == 1 && is_last => {
                self.at_prompt()
            }
            (State::Calling, BANNER | BANNER_ON_NEW_LINE) => {
                let check = &CHECKS[self.attempts as usize % CHECKS.len()];
                self.go(State::Checking, check.source, &check.answer);
                None
            }
            (State::Checking, 0) => self.at_prompt(),
            // No Ctrl-A is unanswered here, so a banner can only come from the reset, even where
            // the words before it are in another language.
            (State::Resetting, BANNER | BANNER_ON_NEW_LINE) => self.finish(),
            // Once the board boots, the same words are somebody's output.
            (State::Resetting, _) if self.reset_started => {
                Some(EnterEvent::Aside(RESETTING[marker]))
            }
            (State::Resetting, OK_SOFT_RESET) => None,
            (State::Resetting, _) => {
                self.waited = 0;
                self.reset_started = true;
                Some(EnterEvent::Rebooting)
            }
            _ => None,
        }
    }

    fn at_prompt(&mut self) -> Option<EnterEvent<'static>> {
        if self.soft_reset && !self.reset_started {
            self.go(State::Resetting, &[control::END], RESETTING);
            return None;
        }
        self.finish()
    }

    fn finish(&mut self) -> Option<EnterEvent<'static>> {
        self.go(State::Done, &[], CALLING);
        Some(EnterEvent::Entered)
    }

    fn go(&mut self, state: State, bytes: &'static [u8], markers: &'static [&'static [u8]]) {
        self.state = state;
        self.pending = bytes;
        self.sent_bytes = 0;
        self.waited = 0;
        self.scanner.look_for(markers);
    }
}
