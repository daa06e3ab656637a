//! Which mode the console is in, and what its bytes mean there.
//!
//! The caller's part, in order: feed bytes with [`Session::receive`], do what the event says, ask
//! again. While a program runs its input is the program's; nothing is fed here. In
//! [`Mode::Friendly`] bytes go to the line editor, which calls [`Session::control`] for a control byte
//! on an empty line. The frame of a program in raw mode is
//!
//! ```text
//! output, [Session::output_end], traceback if any, [Session::executed]
//! ```
//!
//! Source: MicroPython `shared/runtime/pyexec.c`, `pyexec_raw_repl` and `pyexec_friendly_repl`.

use super::Refusal;
use super::paste::{Received, Receiver};
use crate::control;

/// What a device can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// The raw-paste window in bytes; half of the console's input buffer. 0 means that the device
    /// has no raw-paste mode.
    pub window_bytes: u16,
    /// Whether `.mpy` images are accepted.
    pub images: bool,
}

/// The mode of a console.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// A person types at `>>> `.
    #[default]
    Friendly,
    /// Ctrl-E at the friendly prompt: text is kept as it is until Ctrl-D.
    Paste,
    /// A program talks. After a soft reset `main.py` is not run.
    Raw,
}

/// What kind of source is to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// Python source, compiled as a file named `<stdin>`.
    Source,
    /// A `.mpy` image.
    Image,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// By itself or with an exception whose traceback was written.
    Ended,
    /// With `SystemExit`: reset now.
    SystemExit,
}

