//! Runs one source text in raw mode: source out, then output, traceback and prompt in.
//!
//! ```text
//! host:  05 'A' 01         print(1) 04
//! board:           R 01 80 00 01     04   1 \r\n   04   (traceback)   04   >
//! event:                             Started  Stdout     Stderr            Finished
//! ```
//!
//! The board stands at its raw prompt (see [`Enter`](super::Enter)) when this begins and when it
//! ends. Raw-paste is tried first; a board that refuses it, or does not know it, gets the source
//! in plain raw mode (`… 04`, answered `OK`). Nothing is sent twice.
//!
//! The frame is thin: a 0x04 that the program itself writes ends `Stdout`, what follows it is taken
//! for the traceback and so on. The protocol has no way round; frame binary output yourself
//! (`agent`). Bytes that come where none belong (a thread, a log line of the Wi-Fi driver) are
//! handed out as `Aside` and change nothing.
//!
//! A `SystemExit`, which is also what `machine.soft_reset()` raises, writes no traceback: the board
//! ends both parts (`04 04`), resets and comes back with a new raw prompt. That is
//! [`ExecEvent::Reset`].
//!
//! Source: MicroPython `shared/runtime/pyexec.c`, `parse_compile_execute`, `mp_reader_stdin_close`.

use super::error::ExecError;
use super::paste::{Paste, Sender};
use crate::control;
use crate::scan::{Found, Scanner, until};

/// What is to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload<'s> {
    /// Python source. Any line ends.
    Source(&'s [u8]),
    /// A `.mpy` image, for boards that accept one (`05 'B' 01`).
    Image(&'s [u8]),
}

/// Runs one payload on a board that stands at its raw prompt. See the [module](super) for how to
/// drive it, and [`ExecEvent`] for what comes of it.
#[derive(Clone, Debug)]
pub struct Exec<'s> {
    payload: Payload<'s>,
    paste: Paste,
    state: State<'s>,
    scanner: Scanner,
    /// An interrupt was asked for and waits for the state in which it can be sent.
    interrupt: bool,
    raised: bool,
}

