//! Why an operation of the host end cannot go on: one small enum per operation.
//!
//! [`Enter`](super::Enter) and [`Leave`](super::Leave) have none: they try until the caller gives up.

use core::fmt;

/// Why [`Exec`](super::Exec) stopped. Apart from [`WindowIsZero`](Self::WindowIsZero) the board
/// stands at its raw prompt and nothing of the payload was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecError {
    /// The source holds a byte at `offset_bytes` that the mode cannot carry: 0x01 to 0x05 in raw
    /// mode, 0x03 and 0x04 in raw-paste mode.
    ControlByte {
        /// Where the byte stands, counted from 0.
        offset_bytes: usize,
        /// The byte.
        byte: u8,
    },
    /// The board does not accept `.mpy` images over the wire; send source instead.
    ImageUnsupported,
    /// The board announced a raw-paste window of 0 bytes: nothing can be sent. It waits inside
    /// raw-paste mode; [`Enter`](super::Enter) gets it out.
    WindowIsZero,
}

impl fmt::Display for ExecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ControlByte { offset_bytes, byte } => write!(
                f,
                "the source holds the control byte 0x{byte:02x} at offset {offset_bytes}"
            ),
            Self::ImageUnsupported => f.write_str("the device does not accept .mpy images here"),
            Self::WindowIsZero => f.write_str("the device announced a window of 0 bytes"),
        }
    }
}

impl core::error::Error for ExecError {}
