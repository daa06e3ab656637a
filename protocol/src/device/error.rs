//! Why a source that was being received will not be run.

use core::fmt;

/// Why a source that was being received will not be run. The traceback is the caller's to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The host took it back with Ctrl-C: a `KeyboardInterrupt`.
    Interrupted,
    /// The caller called [`Session::refuse`](super::Session::refuse).
    ByCaller,
    /// A `.mpy` image holds an escape that does not exist: a `ValueError`.
    Escape,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interrupted => "the source was interrupted",
            Self::ByCaller => "the source was refused",
            Self::Escape => "the image holds an unknown escape",
        })
    }
}

impl core::error::Error for Refusal {}