/// What [`Exec`] has to report. `Finished`, `Reset` and `Cancelled` are final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecEvent<'a> {
    /// The board has the whole payload and runs it.
    Started,
    /// A piece of what the program writes. On most boards lines end with CR LF.
    Stdout(&'a [u8]),
    /// A piece of the traceback.
    Stderr(&'a [u8]),
    /// Bytes that belong to nothing: written by a thread or a driver while the payload was sent, or
    /// while the board reset itself.
    Aside(&'a [u8]),
    /// The board is back at its raw prompt.
    Finished {
        /// Whether there was a traceback.
        raised: bool,
    },
    /// The program ended with `SystemExit`: the board was reset and is back at a raw prompt.
    Reset,
    /// [`Exec::interrupt`] came before the board had the payload: nothing ran, it is back at its raw
    /// prompt.
    Cancelled,
}

#[derive(Clone, Debug)]
enum State<'s> {
    /// The raw-paste request is going out; so many of its bytes are.
    Asking {
        sent_bytes: usize,
    },
    /// The board refused raw-paste; its prompt follows.
    Refused,
    /// It accepted; the window size follows. The first byte of it, once read.
    WindowSize {
        low: Option<u8>,
    },
    Pasting(Sender<'s>),
    /// The payload ended or was aborted; this closing byte is going out.
    ClosingPaste(Closing),
    SendingRaw(Sender<'s>),
    /// Plain raw mode: 0x04 is going out, `OK` follows.
    ClosingRaw {
        sent: bool,
    },
    /// Plain raw mode: the line is cleared and the banner asked for; so many bytes are out.
    ClearingRaw {
        sent_bytes: usize,
    },
    Stdout,
    Stderr,
    /// Both parts have ended, the prompt follows at once.
    Prompt,
    /// No prompt followed: a log line in between, or a reset.
    AfterPrompt,
    Done,
    Failed(ExecError),
}

/// The end of a raw-paste.
#[derive(Clone, Copy, Debug)]
struct Closing {
    byte: u8,
    sent: bool,
    /// The board does not get, or does not want, the whole payload.
    aborted: bool,
    /// The board's 0x04 came before our byte was out: it waits for our byte only.
    acknowledged: bool,
}

impl Closing {
    const fn with(byte: u8, aborted: bool) -> Self {
        Self {
            byte,
            sent: false,
            aborted,
            acknowledged: false,
        }
    }
}

const CLEAR_LINE: &[u8] = &[control::INTERRUPT, control::RAW_MODE];

/// Answers to a raw-paste request. The banner: firmware older than raw-paste.
const ASKING: &[&[u8]] = &[
    control::PASTE_ENTERED,
    control::PASTE_REFUSED,
    control::RAW_BANNER_PROMPT,
];
const OK: &[&[u8]] = &[control::OK];
const BANNER: &[&[u8]] = &[control::RAW_BANNER_PROMPT];
/// What may follow the end of both parts when it is not the prompt itself.
const AFTER: &[&[u8]] = &[
    control::RAW_BANNER_PROMPT,
    control::SOFT_REBOOT,
    control::RAW_PROMPT_ON_NEW_LINE,
];

impl<'s> Exec<'s> {
    /// Runs Python `source`.
    ///
    /// When `paste` is [`Paste::Unsupported`] and the source holds a control byte, nothing can be
    /// sent: the first [`receive`](Self::receive) reports it, also with empty input.
    #[must_use]
    pub fn new(source: &'s [u8], paste: Paste) -> Self {
        Self::with_payload(Payload::Source(source), paste)
    }

    /// Runs a `.mpy` image on a board that accepts one; others bring
    /// [`ExecError::ImageUnsupported`].
    #[must_use]
    pub fn new_mpy(image: &'s [u8], paste: Paste) -> Self {
        Self::with_payload(Payload::Image(image), paste)
    }

    /// Runs `payload`.
    #[must_use]
    pub fn with_payload(payload: Payload<'s>, paste: Paste) -> Self {
        let mut exec = Self {
            payload,
            paste,
            state: State::Asking { sent_bytes: 0 },
            scanner: Scanner::new(ASKING),
            interrupt: false,
            raised: false,
        };
        match (payload, paste) {
            (Payload::Source(_), Paste::Unsupported) => exec.begin_raw(),
            (Payload::Source(source), _) => {
                if let Some(error) = control_byte(source, &[control::INTERRUPT, control::END]) {
                    exec.state = State::Failed(error);
                }
            }
            (Payload::Image(_), Paste::Unsupported) => {
                exec.state = State::Failed(ExecError::ImageUnsupported);
            }
            (Payload::Image(_), _) => {}
        }
        exec
    }

    /// The bytes that may go out now; empty: wait for input.
    ///
    /// To save writes, gather: call `send` and [`sent`](Self::sent) until empty, write once. Only in
    /// plain raw mode ([`pace_ms`](Self::pace_ms) is not 0) each piece wants its own write.
    #[must_use]
    pub fn send(&mut self) -> &[u8] {
        self.advance();
        match &self.state {
            State::Asking { sent_bytes } => &self.request()[*sent_bytes..],
            State::Pasting(sender) | State::SendingRaw(sender) => sender.send(),
            State::ClosingPaste(closing) if !closing.sent => core::slice::from_ref(&closing.byte),
            State::ClosingRaw { sent: false } => &[control::END],
            State::ClearingRaw { sent_bytes } => &CLEAR_LINE[*sent_bytes..],
            State::Stdout if self.interrupt => &[control::INTERRUPT],
            _ => &[],
        }
    }

    /// The first `len_bytes` of what [`send`](Self::send) gave are written.
    pub fn sent(&mut self, len_bytes: usize) {
        let request_bytes = self.request().len();
        match &mut self.state {
            State::Asking { sent_bytes } => {
                *sent_bytes = sent_bytes.saturating_add(len_bytes).min(request_bytes);
            }
            State::Pasting(sender) | State::SendingRaw(sender) => sender.sent(len_bytes),
            State::ClosingPaste(closing) => closing.sent |= len_bytes > 0,
            State::ClosingRaw { sent } => *sent |= len_bytes > 0,
            State::ClearingRaw { sent_bytes } => {
                *sent_bytes = sent_bytes.saturating_add(len_bytes).min(CLEAR_LINE.len());
            }
            State::Stdout if len_bytes > 0 => self.interrupt = false,
            _ => {}
        }
        self.advance();
    }

    /// How long to wait in milliseconds before writing what [`send`](Self::send) gives next: 10
    /// after each piece of plain raw mode, 0 otherwise.
    #[must_use]
    pub fn pace_ms(&self) -> u32 {
        match (&self.state, self.payload) {
            (State::SendingRaw(sender), _) => sender.pace_ms(),
            (State::ClosingRaw { sent: false }, Payload::Source(source)) => {
                Sender::final_pace_ms(source.len())
            }
            _ => 0,
        }
    }

    /// Looks at what the board wrote: how many bytes are used up, and at most one event.
    ///
    /// Call it until the input is used up or a final event came. What follows the last prompt is
    /// left.
    ///
    /// # Errors
    ///
    /// [`ExecError`]; every later call returns the same.
    pub fn receive<'a>(
        &mut self,
        input: &'a [u8],
    ) -> Result<(usize, Option<ExecEvent<'a>>), ExecError> {
        let mut used = 0;
        loop {
            if let State::Failed(error) = self.state {
                return Err(error);
            }
            let rest = &input[used..];
            if rest.is_empty() || matches!(self.state, State::Done) {
                return Ok((used, None));
            }
            let (consumed, event) = self.step(rest);
            used += consumed;
            self.advance();
            if event.is_some() {
                return Ok((used, event));
            }
        }
    }

    /// Stops the exec. The end of it still comes as an event.
    ///
    /// While the payload is sent it is withdrawn: in raw-paste mode the board then reports a
    /// `KeyboardInterrupt`, in plain raw mode [`ExecEvent::Cancelled`] comes. While the program runs it
    /// gets a Ctrl-C; a program may catch that, so call again when nothing happens.
    pub fn interrupt(&mut self) {
        match &self.state {
            State::Asking { .. }
            | State::Refused
            | State::WindowSize { .. }
            | State::Pasting(_)
            | State::SendingRaw(_)
            | State::ClosingRaw { .. }
            | State::Stdout => self.interrupt = true,
            State::ClosingPaste(closing) => self.interrupt |= !closing.aborted,
            State::ClearingRaw { .. }
            | State::Stderr
            | State::Prompt
            | State::AfterPrompt
            | State::Done
            | State::Failed(_) => {}
        }
        self.advance();
    }

    /// What is known now about the board's raw-paste mode, for the next exec.
    #[must_use]
    pub fn paste(&self) -> Paste {
        self.paste
    }

    /// Whether the board has the whole payload and runs it, or has run it.
    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(
            self.state,
            State::Stdout | State::Stderr | State::Prompt | State::AfterPrompt
        )
    }

    /// Whether a final event came.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    fn request(&self) -> &'static [u8] {
        match self.payload {
            Payload::Source(_) => control::PASTE_SOURCE,
            Payload::Image(_) => control::PASTE_IMAGE,
        }
    }

    fn begin_raw(&mut self) {
        self.state = match self.payload {
            Payload::Image(_) => State::Failed(ExecError::ImageUnsupported),
            // An empty line would be the request for a soft reset.
            Payload::Source([]) => State::SendingRaw(Sender::raw(b"\n")),
            Payload::Source(source) => match control_byte(source, CONTROL_BYTES) {
                Some(error) => State::Failed(error),
                None => State::SendingRaw(Sender::raw(source)),
            },
        };
    }

    /// Changes of state that need no input: the payload has ended, or an interrupt can go out.
    fn advance(&mut self) {
        let wanted = self.interrupt;
        let next = match &self.state {
            State::Pasting(_) if wanted => {
                State::ClosingPaste(Closing::with(control::INTERRUPT, true))
            }
            State::Pasting(sender) if sender.is_finished() => {
                State::ClosingPaste(Closing::with(control::END, false))
            }
            State::ClosingPaste(closing) if closing.sent && closing.acknowledged => State::Stdout,
            State::ClosingPaste(closing) if !closing.sent && !closing.aborted && wanted => {
                State::ClosingPaste(Closing::with(control::INTERRUPT, true))
            }
            State::SendingRaw(_) | State::ClosingRaw { sent: false } if wanted => {
                self.scanner = Scanner::new(BANNER);
                State::ClearingRaw { sent_bytes: 0 }
            }
            State::SendingRaw(sender) if sender.is_finished() => {
                self.scanner = Scanner::new(OK);
                State::ClosingRaw { sent: false }
            }
            _ => return,
        };
        self.interrupt = false;
        self.state = next;
    }

    /// One step over input that is not empty.
    fn step<'a>(&mut self, input: &'a [u8]) -> (usize, Option<ExecEvent<'a>>) {
        match &mut self.state {
            State::Asking { .. } | State::ClosingRaw { .. } | State::ClearingRaw { .. } => {
                self.scanned(input)
            }
            State::Refused => {
                let (len, found) = until(input, control::RAW_PROMPT);
                if len > 0 {
                    return (len, Some(ExecEvent::Aside(&input[..len])));
                }
                self.begin_raw();
                (usize::from(found), None)
            }
            State::WindowSize { low: None } => {
                self.state = State::WindowSize {
                    low: Some(input[0]),
                };
                (1, None)
            }
            State::WindowSize { low: Some(low) } => {
                let window_bytes = u16::from_le_bytes([*low, input[0]]);
                self.begin_paste(window_bytes);
                (1, None)
            }
            State::Pasting(_) | State::ClosingPaste(_) => self.pasting(input),
            State::SendingRaw(_) => (input.len(), Some(ExecEvent::Aside(input))),
            State::Stdout | State::Stderr => self.output(input),
            State::Prompt | State::AfterPrompt => self.prompt(input),
            State::Done | State::Failed(_) => (0, None),
        }
    }

    fn begin_paste(&mut self, window_bytes: u16) {
        let (payload, is_image) = match self.payload {
            Payload::Source(source) => (source, false),
            Payload::Image(image) => (image, true),
        };
        self.paste = Paste::Supported;
        self.state = match window_bytes {
            0 => State::Failed(ExecError::WindowIsZero),
            _ => State::Pasting(Sender::paste(payload, window_bytes, is_image)),
        };
    }

    /// States that wait for a marker, anything else being somebody else's output.
    fn scanned<'a>(&mut self, input: &'a [u8]) -> (usize, Option<ExecEvent<'a>>) {
        let (used, found) = self.scanner.feed(input);
        let marker = match found {
            None => return (used, None),
            Some(Found::Text(text)) => return (used, Some(ExecEvent::Aside(text))),
            Some(Found::Marker(marker)) => marker,
        };
        let event = match &self.state {
            State::Asking { sent_bytes } if *sent_bytes < self.request().len() => {
                Some(ExecEvent::Aside(ASKING[marker]))
            }
            // A board that has pasted before does not forget it: a banner is a late answer.
            State::Asking { .. }
                if self.paste == Paste::Supported
                    && ASKING[marker] == control::RAW_BANNER_PROMPT =>
            {
                Some(ExecEvent::Aside(ASKING[marker]))
            }
            State::Asking { .. } => {
                self.answered(ASKING[marker]);
                None
            }
            State::ClosingRaw { sent: false } => Some(ExecEvent::Aside(control::OK)),
            State::ClosingRaw { sent: true } => {
                self.state = State::Stdout;
                Some(ExecEvent::Started)
            }
            State::ClearingRaw { sent_bytes } if *sent_bytes == CLEAR_LINE.len() => {
                self.state = State::Done;
                Some(ExecEvent::Cancelled)
            }
            _ => Some(ExecEvent::Aside(control::RAW_BANNER_PROMPT)),
        };
        (used, event)
    }

    /// The board's answer to the raw-paste request.
    fn answered(&mut self, answer: &[u8]) {
        if answer == control::PASTE_ENTERED {
            self.state = State::WindowSize { low: None };
            return;
        }
        let knows_requests = answer == control::PASTE_REFUSED;
        let is_source = matches!(self.payload, Payload::Source(_));
        if is_source || !knows_requests {
            self.paste = Paste::Unsupported;
        }
        if knows_requests {
            self.state = State::Refused;
        } else {
            self.begin_raw();
        }
    }

    /// Input while the payload goes out: grants, the board's end, and other people's output.
    fn pasting<'a>(&mut self, input: &'a [u8]) -> (usize, Option<ExecEvent<'a>>) {
        let is_control = |&byte: &u8| byte == control::GRANT || byte == control::END;
        let len = input.iter().position(is_control).unwrap_or(input.len());
        if len > 0 {
            return (len, Some(ExecEvent::Aside(&input[..len])));
        }
        let is_end = input[0] == control::END;
        let mut event = None;
        match &mut self.state {
            State::Pasting(sender) if !is_end => sender.grant(),
            State::Pasting(_) => {
                self.state = State::ClosingPaste(Closing {
                    acknowledged: true,
                    ..Closing::with(control::END, true)
                });
            }
            State::ClosingPaste(closing) if is_end && closing.sent => {
                event = (!closing.aborted).then_some(ExecEvent::Started);
                self.state = State::Stdout;
            }
            State::ClosingPaste(closing) if is_end => {
                closing.acknowledged = true;
                closing.aborted = true;
            }
            _ => {}
        }
        (1, event)
    }

    fn output<'a>(&mut self, input: &'a [u8]) -> (usize, Option<ExecEvent<'a>>) {
        let is_stdout = matches!(self.state, State::Stdout);
        let (len, _) = until(input, control::END);
        let text = &input[..len];
        if is_stdout && len > 0 {
            return (len, Some(ExecEvent::Stdout(text)));
        }
        if len > 0 {
            self.raised = true;
            return (len, Some(ExecEvent::Stderr(text)));
        }
        self.interrupt = false;
        self.state = if is_stdout {
            State::Stderr
        } else {
            State::Prompt
        };
        (1, None)
    }

    fn prompt<'a>(&mut self, input: &'a [u8]) -> (usize, Option<ExecEvent<'a>>) {
        if matches!(self.state, State::Prompt) {
            if input[0] == control::RAW_PROMPT {
                return (1, self.finish());
            }
            self.state = State::AfterPrompt;
            self.scanner = Scanner::new(AFTER);
        }
        let (used, found) = self.scanner.feed(input);
        let event = match found {
            None => None,
            Some(Found::Text(text)) => Some(ExecEvent::Aside(text)),
            Some(Found::Marker(0)) => {
                self.state = State::Done;
                Some(ExecEvent::Reset)
            }
            Some(Found::Marker(1)) => {
                self.scanner = Scanner::new(BANNER);
                Some(ExecEvent::Aside(control::SOFT_REBOOT))
            }
            Some(Found::Marker(_)) => self.finish(),
        };
        (used, event)
    }

    fn finish(&mut self) -> Option<ExecEvent<'static>> {
        self.state = State::Done;
        Some(ExecEvent::Finished {
            raised: self.raised,
        })
    }
}

const CONTROL_BYTES: &[u8] = &[
    control::RAW_MODE,
    control::FRIENDLY_MODE,
    control::INTERRUPT,
    control::END,
    control::PASTE_MODE,
];

fn control_byte(source: &[u8], forbidden: &[u8]) -> Option<ExecError> {
    let offset_bytes = source.iter().position(|byte| forbidden.contains(byte))?;
    Some(ExecError::ControlByte {
        offset_bytes,
        byte: source[offset_bytes],
    })
}
