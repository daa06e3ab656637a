//! Ctrl-C on this computer, counted.
//!
//! The handler only counts; who waits for a board looks at the count between its reads, which are
//! therefore never longer than [`SLICE`].

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The longest a single read may block while Ctrl-C matters.
pub(crate) const SLICE: Duration = Duration::from_millis(100);

static COUNT: AtomicU32 = AtomicU32::new(0);

/// Starts counting. Called once, before the first connection.
pub(crate) fn install() {
    // Fails only when called twice; then counting goes on as it did.
    let _ = ctrlc::set_handler(|| {
        let before = COUNT.fetch_add(1, Ordering::Relaxed);
        if before >= 4 {
            // Something does not look at the count: the user's fifth word is final.
            std::process::exit(130);
        }
    });
}

/// How often Ctrl-C was pressed.
pub(crate) fn count() -> u32 {
    COUNT.load(Ordering::Relaxed)
}
