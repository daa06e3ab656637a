//! Ctrl-C of the host program.
//!
//! The signal only leaves a note; the interpreter asks for it between instructions and raises
//! `KeyboardInterrupt`. A second Ctrl-C before the first was seen ends the program, for one that waits in a
//! read or in a long native operation. At the prompt no statement runs, so none can be stuck.

use std::sync::atomic::{AtomicBool, Ordering};

static PRESSED: AtomicBool = AtomicBool::new(false);
static AT_PROMPT: AtomicBool = AtomicBool::new(false);

/// Exit code of a program that Ctrl-C ended: 128 and the number of SIGINT.
pub(crate) const EXIT_CODE: i32 = 130;

/// Starts to catch Ctrl-C. Without it, as when another handler is there already, Ctrl-C ends the program.
pub fn catch() -> bool {
    ctrlc::set_handler(|| {
        if PRESSED.swap(true, Ordering::SeqCst) && !AT_PROMPT.load(Ordering::SeqCst) {
            std::process::exit(EXIT_CODE);
        }
    })
    .is_ok()
}

/// Whether Ctrl-C was pressed since the last call.
pub(crate) fn take() -> bool {
    PRESSED.load(Ordering::Relaxed) && PRESSED.swap(false, Ordering::SeqCst)
}

/// Does something at the prompt and says whether Ctrl-C was pressed meanwhile.
pub(crate) fn watch<T>(wait: impl FnOnce() -> T) -> (T, bool) {
    AT_PROMPT.store(true, Ordering::SeqCst);
    let done = wait();
    let pressed = take();
    AT_PROMPT.store(false, Ordering::SeqCst);
    (done, pressed)
}
