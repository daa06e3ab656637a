//! A console over a line that is asked for input instead of interrupting for it.

use core::cell::{Cell, RefCell};

use crate::console::{Closed, Console};
use crate::ring::Ring;

/// A line to the other side, as a port has it.
pub trait Line {
    /// Takes a byte that has come.
    fn receive(&self) -> Option<u8>;

    /// Sends bytes, all of them, or drops them where nobody takes them.
    fn send(&self, bytes: &[u8]);

    /// What was sent is all for now: a line that sends in packets sends the last one.
    fn flush(&self) {}

    /// Sleeps until a byte has come or for a time in microseconds; it may return earlier.
    fn doze(&self, limit_us: u64);

    /// Microseconds since some start.
    fn ticks_us(&self) -> u64;
}

/// The longest sleep in microseconds: Ctrl-C is looked for as often.
const SLEEP_US: u64 = 1000;
/// Between so many bytes that are sent it is looked for input.
const PART_BYTES: usize = 32;

/// A line and the input that waits, up to `SIZE` bytes.
#[derive(Debug)]
pub struct Polled<L, const SIZE: usize> {
    line: L,
    input: RefCell<Ring<SIZE>>,
    watched: Cell<Option<u8>>,
    interrupted: Cell<bool>,
}

impl<L: Line, const SIZE: usize> Polled<L, SIZE> {
    /// A console with no input yet.
    #[must_use]
    pub const fn new(line: L) -> Self {
        Self {
            line,
            input: RefCell::new(Ring::new()),
            watched: Cell::new(None),
            interrupted: Cell::new(false),
        }
    }

    /// Takes in what has come. While an interrupt byte is watched for, what finds no room is lost, as on any UART;
    /// otherwise the line keeps it.
    fn collect(&self) {
        let mut input = self.input.borrow_mut();
        while !input.is_full() || self.watched.get().is_some() {
            let Some(byte) = self.line.receive() else {
                return;
            };
            if self.watched.get() == Some(byte) {
                self.interrupted.set(true);
            } else {
                input.push(byte);
            }
        }
    }
}

impl<L: Line, const SIZE: usize> Console for Polled<L, SIZE> {
    fn read(&self, buffer: &mut [u8]) -> Result<usize, Closed> {
        self.collect();
        Ok(self.input.borrow_mut().take(buffer))
    }

    fn is_readable(&self) -> bool {
        self.collect();
        !self.input.borrow().is_empty()
    }

    fn write(&self, bytes: &[u8]) {
        for part in bytes.chunks(PART_BYTES) {
            self.line.send(part);
            self.collect();
        }
        self.line.flush();
    }

    fn wait(&self, limit_us: Option<u64>) {
        let start = self.line.ticks_us();
        while !self.is_readable() && !self.interrupted.get() {
            let gone = self.line.ticks_us() - start;
            let left = limit_us.map_or(SLEEP_US, |limit| limit.saturating_sub(gone));
            if left == 0 {
                return;
            }
            self.line.doze(left.min(SLEEP_US));
        }
    }

    fn watch(&self, byte: Option<u8>) {
        self.collect();
        self.watched.set(byte);
        self.interrupted.set(false);
    }

    fn take_interrupt(&self) -> bool {
        self.collect();
        self.interrupted.replace(false)
    }

    fn is_interrupted(&self) -> bool {
        self.collect();
        self.interrupted.get()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::collections::VecDeque;
    use std::vec::Vec;

    use super::*;

    #[derive(Default)]
    struct Wire {
        there: RefCell<VecDeque<u8>>,
        back: RefCell<Vec<u8>>,
        now_us: Cell<u64>,
    }

    impl Line for &Wire {
        fn receive(&self) -> Option<u8> {
            self.there.borrow_mut().pop_front()
        }

        fn send(&self, bytes: &[u8]) {
            self.back.borrow_mut().extend(bytes);
        }

        fn doze(&self, limit_us: u64) {
            self.now_us.set(self.now_us.get() + limit_us);
        }

        fn ticks_us(&self) -> u64 {
            self.now_us.get()
        }
    }

    #[test]
    fn input_that_finds_no_room_stays_on_the_line() {
        let wire = Wire::default();
        let console = Polled::<_, 4>::new(&wire);
        wire.there.borrow_mut().extend(*b"abcdef");
        let mut buffer = [0; 8];
        assert_eq!(console.read(&mut buffer), Ok(4));
        assert_eq!(console.read(&mut buffer[4..]), Ok(2));
        assert_eq!(&buffer[..6], b"abcdef");
    }

    #[test]
    fn an_interrupt_is_seen_behind_a_full_buffer() {
        let wire = Wire::default();
        let console = Polled::<_, 4>::new(&wire);
        console.watch(Some(3));
        wire.there.borrow_mut().extend(*b"abcdef\x03");
        assert!(console.is_interrupted() && console.take_interrupt() && !console.take_interrupt());
        assert!(console.is_readable());
        console.watch(None);
        wire.there.borrow_mut().push_back(3);
        assert!(!console.is_interrupted());
    }

    #[test]
    fn a_wait_ends_with_its_time_or_with_input() {
        let wire = Wire::default();
        let console = Polled::<_, 4>::new(&wire);
        console.wait(Some(2500));
        assert_eq!(wire.now_us.get(), 2500);
        wire.there.borrow_mut().push_back(b'x');
        console.wait(None);
        assert_eq!(wire.now_us.get(), 2500);
        console.write(&[b'y'; 70]);
        assert_eq!(wire.back.borrow().len(), 70);
    }
}
