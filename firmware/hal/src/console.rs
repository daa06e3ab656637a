//! The console: the byte stream over which a board is talked to.

/// A byte stream in both directions, with one byte that can be made to interrupt.
///
/// A driver collects input by itself (in an interrupt handler, in a thread), so that an interrupt byte is
/// noticed whatever else the board does. It takes `&self`: the prompt and the running program share it.
pub trait Console {
    /// Takes input that has come and returns how much, 0 when there is none now. Never waits.
    ///
    /// # Errors
    /// [`Closed`] when no more will come.
    fn read(&self, buffer: &mut [u8]) -> Result<usize, Closed>;

    /// Whether [`Console::read`] has something to say.
    fn is_readable(&self) -> bool;

    /// Sends bytes, all of them, waiting while the other side is slow. What is sent while nobody listens is
    /// lost.
    fn write(&self, bytes: &[u8]);

    /// Waits until input comes, the interrupt byte comes, or `limit_us` microseconds have passed. It may
    /// return earlier.
    fn wait(&self, limit_us: Option<u64>);

    /// From now on `byte` is no input when it comes, but an interrupt; with `None` every byte is input.
    /// An interrupt that was not taken yet is forgotten.
    fn watch(&self, byte: Option<u8>);

    /// Whether the interrupt byte has come since the last call.
    fn take_interrupt(&self) -> bool;

    /// Whether the interrupt byte has come and was not taken yet.
    fn is_interrupted(&self) -> bool;

    /// A program begins: the terminal of a host leaves the mode of the prompt. Boards do nothing.
    fn begin_program(&self) {}

    /// The program has ended and the prompt goes on.
    fn end_program(&self) {}
}

/// The console as a second end of it: what goes out can be had again, and more can come in. MicroPython's `os.dupterm`.
pub trait Mirror {
    /// From now on what is written is kept for [`Mirror::output`], or not any more.
    fn open(&mut self, is_open: bool);

    /// Takes what was written since, and returns how many bytes; 0 when that was all.
    fn output(&mut self, buffer: &mut [u8]) -> usize;

    /// How many bytes of input there is room for.
    fn room(&mut self) -> usize;

    /// Hands in what comes as if it had been typed: the interrupt byte interrupts.
    fn input(&mut self, bytes: &[u8]);
}

/// The other side has gone and won't come back: standard input of a host program at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

/// What Ctrl-C sends.
pub const INTERRUPT: u8 = 3;
