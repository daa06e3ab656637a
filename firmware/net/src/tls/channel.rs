//! What a connection and its task share: bytes of the wire and text, and what the connection was asked to be.

use core::cell::{Ref, RefCell};

use upy_hal::net::{TlsConfig, TlsError};
use upy_hal::ring::Ring;

use super::der;
use super::verify;

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nobody has it.
    Free,
    /// Somebody has, and the task has not begun.
    Asked,
    /// The two sides agree on keys.
    Shaking,
    /// Text can be exchanged.
    Open,
    /// It is over; what has come can still be read.
    Over,
}

/// What has come from the wire and was not taken by the task, and what is to go.
const WIRE_BYTES: usize = 1024;
/// Text in each direction.
const TEXT_BYTES: usize = 512;
/// Authorities, a certificate, its key, and the certificate of the other side.
const STORE_BYTES: usize = 6144;
/// The longest name of a host.
pub(super) const NAME_BYTES: usize = 253;

/// Parts of the store, one behind the other.
#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    authorities: usize,
    certificate: usize,
    key: usize,
    leaf: usize,
}

struct State {
    phase: Phase,
    verify: bool,
    now_s: u64,
    name: [u8; NAME_BYTES],
    name_len: usize,
    store: [u8; STORE_BYTES],
    parts: Parts,
    wire_in: Ring<WIRE_BYTES>,
    wire_out: Ring<WIRE_BYTES>,
    text_in: Ring<TEXT_BYTES>,
    text_out: Ring<TEXT_BYTES>,
    /// The wire has ended.
    wire_ended: bool,
    /// No text will come from the program.
    text_ended: bool,
    /// The connection is forgotten.
    given_up: bool,
    was_open: bool,
    has_failed: bool,
    /// Why, if it has.
    reason: TlsError,
}

/// The way to a task, for one connection after the other.
pub struct Channel {
    state: RefCell<State>,
}

fn put<const SIZE: usize>(ring: &mut Ring<SIZE>, bytes: &[u8]) -> usize {
    bytes.iter().take_while(|&&byte| ring.push(byte)).count()
}

