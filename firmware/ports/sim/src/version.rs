//! What the firmware calls itself.

/// The version of the language, as MicroPython writes it.
pub const FIRMWARE: &str = "MicroPython v1.29.0-preview";

/// The version of this project.
pub const UPY: &str = env!("CARGO_PKG_VERSION");
