//! Flow control of raw-paste mode.
//!
//! The device grants a number of bytes; the host sends no more than that and waits. [`Window`] is
//! the sender's count, [`Grants`] the receiver's. Sans-I/O: no port, no clock, no allocation. Both
//! saturate: a device that grants without end, or a window of 0, does no harm here.
//!
//! Source: MicroPython `docs/reference/repl.rst`, "Raw mode and raw-paste mode", steps 5 and 6,
//! and `shared/runtime/pyexec.c`, `mp_reader_stdin_readbyte`.

/// How many bytes the sender may still send.
///
/// ```
/// # use ucli_protocol::window::Window;
/// let mut window = Window::new(128);
/// assert_eq!(window.take(100), 100);
/// assert_eq!(window.take(100), 28);
/// window.grant();
/// assert_eq!(window.available(), 128);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    size_bytes: u16,
    available_bytes: u32,
}

impl Window {
    /// A sender whose device announced windows of `size_bytes`; the first one is open.
    #[must_use]
    pub const fn new(size_bytes: u16) -> Self {
        Self {
            size_bytes,
            available_bytes: size_bytes as u32,
        }
    }

    /// The size of one window in bytes, as the device announced it.
    #[must_use]
    pub const fn size_bytes(self) -> u16 {
        self.size_bytes
    }

    /// How many bytes may be sent now. 0 means the device must be read first.
    #[must_use]
    pub const fn available(self) -> u32 {
        self.available_bytes
    }

    /// Takes up to `len_bytes` from the window and returns how many may be sent now.
    pub fn take(&mut self, len_bytes: u32) -> u32 {
        let taken = len_bytes.min(self.available_bytes);
        self.available_bytes -= taken;
        taken
    }

    /// The device granted one more window.
    pub fn grant(&mut self) {
        self.available_bytes = self
            .available_bytes
            .saturating_add(u32::from(self.size_bytes));
    }
}

/// When the receiver must grant the next window.
///
/// ```
/// # use ucli_protocol::window::Grants;
/// let mut grants = Grants::new(2);
/// assert!(!grants.consumed_one());
/// assert!(grants.consumed_one()); // write 0x01 now
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grants {
    size_bytes: u16,
    remaining_bytes: u16,
}

impl Grants {
    /// A receiver that announced windows of `size_bytes`. 0 is treated as 1.
    #[must_use]
    pub const fn new(size_bytes: u16) -> Self {
        let size_bytes = if size_bytes == 0 { 1 } else { size_bytes };
        Self {
            size_bytes,
            remaining_bytes: size_bytes,
        }
    }

    /// One payload byte was consumed; true when a whole window was, and a grant is due.
    pub fn consumed_one(&mut self) -> bool {
        self.remaining_bytes -= 1;
        let due = self.remaining_bytes == 0;
        if due {
            self.remaining_bytes = self.size_bytes;
        }
        due
    }

    /// How many payload bytes can be consumed without a grant becoming due. At least 0, less than
    /// the window.
    #[must_use]
    pub const fn before_grant(self) -> u16 {
        self.remaining_bytes - 1
    }

    /// `len_bytes` payload bytes, at most [`before_grant`](Self::before_grant), were consumed at
    /// once. More than that counts as that many.
    pub fn consumed_quietly(&mut self, len_bytes: u16) {
        self.remaining_bytes -= len_bytes.min(self.before_grant());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endless_grants_saturate() {
        let mut window = Window::new(u16::MAX);
        for _ in 0..200_000 {
            window.grant();
        }
        assert_eq!(window.available(), u32::MAX);
        assert_eq!(window.take(10), 10);
    }

    #[test]
    fn window_of_zero_never_opens() {
        let mut window = Window::new(0);
        window.grant();
        assert_eq!(window.take(1), 0);
    }

    #[test]
    fn grants_come_once_per_window() {
        let mut grants = Grants::new(3);
        let due: [bool; 7] = core::array::from_fn(|_| grants.consumed_one());
        assert_eq!(due, [false, false, true, false, false, true, false]);
        assert_eq!(grants.before_grant(), 1);
        grants.consumed_quietly(9);
        assert!(grants.consumed_one());
    }

    #[test]
    fn grants_of_zero_count_as_one() {
        assert!(Grants::new(0).consumed_one());
    }
}
