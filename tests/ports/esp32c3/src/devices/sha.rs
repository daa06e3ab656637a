//! The hash unit, for SHA-256, which is what the ROM and the boot loader use.
//!
//! Source: ESP32-C3 Technical Reference Manual, chapter 20.

/// Where the state and the message are, in words from the first register.
const STATE: usize = 0x10;
const MESSAGE: usize = 0x20;
const START: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// The unit. It is never busy, and its state is in its registers.
pub(crate) struct Sha;

impl Sha {
    pub(crate) fn read(&self, offset: u32, kept: u32) -> u32 {
        if offset == 0x18 { 0 } else { kept }
    }

    /// Takes a block of a message in; `registers` are those of the unit.
    pub(crate) fn block(&self, registers: &mut [u32], is_first: bool) {
        let mut state = START;
        if !is_first {
            for (word, register) in state.iter_mut().zip(&registers[STATE..]) {
                *word = register.swap_bytes();
            }
        }
        let mut message = [0; 64];
        for (bytes, register) in message.chunks_exact_mut(4).zip(&registers[MESSAGE..]) {
            bytes.copy_from_slice(&register.to_le_bytes());
        }
        sha2::compress256(&mut state, &[message.into()]);
        for (register, word) in registers[STATE..].iter_mut().zip(state) {
            *register = word.swap_bytes();
        }
    }
}
