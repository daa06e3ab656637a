//! The interpreter on a host: its surroundings, its command line, its prompt.

pub mod args;
pub mod board;
pub mod host;
pub mod interrupt;
pub mod keyboard;
mod net;
pub mod program;
pub mod prompt;
mod threads;
pub mod version;

/// Fills a buffer with random bytes of the operating system.
///
/// # Errors
/// A sentence for the user.
pub fn fill_random(buffer: &mut [u8]) -> Result<(), String> {
    getrandom::fill(buffer).map_err(|error| format!("the system gives no random numbers: {error}"))
}
