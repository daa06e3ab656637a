//! In the place of `network.rs` where the board has no network.

use core::marker::PhantomData;

/// Nothing.
pub struct Parts<'a>(PhantomData<&'a ()>);

/// Works without a network.
pub fn with<R>(work: impl FnOnce(Parts<'_>) -> R) -> R {
    work(Parts(PhantomData))
}

impl Parts<'_> {
    /// Does nothing.
    pub fn attend(&mut self) {}

    /// Does nothing.
    pub fn restart(&mut self) {}

    /// None.
    pub fn sockets(&mut self) -> Option<&mut dyn upy_hal::net::Network> {
        None
    }

    /// None.
    pub fn wired(&mut self) -> Option<&mut dyn upy_hal::net::Wired> {
        None
    }

    /// None.
    pub fn tls(&mut self, _now_ns: u64) -> Option<&mut dyn upy_hal::net::Tls> {
        None
    }
}