impl Channel {
    /// One that nobody has.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            state: RefCell::new(State {
                phase: Phase::Free,
                // Zeros all over take no room in a flash; `start` sets it.
                verify: false,
                now_s: 0,
                name: [0; NAME_BYTES],
                name_len: 0,
                store: [0; STORE_BYTES],
                parts: Parts {
                    authorities: 0,
                    certificate: 0,
                    key: 0,
                    leaf: 0,
                },
                wire_in: Ring::new(),
                wire_out: Ring::new(),
                text_in: Ring::new(),
                text_out: Ring::new(),
                wire_ended: false,
                text_ended: false,
                given_up: false,
                was_open: false,
                has_failed: false,
                reason: TlsError::BadCertificate,
            }),
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.state.borrow().phase
    }

    // ---- the connection's end ---------------------------------------------------------------------------------

    /// Begins a connection.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub(super) fn start(&self, config: &TlsConfig<'_>, now_s: u64) -> Result<(), TlsError> {
        let state = &mut *self.state.borrow_mut();
        let name = config.server_name.unwrap_or(&[]);
        if config.verify && name.is_empty() || name.len() > NAME_BYTES {
            return Err(TlsError::BadName);
        }
        core::str::from_utf8(name).map_err(|_| TlsError::BadName)?;
        state.name[..name.len()].copy_from_slice(name);
        state.name_len = name.len();
        if config.verify && !verify::is_name(name) {
            return Err(TlsError::BadName);
        }
        let mut at = 0;
        let mut keep = |bytes: Option<&[u8]>, wrong: TlsError| {
            let room = &mut state.store[at..];
            let len = der::decode(bytes.unwrap_or(&[]), room).ok_or(wrong)?;
            at += len;
            Ok(len)
        };
        state.parts = Parts {
            authorities: keep(config.authorities, TlsError::BadAuthorities)?,
            certificate: keep(config.certificate, TlsError::BadCertificate)?,
            key: keep(config.key, TlsError::BadKey)?,
            leaf: 0,
        };
        let (authorities, rest) = state.store.split_at(state.parts.authorities);
        let (certificate, rest) = rest.split_at(state.parts.certificate);
        verify::check_authorities(authorities)?;
        verify::check_identity(certificate, &rest[..state.parts.key])?;
        state.verify = config.verify;
        state.now_s = now_s;
        state.wire_in = Ring::new();
        state.wire_out = Ring::new();
        state.text_in = Ring::new();
        state.text_out = Ring::new();
        state.wire_ended = false;
        state.text_ended = false;
        state.given_up = false;
        state.was_open = false;
        state.has_failed = false;
        state.phase = Phase::Asked;
        Ok(())
    }

    /// Whatever waits in the task fails from now on.
    pub(super) fn give_up(&self) {
        self.state.borrow_mut().given_up = true;
    }

    pub(super) fn free(&self) {
        self.state.borrow_mut().phase = Phase::Free;
    }

    pub(super) fn failure(&self) -> Result<(), TlsError> {
        let state = self.state.borrow();
        if state.has_failed {
            Err(state.reason)
        } else {
            Ok(())
        }
    }

    /// Takes bytes from the other side; all of them, and drops them, when it is over.
    pub(super) fn put_wire(&self, bytes: &[u8]) -> usize {
        let state = &mut *self.state.borrow_mut();
        match state.phase {
            Phase::Free | Phase::Over => bytes.len(),
            _ => put(&mut state.wire_in, bytes),
        }
    }

    pub(super) fn end_wire(&self) {
        self.state.borrow_mut().wire_ended = true;
    }

    pub(super) fn take_wire(&self, buffer: &mut [u8]) -> usize {
        self.state.borrow_mut().wire_out.take(buffer)
    }

    pub(super) fn put_text(&self, text: &[u8]) -> Result<usize, TlsError> {
        let state = &mut *self.state.borrow_mut();
        match state.phase {
            Phase::Open if !state.text_ended => Ok(put(&mut state.text_out, text)),
            _ => Err(TlsError::Protocol),
        }
    }

    /// `None` when there is none now, 0 at the end.
    pub(super) fn take_text(&self, buffer: &mut [u8]) -> Option<usize> {
        let state = &mut *self.state.borrow_mut();
        if state.text_in.is_empty() {
            return (state.phase == Phase::Over && !state.has_failed).then_some(0);
        }
        Some(state.text_in.take(buffer))
    }

    pub(super) fn has_text(&self) -> bool {
        let state = self.state.borrow();
        !state.text_in.is_empty() || state.phase == Phase::Over
    }

    pub(super) fn end_text(&self) {
        self.state.borrow_mut().text_ended = true;
    }

    pub(super) fn was_open(&self) -> bool {
        self.state.borrow().was_open
    }

    pub(super) fn leaf(&self, buffer: &mut [u8]) -> Option<usize> {
        let leaf = self.lend_leaf();
        let room = buffer.get_mut(..leaf.len())?;
        room.copy_from_slice(&leaf);
        (!leaf.is_empty()).then_some(leaf.len())
    }

    // ---- the task's end ---------------------------------------------------------------------------------------

    /// Whether a connection is to be begun.
    pub(super) fn begins(&self) -> bool {
        let state = &mut *self.state.borrow_mut();
        let begins = state.phase == Phase::Asked && !state.given_up;
        if begins {
            state.phase = Phase::Shaking;
        }
        begins
    }

    pub(super) fn opened(&self) {
        let state = &mut *self.state.borrow_mut();
        state.phase = Phase::Open;
        state.was_open = true;
    }

    pub(super) fn is_over(&self, failure: Option<TlsError>) {
        let state = &mut *self.state.borrow_mut();
        state.phase = Phase::Over;
        if let Some(reason) = failure {
            state.has_failed = true;
            state.reason = reason;
        }
    }

    pub(super) fn is_given_up(&self) -> bool {
        self.state.borrow().given_up
    }

    /// Takes what has come from the wire; `None` when nothing has, 0 at its end.
    pub(super) fn wire_in(&self, buffer: &mut [u8]) -> Option<usize> {
        let state = &mut *self.state.borrow_mut();
        match state.wire_in.take(buffer) {
            0 if !state.wire_ended => None,
            len => Some(len),
        }
    }

    /// Gives the wire what is to go; `None` when there is no room.
    pub(super) fn wire_out(&self, bytes: &[u8]) -> Option<usize> {
        let sent = put(&mut self.state.borrow_mut().wire_out, bytes);
        (sent > 0).then_some(sent)
    }

    /// Room for text that has come, in bytes.
    pub(super) fn text_room(&self) -> usize {
        TEXT_BYTES - self.state.borrow().text_in.len()
    }

    pub(super) fn text_in(&self, text: &[u8]) {
        let taken = put(&mut self.state.borrow_mut().text_in, text);
        debug_assert_eq!(taken, text.len(), "no more is read than there is room for");
    }

    /// Takes text that is to go; `None` when there is none now, 0 when none will come.
    pub(super) fn text_out(&self, buffer: &mut [u8]) -> Option<usize> {
        let state = &mut *self.state.borrow_mut();
        match state.text_out.take(buffer) {
            0 if !state.text_ended => None,
            len => Some(len),
        }
    }

    pub(super) fn verifies(&self) -> bool {
        self.state.borrow().verify
    }

    pub(super) fn now_s(&self) -> u64 {
        self.state.borrow().now_s
    }

    /// Whom the certificate of the other side must be for.
    pub(super) fn name(&self, buffer: &mut [u8; NAME_BYTES]) -> usize {
        let state = self.state.borrow();
        *buffer = state.name;
        state.name_len
    }

    fn lend(&self, from: impl Fn(Parts) -> (usize, usize)) -> Ref<'_, [u8]> {
        Ref::map(self.state.borrow(), |state| {
            let (at, len) = from(state.parts);
            &state.store[at..at + len]
        })
    }

    pub(super) fn lend_authorities(&self) -> Ref<'_, [u8]> {
        self.lend(|parts| (0, parts.authorities))
    }

    pub(super) fn lend_certificate(&self) -> Ref<'_, [u8]> {
        self.lend(|parts| (parts.authorities, parts.certificate))
    }

    pub(super) fn lend_key(&self) -> Ref<'_, [u8]> {
        self.lend(|parts| (parts.authorities + parts.certificate, parts.key))
    }

    pub(super) fn lend_leaf(&self) -> Ref<'_, [u8]> {
        let before = |parts: Parts| parts.authorities + parts.certificate + parts.key;
        self.lend(|parts| (before(parts), parts.leaf))
    }

    /// Keeps the certificate of the other side; `false` if it does not fit.
    pub(super) fn keep_leaf(&self, certificate: &[u8]) -> bool {
        let state = &mut *self.state.borrow_mut();
        let parts = state.parts;
        let at = parts.authorities + parts.certificate + parts.key;
        let room = state.store.get_mut(at..at + certificate.len());
        let Some(room) = room else {
            return false;
        };
        room.copy_from_slice(certificate);
        state.parts.leaf = certificate.len();
        true
    }
}

impl Default for Channel {
    fn default() -> Self {
        Self::new()
    }
}
