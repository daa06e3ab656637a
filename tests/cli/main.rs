//! Every command of `ucli`, driven as a user drives it, against a real MicroPython.
//!
//! Where mpremote has the command, both get the same command line and must leave the same files and
//! print the same (`differential`). What goes wrong on the way is in `faults`, `hostile` and
//! `old_firmware`. Each test has its own board, so all run at once; none asserts how long it took.
#![cfg(unix)]

mod cp;
mod differential;
mod edit;
mod faults;
mod files;
mod hardware;
mod hostile;
mod json;
mod line;
mod mount;
mod old_firmware;
mod programs;
mod readme;
mod repl;
mod sync;
mod tools;
mod transports;
mod watch;

/// Names of the files in a listing of contents, without what `ucli` keeps for itself.
fn names(contents: &[(String, Option<Vec<u8>>)]) -> Vec<&str> {
    contents.iter().map(|(name, _)| name.as_str()).collect()
}