/// What [`Session`] wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// Write this.
    Output(&'a [u8]),
    /// Write the banner (name, version, board), as the friendly REPL begins with it, then the
    /// friendly prompt.
    Banner,
    /// Write the friendly prompt.
    Prompt,
    /// Keep this: it is part of the source.
    Source(&'a [u8]),
    /// Keep this and write it back: paste mode shows what it gets.
    EchoedSource(&'a [u8]),
    /// Throw away the source that was kept.
    Discard,
    /// Run the source that was kept, then throw it away.
    Execute(SourceKind),
    /// Throw away the source and, in place of running it, write the traceback of the reason (after
    /// [`Session::output_end`], before [`Session::executed`]).
    Refused(Refusal),
    /// Reset the interpreter, then call [`Session::restart`].
    SoftReset,
}

/// The state of a console. See the [module](super).
///
/// ```
/// # use ucli_protocol::device::{Config, Event, Outcome, Session, SourceKind};
/// let mut session = Session::new(Config { window_bytes: 128, images: false });
/// session.control(0x01);
/// let banner = b"\r\nraw REPL; CTRL-B to exit\r\n>";
/// assert_eq!(session.receive(b""), (0, Some(Event::Output(banner))));
/// assert_eq!(session.receive(b"1+1\x04"), (3, Some(Event::Source(b"1+1"))));
/// assert_eq!(session.receive(b"\x04"), (1, Some(Event::Output(b"OK"))));
/// assert_eq!(session.receive(b""), (0, Some(Event::Execute(SourceKind::Source))));
/// assert_eq!(session.output_end(), b"\x04");
/// assert_eq!(session.executed(Outcome::Ended), b"\x04>");
/// ```
#[derive(Clone, Debug)]
pub struct Session {
    config: Config,
    mode: Mode,
    state: State,
    /// The start of the raw line and its length, to recognise a raw-paste request.
    line: [u8; 2],
    line_len: u32,
    /// `R 01`, window, first grant.
    entered: [u8; 5],
}

/// What comes before more input is looked at.
#[derive(Clone, Debug)]
enum State {
    /// Input is looked at, as the mode says.
    Reading,
    Output(&'static [u8], After),
    /// Announcing the raw-paste mode.
    Entering(Receiver, SourceKind),
    Receiving(Receiver, SourceKind),
    /// The source was refused: everything up to 03 or 04 is swallowed.
    Swallowing(Refusal),
    Then(After),
}

/// What follows an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    Reading,
    Banner,
    Prompt,
    Discard,
    /// Throw the source away, then write the prompt of the mode.
    DiscardThenPrompt,
    Execute(SourceKind),
    Swallow(Refusal),
    Refused(Refusal),
    SoftReset,
}

const PASTE_END: &[u8] = &[control::END];
const REFUSED_AND_PROMPT: &[u8] = b"R\x00>";
const END_AND_PROMPT: &[u8] = b"\x04>";

impl Session {
    /// A console at the friendly prompt. The banner of a device that starts is the caller's.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let [low, high] = config.window_bytes.to_le_bytes();
        let [letter, yes] = [control::PASTE_ENTERED[0], control::PASTE_ENTERED[1]];
        Self {
            config,
            mode: Mode::Friendly,
            state: State::Reading,
            line: [0; 2],
            line_len: 0,
            entered: [letter, yes, low, high, control::GRANT],
        }
    }

    /// The mode. In [`Mode::Friendly`] bytes go to the line editor, otherwise to
    /// [`receive`](Self::receive).
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The interpreter was reset; the mode stays. In raw mode the banner is written again.
    ///
    /// Call it after `boot.py`, and when [`mode`](Self::mode) is not raw after `main.py`.
    pub fn restart(&mut self) {
        self.clear_line();
        self.state = match self.mode {
            Mode::Raw => State::Output(control::RAW_BANNER_PROMPT, After::Reading),
            Mode::Friendly | Mode::Paste => {
                self.mode = Mode::Friendly;
                State::Then(After::Banner)
            }
        };
    }

    /// A control byte was typed on an empty line at the friendly prompt. Others change nothing.
    /// Then call [`receive`](Self::receive), with empty input if there is none.
    pub fn control(&mut self, byte: u8) {
        if self.mode != Mode::Friendly {
            return;
        }
        let (output, after) = match byte {
            control::RAW_MODE => {
                self.mode = Mode::Raw;
                self.clear_line();
                (control::RAW_BANNER_PROMPT_ON_NEW_LINE, After::Reading)
            }
            control::FRIENDLY_MODE => (control::NEW_LINE, After::Banner),
            control::INTERRUPT => (control::NEW_LINE, After::Prompt),
            control::END => (control::NEW_LINE, After::SoftReset),
            control::PASTE_MODE => {
                self.mode = Mode::Paste;
                (control::PASTE_BANNER, After::Discard)
            }
            _ => return,
        };
        self.state = State::Output(output, after);
    }

    /// Looks at console input: how many bytes are used up, and at most one event.
    ///
    /// Call it until it brings no event, with empty input too: one byte may mean several events.
    /// When [`Event::Execute`], [`Event::Refused`] or [`Event::SoftReset`] came, deal with it before
    /// the next call. In friendly mode input is left alone.
    pub fn receive<'a>(&'a mut self, input: &'a [u8]) -> (usize, Option<Event<'a>>) {
        let mut used = 0;
        loop {
            if let State::Entering(receiver, kind) = &self.state {
                self.state = State::Receiving(receiver.clone(), *kind);
                return (used, Some(Event::Output(&self.entered)));
            }
            let (consumed, event) = self.step(&input[used..]);
            used += consumed;
            let is_stuck = consumed == 0 && !matches!(self.state, State::Entering(..));
            if event.is_some() || is_stuck {
                return (used, event);
            }
        }
    }

    /// The caller will not take more of the source that is being received by raw-paste: the host is
    /// told, the rest is swallowed, then [`Event::Refused`] comes. Without a raw-paste it does
    /// nothing: remember the failure and report it when [`Event::Execute`] comes.
    pub fn refuse(&mut self) {
        if matches!(self.state, State::Receiving(..)) {
            self.state = State::Output(PASTE_END, After::Swallow(Refusal::ByCaller));
        }
    }

    /// What to write when the program's output has ended, before the traceback.
    #[must_use]
    pub fn output_end(&self) -> &'static [u8] {
        match self.mode {
            Mode::Raw => &[control::END],
            Mode::Friendly | Mode::Paste => &[],
        }
    }

    /// The program has ended and its traceback, if any, is written: what to write then. The friendly
    /// prompt is the line editor's.
    ///
    /// After [`Outcome::SystemExit`] reset the interpreter and call [`restart`](Self::restart).
    #[must_use]
    pub fn executed(&mut self, outcome: Outcome) -> &'static [u8] {
        self.clear_line();
        match (self.mode, outcome) {
            (Mode::Raw, Outcome::Ended) => END_AND_PROMPT,
            (Mode::Raw, Outcome::SystemExit) => &[control::END],
            (Mode::Friendly | Mode::Paste, _) => {
                self.mode = Mode::Friendly;
                &[]
            }
        }
    }

    /// One step; all used is 0 and no event: nothing can be done without more input.
    fn step<'a>(&mut self, input: &'a [u8]) -> (usize, Option<Event<'a>>) {
        match &mut self.state {
            State::Output(bytes, after) => {
                let event = Event::Output(bytes);
                self.state = State::Then(*after);
                (0, Some(event))
            }
            State::Then(after) => {
                let after = *after;
                let event = self.then(after);
                if event.is_none() && !input.is_empty() {
                    return self.step(input);
                }
                (0, event)
            }
            State::Entering(..) => (0, None),
            State::Receiving(receiver, kind) => {
                let kind = *kind;
                let (used, received) = receiver.receive(input);
                (used, self.received(received, kind))
            }
            State::Swallowing(refusal) => {
                let refusal = *refusal;
                let is_end = |&byte: &u8| byte == control::INTERRUPT || byte == control::END;
                match input.iter().position(is_end) {
                    Some(at) => {
                        self.state = State::Reading;
                        (at + 1, Some(Event::Refused(refusal)))
                    }
                    None => (input.len(), None),
                }
            }
            State::Reading => match (self.mode, input.first()) {
                (_, None) | (Mode::Friendly, _) => (0, None),
                (Mode::Raw, Some(&byte)) => self.raw(input, byte),
                (Mode::Paste, Some(&byte)) => self.paste(input, byte),
            },
        }
    }

    fn then(&mut self, after: After) -> Option<Event<'static>> {
        self.state = match after {
            After::Swallow(refusal) => State::Swallowing(refusal),
            After::DiscardThenPrompt => State::Then(After::Prompt),
            _ => State::Reading,
        };
        match after {
            After::Reading | After::Swallow(_) => None,
            After::Banner => Some(Event::Banner),
            After::Prompt => Some(Event::Prompt),
            After::Discard | After::DiscardThenPrompt => Some(Event::Discard),
            After::Execute(kind) => Some(Event::Execute(kind)),
            After::Refused(refusal) => Some(Event::Refused(refusal)),
            After::SoftReset => Some(Event::SoftReset),
        }
    }

    fn received<'a>(&mut self, received: Received<'a>, kind: SourceKind) -> Option<Event<'a>> {
        match received {
            Received::Payload(payload) => return Some(Event::Source(payload)),
            Received::Grant => return Some(Event::Output(&[control::GRANT])),
            Received::Nothing => return None,
            Received::End => self.state = State::Output(PASTE_END, After::Execute(kind)),
            // After Ctrl-C the host knows and sends nothing more; otherwise it has to stop first.
            Received::Refused(Refusal::Interrupted) => {
                self.state = State::Output(PASTE_END, After::Refused(Refusal::Interrupted));
            }
            Received::Refused(refusal) => {
                self.state = State::Output(PASTE_END, After::Swallow(refusal));
            }
        }
        None
    }

    /// A step in raw mode. 0x05 is part of the line until 0x01 shows that it was a request.
    fn raw<'a>(&mut self, input: &'a [u8], byte: u8) -> (usize, Option<Event<'a>>) {
        if !(control::RAW_MODE..=control::END).contains(&byte) {
            let is_control = |byte: &u8| (control::RAW_MODE..=control::END).contains(byte);
            let len = input.iter().position(is_control).unwrap_or(input.len());
            for &byte in &input[..len.min(2)] {
                if let Some(place) = self.line.get_mut(self.line_len as usize) {
                    *place = byte;
                }
                self.line_len = self.line_len.saturating_add(1);
            }
            let rest = u32::try_from(len.saturating_sub(2)).unwrap_or(u32::MAX);
            self.line_len = self.line_len.saturating_add(rest);
            return (len, Some(Event::Source(&input[..len])));
        }
        let is_empty = self.line_len == 0;
        let request = match (self.line_len, self.line) {
            (2, [control::PASTE_MODE, letter]) => Some(letter),
            _ => None,
        };
        self.clear_line();
        self.state = match (byte, request) {
            (control::RAW_MODE, Some(letter)) => return (1, Some(self.requested(letter))),
            (control::RAW_MODE, None) => State::Output(control::RAW_BANNER_PROMPT, After::Reading),
            (control::FRIENDLY_MODE, _) => {
                self.mode = Mode::Friendly;
                State::Output(control::NEW_LINE, After::Banner)
            }
            (control::INTERRUPT, _) => State::Reading,
            (_, _) if is_empty => State::Output(control::OK_SOFT_RESET, After::SoftReset),
            (_, _) => State::Output(control::OK, After::Execute(SourceKind::Source)),
        };
        // What ends the line without running it throws it away.
        let discards = byte != control::END && !is_empty;
        (1, discards.then_some(Event::Discard))
    }

    /// A raw-paste request with `letter`: the two bytes of it are no source.
    fn requested(&mut self, letter: u8) -> Event<'static> {
        let kind = match letter {
            b'A' => Some(SourceKind::Source),
            b'B' if self.config.images => Some(SourceKind::Image),
            _ => None,
        };
        self.state = match kind {
            Some(kind) if self.config.window_bytes > 0 => {
                let is_image = kind == SourceKind::Image;
                State::Entering(Receiver::new(self.config.window_bytes, is_image), kind)
            }
            _ => State::Output(REFUSED_AND_PROMPT, After::Reading),
        };
        Event::Discard
    }

    /// A step in paste mode. A carriage return is shown as a new line with the paste prompt.
    fn paste<'a>(&mut self, input: &'a [u8], byte: u8) -> (usize, Option<Event<'a>>) {
        match byte {
            control::INTERRUPT => {
                self.mode = Mode::Friendly;
                self.state = State::Output(control::NEW_LINE, After::DiscardThenPrompt);
                (1, None)
            }
            control::END => {
                let after = After::Execute(SourceKind::Source);
                self.state = State::Output(control::NEW_LINE, after);
                (1, None)
            }
            b'\r' => {
                self.state = State::Output(control::PASTE_PROMPT_ON_NEW_LINE, After::Reading);
                (1, Some(Event::Source(&input[..1])))
            }
            _ => {
                let ends = |&byte: &u8| matches!(byte, control::INTERRUPT | control::END | b'\r');
                let len = input.iter().position(ends).unwrap_or(input.len());
                (len, Some(Event::EchoedSource(&input[..len])))
            }
        }
    }

    fn clear_line(&mut self) {
        self.line_len = 0;
    }
}
