//! Receives a raw-paste: payload, grants, the end and both kinds of abort.
//!
//! A grant is due after each window of payload; an escaped pair of an image counts as one byte.
//!
//! Source: MicroPython `shared/runtime/pyexec.c`, `mp_reader_stdin_readbyte` and
//! `mp_reader_stdin_close`.

use super::Refusal;
use crate::control;
use crate::window::Grants;

/// The receiving side of one raw-paste.
#[derive(Clone, Debug)]
pub(super) struct Receiver {
    grants: Grants,
    grant_due: bool,
    is_image: bool,
    /// The escape byte came.
    escaped: bool,
}

/// What a receiver makes of its input.
pub(super) enum Received<'a> {
    /// Payload.
    Payload(&'a [u8]),
    /// Write a grant.
    Grant,
    /// The host ended the payload; it may be incomplete when an escape was.
    End,
    /// It is not to be run.
    Refused(Refusal),
    /// More input is needed.
    Nothing,
}

const INTERRUPT: &[u8] = &[control::INTERRUPT];
const END: &[u8] = &[control::END];
const PASTE_MODE: &[u8] = &[control::PASTE_MODE];

impl Receiver {
    pub(super) fn new(window_bytes: u16, is_image: bool) -> Self {
        Self {
            grants: Grants::new(window_bytes),
            grant_due: false,
            is_image,
            escaped: false,
        }
    }

    /// One step: how many bytes of `input` are used up. A grant that is due needs no input.
    pub(super) fn receive<'a>(&mut self, input: &'a [u8]) -> (usize, Received<'a>) {
        if core::mem::take(&mut self.grant_due) {
            return (0, Received::Grant);
        }
        let Some(&byte) = input.first() else {
            return (0, Received::Nothing);
        };
        match byte {
            control::INTERRUPT => return (1, Received::Refused(Refusal::Interrupted)),
            control::END => return (1, Received::End),
            _ => {}
        }
        if self.escaped {
            self.escaped = false;
            return (1, self.unescaped(byte));
        }
        if self.is_image && byte == control::PASTE_MODE {
            self.escaped = true;
            return (1, Received::Nothing);
        }
        let len = self.run(input);
        (len, Received::Payload(&input[..len]))
    }

    fn unescaped(&mut self, second: u8) -> Received<'static> {
        let payload = match control::image_unescape(second) {
            Some(control::INTERRUPT) => INTERRUPT,
            Some(control::END) => END,
            Some(_) => PASTE_MODE,
            None => return Received::Refused(Refusal::Escape),
        };
        self.grant_due = self.grants.consumed_one();
        Received::Payload(payload)
    }

    /// How much of `input`, whose first byte is payload, is payload of this window.
    fn run(&mut self, input: &[u8]) -> usize {
        let window = usize::from(self.grants.before_grant()) + 1;
        let input = &input[..input.len().min(window)];
        let is_payload = |byte: &u8| match *byte {
            control::INTERRUPT | control::END => false,
            control::PASTE_MODE => !self.is_image,
            _ => true,
        };
        let len = input.iter().position(|byte| !is_payload(byte));
        let len = len.unwrap_or(input.len());
        // `len` is at least 1 and at most the window, which fits.
        self.grants.consumed_quietly(len as u16 - 1);
        self.grant_due = self.grants.consumed_one();
        len
    }
}
