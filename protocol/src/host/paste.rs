//! Sending a payload: raw-paste with its windows, and plain raw mode where there is no raw-paste.
//!
//! [`Sender`] knows where in the payload we stand and what may go out next; what the board says
//! meanwhile is [`Exec`](super::Exec)'s business. It copies nothing: runs of payload are lent out
//! as they are, escaped bytes of an image from a constant.
//!
//! Source: MicroPython `docs/reference/repl.rst`, "Raw mode and raw-paste mode". That an escaped
//! pair counts as one byte against the window is how `.mpy` paste was first proposed
//! (micropython/micropython#8744) and what our device end does.

use crate::control;
use crate::window::Window;

/// What is known about a board's raw-paste mode. Ask [`Exec::paste`](super::Exec::paste) after an
/// exec and hand it to the next one: it saves an attempt per exec on old firmware.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paste {
    /// Not asked yet.
    #[default]
    Unknown,
    /// The board has entered raw-paste mode before.
    Supported,
    /// The board answered that it cannot, or does not know the request: plain raw mode.
    Unsupported,
}

/// How a payload is put on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Plain raw mode: pieces with a pause after each, there is no flow control.
    Raw,
    Paste(Window),
    /// Raw-paste with escapes.
    PasteImage(Window),
}

/// Bytes of source that plain raw mode sends at once. The smallest stdin buffer that boards have
/// (128 bytes, samd) has USB back-pressure; on UARTs 256 bytes and a pause are what is in use.
const RAW_PIECE_BYTES: usize = 256;
/// The pause after a piece in plain raw mode.
const RAW_PAUSE_MS: u32 = 10;

static ESCAPED_INTERRUPT: [u8; 2] = [control::PASTE_MODE, b'C'];
static ESCAPED_END: [u8; 2] = [control::PASTE_MODE, b'D'];
static ESCAPED_ESCAPE: [u8; 2] = [control::PASTE_MODE, control::PASTE_MODE];

/// The position in a payload.
#[derive(Clone, Debug)]
pub(super) struct Sender<'s> {
    payload: &'s [u8],
    offset_bytes: usize,
    mode: Mode,
    /// The first byte of the escaped pair at `offset_bytes` is out already.
    half_escape: bool,
    /// How much of the current piece of plain raw mode is out.
    piece_bytes: usize,
}

impl<'s> Sender<'s> {
    pub(super) fn raw(payload: &'s [u8]) -> Self {
        Self::new(payload, Mode::Raw)
    }

    pub(super) fn paste(payload: &'s [u8], window_bytes: u16, is_image: bool) -> Self {
        let window = Window::new(window_bytes);
        let mode = if is_image {
            Mode::PasteImage(window)
        } else {
            Mode::Paste(window)
        };
        Self::new(payload, mode)
    }

    fn new(payload: &'s [u8], mode: Mode) -> Self {
        Self {
            payload,
            offset_bytes: 0,
            mode,
            half_escape: false,
            piece_bytes: 0,
        }
    }

    /// The payload bytes that may go out now. Empty: wait, or [`is_finished`](Self::is_finished).
    pub(super) fn send(&self) -> &[u8] {
        let rest = &self.payload[self.offset_bytes..];
        match self.mode {
            Mode::Raw => &rest[..rest.len().min(RAW_PIECE_BYTES - self.piece_bytes)],
            Mode::Paste(window) => &rest[..allowed(rest, window)],
            Mode::PasteImage(window) => {
                if self.half_escape {
                    return rest.first().map_or(&[], |&byte| &escaped(byte)[1..]);
                }
                let rest = &rest[..allowed(rest, window)];
                match rest.iter().position(|&byte| is_escaped(byte)) {
                    Some(0) => escaped(rest[0]),
                    Some(plain) => &rest[..plain],
                    None => rest,
                }
            }
        }
    }

    /// `len_bytes` of what `send` gave are out. More than that counts as all of it.
    pub(super) fn sent(&mut self, len_bytes: usize) {
        let len_bytes = len_bytes.min(self.send().len());
        if len_bytes == 0 {
            return;
        }
        let mut payload_bytes = len_bytes;
        let is_pair =
            matches!(self.mode, Mode::PasteImage(_)) && is_escaped(self.payload[self.offset_bytes]);
        if is_pair {
            let whole = self.half_escape || len_bytes == 2;
            self.half_escape = !whole;
            payload_bytes = usize::from(whole);
        }
        self.offset_bytes += payload_bytes;
        match &mut self.mode {
            Mode::Raw => self.piece_bytes = (self.piece_bytes + payload_bytes) % RAW_PIECE_BYTES,
            Mode::Paste(window) | Mode::PasteImage(window) => {
                window.take(u32::try_from(payload_bytes).unwrap_or(u32::MAX));
            }
        }
    }

    /// The board granted one more window.
    pub(super) fn grant(&mut self) {
        if let Mode::Paste(window) | Mode::PasteImage(window) = &mut self.mode {
            window.grant();
        }
    }

    pub(super) fn is_finished(&self) -> bool {
        self.offset_bytes == self.payload.len()
    }

    /// Whether anything of the payload is out.
    fn is_started(&self) -> bool {
        self.offset_bytes > 0
    }

    /// How long to wait before the next write; 0 with flow control.
    pub(super) fn pace_ms(&self) -> u32 {
        match self.mode {
            Mode::Raw if self.is_started() && self.piece_bytes == 0 => RAW_PAUSE_MS,
            _ => 0,
        }
    }

    /// The same before the closing byte of a source of `len_bytes` in plain raw mode.
    pub(super) fn final_pace_ms(len_bytes: usize) -> u32 {
        if len_bytes < RAW_PIECE_BYTES {
            0
        } else {
            RAW_PAUSE_MS
        }
    }
}

fn allowed(rest: &[u8], window: Window) -> usize {
    rest.len()
        .min(usize::try_from(window.available()).unwrap_or(usize::MAX))
}

fn is_escaped(byte: u8) -> bool {
    control::image_escape(byte).is_some()
}

fn escaped(byte: u8) -> &'static [u8] {
    match byte {
        control::INTERRUPT => &ESCAPED_INTERRUPT,
        control::END => &ESCAPED_END,
        _ => &ESCAPED_ESCAPE,
    }
}
