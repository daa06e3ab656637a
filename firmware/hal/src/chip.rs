//! The chip under an interpreter: its parts, its time, its randomness.

use crate::Board;

/// What a port for bare metal provides besides its console; everything else of a board is made of it.
pub trait Chip: Board {
    /// The name of the port, which is `sys.platform`.
    fn name(&self) -> &'static str;

    /// Microseconds since some start; never goes back.
    fn ticks_us(&mut self) -> u64;

    /// Fills the buffer with random bytes, as good as the chip has them.
    fn random(&mut self, buffer: &mut [u8]);

    /// Whether a pin or a timer waits to be looked after. Asked often, at the prompt and in sleeps too, so it is quick;
    /// a port does in it what has to be done beside the program, such as answering the network.
    fn event_waits(&mut self) -> bool {
        false
    }

    /// The interpreter begins anew: timers, handlers and outputs of the last one are let go.
    fn restart(&mut self) {}
}
