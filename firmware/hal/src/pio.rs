//! Small processors beside the main one that move pins and words by programs of a few instructions, as the RP2040
//! has them: blocks of four machines that share a memory of 32 instructions.
//!
//! Machines are numbered through all blocks: 0 to 3 are those of block 0. The settings are the chip's own registers,
//! because its assembler makes them.

/// How many machines a block has.
pub const MACHINES: u8 = 4;
/// How many instructions the memory of a block holds.
pub const INSTRUCTIONS: u8 = 32;

/// How a machine runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PioSetup {
    /// What the processor's frequency is divided by, in 256ths.
    pub divider: u32,
    /// Register EXECCTRL: where the program wraps, side-set, the pin of jumps.
    pub exec: u32,
    /// Register SHIFTCTRL: directions, thresholds, queues.
    pub shift: u32,
    /// Register PINCTRL: which pins it moves.
    pub pins: u32,
    /// The instruction that it begins with.
    pub start: u8,
}

/// The machines. A number of a machine or block that is not there does nothing.
pub trait Pio {
    /// How many blocks there are.
    fn blocks(&self) -> u8;

    /// Puts an instruction into the memory of a block.
    fn store(&mut self, block: u8, at: u8, instruction: u16);

    /// Stops a machine, empties its queues and sets it up.
    fn configure(&mut self, machine: u8, setup: &PioSetup);

    /// Gives a pin to the block of a machine, which drives it from now on if it is an output.
    fn give_pin(&mut self, machine: u8, pin: u16, is_output: bool, level: bool);

    /// Starts or stops a machine.
    fn set_active(&mut self, machine: u8, is_active: bool);

    /// Whether a machine runs.
    fn is_active(&self, machine: u8) -> bool;

    /// Clears what a machine keeps beside its registers X and Y.
    fn restart(&mut self, machine: u8);

    /// Has a machine execute an instruction at once.
    fn execute(&mut self, machine: u8, instruction: u16);

    /// How many bits of each instruction are side-set, and whether the first of them says if there is one.
    fn side_set(&self, machine: u8) -> (u8, bool);

    /// Queues a word for a machine; false when there is no room.
    fn put(&mut self, machine: u8, word: u32) -> bool;

    /// Takes a word that a machine has queued.
    fn get(&mut self, machine: u8) -> Option<u32>;

    /// How many words wait: for the processor, for the machine.
    fn queued(&self, machine: u8) -> (u8, u8);

    /// Chooses what is noticed of a block: bits 0 to 3 a machine has a word for the processor, 4 to 7 has room for
    /// one, 8 to 11 has raised the flag of that number.
    fn watch(&mut self, block: u8, events: u16);

    /// A block of which something has happened, and what. A flag is lowered with that; the others stay as long as
    /// they are true.
    fn take_event(&mut self, block: u8) -> u16;
}
