//! Ctrl-C of the host program.
//!
//! The signal only leaves a note; the interpreter asks for it between instructions and raises
//! `KeyboardInterrupt`. A second Ctrl-C before the first was seen ends the program, for one that waits in a
//! read or in a long native operation. At the prompt the terminal is raw and Ctrl-C is a byte.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

static PRESSED: AtomicBool = AtomicBool::new(false);
static LOCK: Mutex<()> = Mutex::new(());
static EVENT: Condvar = Condvar::new();

/// Exit code of a program that Ctrl-C ended: 128 and the number of SIGINT.
pub(crate) const EXIT_CODE: i32 = 130;

/// Starts to catch Ctrl-C. Without it, as when another handler is there already, Ctrl-C ends the program.
pub fn catch() -> bool {
    ctrlc::set_handler(|| {
        if PRESSED.swap(true, Ordering::SeqCst) {
            std::process::exit(EXIT_CODE);
        }
        drop(LOCK.lock());
        EVENT.notify_all();
    })
    .is_ok()
}

/// Whether Ctrl-C was pressed since the last call.
pub(crate) fn take() -> bool {
    PRESSED.load(Ordering::Relaxed) && PRESSED.swap(false, Ordering::SeqCst)
}

/// Whether Ctrl-C was pressed and nobody has asked yet.
pub(crate) fn is_pressed() -> bool {
    PRESSED.load(Ordering::Relaxed)
}

/// Waits, but not longer than until Ctrl-C is pressed.
pub(crate) fn sleep(duration: Duration) {
    let until = Instant::now().checked_add(duration);
    let mut guard = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    while !is_pressed() {
        let left = match until {
            Some(until) => until.saturating_duration_since(Instant::now()),
            None => Duration::from_secs(3600),
        };
        if left.is_zero() {
            return;
        }
        guard = EVENT
            .wait_timeout(guard, left)
            .unwrap_or_else(PoisonError::into_inner)
            .0;
    }
}
