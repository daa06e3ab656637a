//! Every control byte, marker and prompt of the wire, as named constants.
//!
//! This is the only file that spells them: the host end recognises what the device end writes
//! because both take it from here. No logic.
//!
//! Source: MicroPython `shared/runtime/pyexec.c`, `shared/readline/readline.c`,
//! `docs/reference/repl.rst`, and the ports' `main.c` for the words of a soft reset.

/// Ctrl-A: enter raw mode, or print the raw banner again.
pub const RAW_MODE: u8 = 0x01;
/// Ctrl-B: leave raw mode, or print the friendly banner again.
pub const FRIENDLY_MODE: u8 = 0x02;
/// Ctrl-C: interrupt what runs, cancel what is typed.
pub const INTERRUPT: u8 = 0x03;
/// Ctrl-D: end of input; on an empty line a soft reset.
pub const END: u8 = 0x04;
/// Ctrl-E: paste mode in the friendly prompt, first byte of a raw-paste request in raw mode.
pub const PASTE_MODE: u8 = 0x05;
/// First byte of a request of the mount protocol, and the host's answer that it listens.
pub const MOUNT: u8 = 0x18;
/// First byte of a frame of the transfer agent. Not part of any UTF-8 text.
pub const AGENT: u8 = 0xF5;

/// Raw-paste: one more window may be sent (device to host). The same byte as [`RAW_MODE`].
pub const GRANT: u8 = 0x01;

/// What the device prints when it enters raw mode, without the prompt.
pub const RAW_BANNER: &[u8] = b"raw REPL; CTRL-B to exit\r\n";
/// The raw banner and the first prompt after it.
pub const RAW_BANNER_PROMPT: &[u8] = b"raw REPL; CTRL-B to exit\r\n>";
/// The raw banner as it follows the friendly prompt, and the first prompt after it.
pub const RAW_BANNER_PROMPT_ON_NEW_LINE: &[u8] = b"\r\nraw REPL; CTRL-B to exit\r\n>";
/// The prompt of raw mode.
pub const RAW_PROMPT: u8 = b'>';
/// The prompt of raw mode at the start of a line.
pub const RAW_PROMPT_ON_NEW_LINE: &[u8] = b"\n>";
/// Answer of raw mode to the end of the source.
pub const OK: &[u8] = b"OK";

/// Answer of raw mode to the end of an empty source; a soft reset follows.
pub const OK_SOFT_RESET: &[u8] = b"OK\r\n";

/// The friendly prompt.
pub const PROMPT: &[u8] = b">>> ";
/// The friendly prompt at the start of a line: what an idle device ends its output with.
pub const PROMPT_ON_NEW_LINE: &[u8] = b"\r\n>>> ";
/// The friendly prompt of a statement that is not complete yet.
pub const CONTINUATION_PROMPT: &[u8] = b"... ";
/// What the device prints when it enters paste mode.
pub const PASTE_BANNER: &[u8] = b"\r\npaste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n=== ";
/// The prompt of paste mode, printed for each carriage return.
pub const PASTE_PROMPT_ON_NEW_LINE: &[u8] = b"\r\n=== ";
/// End of a line as the device prints it.
pub const NEW_LINE: &[u8] = b"\r\n";

/// What every port prints when it starts a soft reset (some print more around it).
pub const SOFT_REBOOT: &[u8] = b"soft reboot";
/// What MicroPython's ports print; others leave the first word out.
pub const MPY_SOFT_REBOOT: &[u8] = b"MPY: soft reboot";
/// The line a soft reset starts with.
pub const SOFT_REBOOT_LINE: &[u8] = b"MPY: soft reboot\r\n";

/// Asks for raw-paste mode with Python source.
pub const PASTE_SOURCE: &[u8] = b"\x05A\x01";
/// Asks for raw-paste mode with a `.mpy` image, whose bytes 03, 04 and 05 are escaped.
///
/// Proposed in micropython/micropython#17782; a device that does not know it answers
/// [`PASTE_REFUSED`].
pub const PASTE_IMAGE: &[u8] = b"\x05B\x01";
/// Answer to a raw-paste request: entered; a `u16` window size (little endian) follows.
pub const PASTE_ENTERED: &[u8] = b"R\x01";
/// Answer to a raw-paste request: understood, but this kind is not supported; a prompt follows.
pub const PASTE_REFUSED: &[u8] = b"R\x00";

/// Whether `byte` must be escaped inside a `.mpy` image, and with which letter.
///
/// The letters are `C`, `D` and `E` of the control keys they stand for, except that the escape
/// byte stands for itself: 03 is sent as `05 'C'`, 04 as `05 'D'`, 05 as `05 05`.
#[must_use]
pub const fn image_escape(byte: u8) -> Option<[u8; 2]> {
    match byte {
        INTERRUPT => Some([PASTE_MODE, b'C']),
        END => Some([PASTE_MODE, b'D']),
        PASTE_MODE => Some([PASTE_MODE, PASTE_MODE]),
        _ => None,
    }
}

/// The byte an escaped pair stands for, given the second byte of the pair.
///
/// `None` for a second byte that no sender writes.
#[must_use]
pub const fn image_unescape(second: u8) -> Option<u8> {
    match second {
        b'C' => Some(INTERRUPT),
        b'D' => Some(END),
        PASTE_MODE => Some(PASTE_MODE),
        _ => None,
    }
}

/// The ways a host tries to bring a device to raw mode, first the one for a quiet device.
///
/// The carriage return ends a half-typed escape sequence, the interrupt stops a program or cancels
/// a line, Ctrl-A enters raw mode. Each is one write, so that an idle device needs one turn-round.
pub const ENTER_FIRST: &[u8] = b"\r\x03\x01";
/// The rotation of later tries.
pub const ENTER_AGAIN: [&[u8]; 3] = [b"\r\x03\x01", b"\r\x03\x03\x01", b"\r\x02\x01"];
/// The rotation once a stuck mount request is thinkable: [`MOUNT`] answers it first.
pub const ENTER_HARD: [&[u8]; 3] = [b"\x18\r\x03\x01", b"\x18\r\x03\x03\x01", b"\x18\r\x02\x01"];
/// Leaves raw mode; at the friendly prompt it asks for the banner.
pub const LEAVE_RAW: &[u8] = b"\r\x02";
