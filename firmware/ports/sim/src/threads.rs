//! Threads of Python carried by threads of this computer.
//!
//! The interpreter lies on the desk under the number of who is to take it; the others wait for theirs. It is moved, not
//! shared. The desk is served by the thread that called [`serve`]: carriers are made there, because they may only live
//! as long as what the interpreter borrows.

use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Builder};

use upy_runtime::{Host, Loader, Relay, Vm};

/// Room for the depth limits of the compiler and the interpreter; used only as far as a thread gets.
const STACK_BYTES: usize = 64 << 20;

/// Where the interpreter is handed over.
pub(crate) struct Desk<'m> {
    state: Mutex<State<'m>>,
    event: Condvar,
}

struct State<'m> {
    /// By number; only one of them is there, or none while somebody has it.
    handed: Vec<Option<Vm<'m>>>,
    /// A carrier is wanted, and whether there is one.
    wanted: Option<usize>,
    made: Option<bool>,
    /// The program is over.
    is_closed: bool,
    /// A carrier has died with the interpreter in its hands.
    is_lost: bool,
}

/// The surroundings of an interpreter that is elsewhere; nobody asks them.
struct Nobody;

impl Loader for Nobody {}

impl Host for Nobody {
    fn write_out(&mut self, _: &[u8]) {}
}

/// An interpreter that does nothing, while the real one is elsewhere.
fn hollow<'m>() -> Vm<'m> {
    // It has no size: nothing is allocated, so nothing leaks.
    Vm::hollow(Box::leak(Box::new(Nobody)))
}

/// Closes the desk when the program is over, also when it panics.
struct Closing<'d, 'm>(&'d Desk<'m>);

impl Drop for Closing<'_, '_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.is_closed = true;
        state.is_lost |= thread::panicking();
        self.0.event.notify_all();
    }
}

/// Says when the interpreter is lost.
struct Carrying<'d, 'm>(&'d Desk<'m>);

impl Drop for Carrying<'_, '_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.state().is_lost = true;
            self.0.event.notify_all();
        }
    }
}

impl<'m> Desk<'m> {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                handed: Vec::new(),
                wanted: None,
                made: None,
                is_closed: false,
                is_lost: false,
            }),
            event: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State<'m>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State<'m>>) -> MutexGuard<'s, State<'m>> {
        self.event
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, vm: Vm<'m>, number: usize) {
        let mut state = self.state();
        if state.handed.len() <= number {
            state.handed.resize_with(number + 1, || None);
        }
        state.handed[number] = Some(vm);
        self.event.notify_all();
    }

    /// Waits for the interpreter.
    fn take(&self, number: usize) -> Vm<'m> {
        let mut state = self.state();
        loop {
            if let Some(vm) = state.handed.get_mut(number).and_then(Option::take) {
                return vm;
            }
            assert!(
                !state.is_lost,
                "the interpreter is lost: another thread has crashed"
            );
            state = self.wait(state);
        }
    }

    fn carry(&self, number: usize) {
        let _carrying = Carrying(self);
        let mut vm = self.take(number);
        let next = vm.run_thread();
        self.put(vm, next);
    }

    /// The number of a carrier that is wanted; `None` when the program is over.
    fn next_wanted(&self) -> Option<usize> {
        let mut state = self.state();
        loop {
            if let Some(number) = state.wanted.take() {
                return Some(number);
            }
            if state.is_closed {
                return None;
            }
            state = self.wait(state);
        }
    }
}

impl<'m> Relay<'m> for Desk<'m> {
    fn start(&self, number: usize) -> bool {
        let mut state = self.state();
        state.wanted = Some(number);
        self.event.notify_all();
        loop {
            if let Some(made) = state.made.take() {
                return made;
            }
            state = self.wait(state);
        }
    }

    fn hand_over(&self, vm: &mut Vm<'m>, from: usize, to: usize) {
        let full = std::mem::replace(vm, hollow());
        self.put(full, to);
        *vm = self.take(from);
    }
}

/// Runs `program`, which uses the desk as relay, on a thread of its own, and makes the carriers it wants.
///
/// # Errors
/// This computer has no thread for it.
///
/// # Panics
/// If `program` does.
pub(crate) fn serve<'m, R: Send>(
    desk: &'m Desk<'m>,
    program: impl FnOnce() -> R + Send,
) -> io::Result<R> {
    thread::scope(|scope| {
        let main = Builder::new()
            .name("python".into())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, move || {
                let _closing = Closing(desk);
                program()
            })?;
        while let Some(number) = desk.next_wanted() {
            let carrier = Builder::new()
                .name(format!("python {number}"))
                .stack_size(STACK_BYTES)
                .spawn_scoped(scope, move || desk.carry(number));
            desk.state().made = Some(carrier.is_ok());
            desk.event.notify_all();
        }
        match main.join() {
            Ok(result) => Ok(result),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
