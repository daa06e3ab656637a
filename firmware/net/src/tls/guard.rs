//! A look at each decrypted record before `embedded-tls` has it.
//!
//! Version 0.19 panics on two things that the other side can send once the keys are agreed on: a record without content,
//! and a message of the handshake other than a ticket. It also reads tickets (which are of no use here) by the
//! lengths in them. The cipher is a type that we may choose, so it is AES-GCM with this look behind it: records that
//! would do harm are refused as if they were damaged, and tickets become empty text.
//!
//! The cipher is made anew for each record and knows no connection. So who runs a task says whether it is open, in
//! a variable of the program: tasks run one at a time, and each run begins with [`enter`].

use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use aes_gcm::Aes128Gcm;
use aes_gcm::aead::{self, AeadCore, AeadInPlace, KeyInit, KeySizeUser};
use embedded_tls::TlsCipherSuite;
use generic_array::GenericArray;
use sha2::Sha256;
use typenum::{U0, U12, U16, U54};

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const TEXT: u8 = 23;
const TICKET: u8 = 4;

static IS_OPEN: AtomicBool = AtomicBool::new(false);
/// The last alert that came, 0 for none.
static ALERTED: AtomicU8 = AtomicU8::new(0);

/// A task runs from now on; whether its connection is open.
pub(super) fn enter(is_open: bool) {
    IS_OPEN.store(is_open, Ordering::Relaxed);
    ALERTED.store(0, Ordering::Relaxed);
}

/// The connection of the task that runs has just been opened.
pub(super) fn opened() {
    IS_OPEN.store(true, Ordering::Relaxed);
}

/// What the other side has given as a reason, in this run.
pub(super) fn alert() -> Option<u8> {
    match ALERTED.load(Ordering::Relaxed) {
        0 => None,
        alert => Some(alert),
    }
}

/// `TLS_AES_128_GCM_SHA256`.
pub(super) struct Suite;

impl TlsCipherSuite for Suite {
    const CODE_POINT: u16 = 0x1301;
    type Cipher = Guarded;
    type KeyLen = U16;
    type IvLen = U12;
    type Hash = Sha256;
    /// The hash and 22 bytes, as for the suite of `embedded-tls`.
    type LabelBufferSize = U54;
}

/// AES-128-GCM.
pub(super) struct Guarded(Aes128Gcm);

impl KeySizeUser for Guarded {
    type KeySize = U16;
}

impl KeyInit for Guarded {
    fn new(key: &GenericArray<u8, U16>) -> Self {
        Self(Aes128Gcm::new(key))
    }
}

impl AeadCore for Guarded {
    type NonceSize = U12;
    type TagSize = U16;
    type CiphertextOverhead = U0;
}

impl AeadInPlace for Guarded {
    fn encrypt_in_place_detached(
        &self,
        nonce: &aead::Nonce<Self>,
        associated_data: &[u8],
        buffer: &mut [u8],
    ) -> aead::Result<aead::Tag<Self>> {
        self.0
            .encrypt_in_place_detached(nonce, associated_data, buffer)
    }

    fn decrypt_in_place_detached(
        &self,
        nonce: &aead::Nonce<Self>,
        associated_data: &[u8],
        buffer: &mut [u8],
        tag: &aead::Tag<Self>,
    ) -> aead::Result<()> {
        self.0
            .decrypt_in_place_detached(nonce, associated_data, buffer, tag)?;
        if is_harmless(buffer, IS_OPEN.load(Ordering::Relaxed)) {
            Ok(())
        } else {
            Err(aead::Error)
        }
    }
}

/// Whether a record (content, its kind, zeros) can be passed on; a ticket is turned into empty text.
fn is_harmless(record: &mut [u8], is_open: bool) -> bool {
    let Some(end) = record.iter().rposition(|&byte| byte != 0) else {
        return false;
    };
    let (content, kind) = (&record[..end], record[end]);
    match kind {
        HANDSHAKE if is_open => {
            let harmless = tickets_only(content);
            if harmless {
                record.fill(0);
                record[0] = TEXT;
            }
            harmless
        }
        ALERT => {
            // Saying goodbye is no complaint.
            if let &[_, reason] = content {
                ALERTED.store(reason, Ordering::Relaxed);
            }
            true
        }
        _ => true,
    }
}

/// Whether all messages are tickets.
fn tickets_only(mut messages: &[u8]) -> bool {
    while let Some((&[kind, high, middle, low], rest)) = messages.split_first_chunk() {
        let len = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        let Some(rest) = rest.get(len..) else {
            return false;
        };
        if kind != TICKET {
            return false;
        }
        messages = rest;
    }
    messages.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_that_would_stop_the_program_are_refused() {
        for record in [
            // Nothing at all, and nothing but zeros.
            &mut [][..],
            &mut [0, 0, 0],
            // Finished, a change of keys, a ticket and then a certificate, half a ticket.
            &mut [20, 0, 0, 0, HANDSHAKE],
            &mut [24, 0, 0, 1, 0, HANDSHAKE, 0],
            &mut [4, 0, 0, 1, 9, 11, 0, 0, 0, HANDSHAKE],
            &mut [4, 0, 0, 9, 1, HANDSHAKE],
        ] {
            assert!(!is_harmless(record, true), "{record:?}");
        }
    }

    #[test]
    fn tickets_become_empty_text() {
        let mut record = [4, 0, 0, 1, 9, 4, 0, 0, 0, HANDSHAKE, 0];
        assert!(is_harmless(&mut record, true));
        assert_eq!(record, [TEXT, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn text_and_messages_of_a_handshake_pass() {
        let mut text = [1, 2, 3, TEXT];
        assert!(is_harmless(&mut text, true) && text == [1, 2, 3, TEXT]);
        let mut finished = [20, 0, 0, 1, 7, HANDSHAKE];
        assert!(is_harmless(&mut finished, false) && finished[0] == 20);
    }
}
