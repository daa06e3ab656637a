//! A view of one code object: its signature, names, line table, cells and opcodes.
//!
//! ```text
//! signature   xSSSSEAA [xFSSKAED]*   bits of six numbers, least significant first
//! sizes       xIIIIIIC ...           I bytes of info, C cells
//! info        name, argument names (one unsigned operand each), line table
//! cells       one local number per byte: locals that are captured by inner functions
//! opcodes     up to the end
//! ```
//!
//! Source: MicroPython `py/bc.h`, "bytecode layout".

use crate::operand::{self, BadOperand};

/// The code yields: calling it makes a generator.
pub const FLAG_GENERATOR: u8 = 1;
/// It takes `**keywords`.
pub const FLAG_VAR_KEYWORDS: u8 = 2;
/// It takes `*arguments`.
pub const FLAG_VAR_ARGUMENTS: u8 = 4;
/// Some of its keyword-only arguments have defaults.
pub const FLAG_DEFAULT_KEYWORDS: u8 = 8;

/// The most bytes an encoded signature can take.
pub const MAX_SIGNATURE_BYTES: usize = 17;

/// The numbers at the head of a code object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// Locals and stack together, in values; at least 1.
    pub state_count: u32,
    /// Handlers that can be open at the same time.
    pub handler_count: u32,
    /// The `FLAG_` bits.
    pub flags: u8,
    /// Positional arguments.
    pub positional_count: u32,
    /// Keyword-only arguments.
    pub keyword_only_count: u32,
    /// Defaults of positional arguments.
    pub default_count: u32,
}

impl Signature {
    /// Reads a signature at `*at` and moves `*at` past it.
    ///
    /// # Errors
    /// The bytes end inside it, or it is longer than any compiler writes.
    pub fn read(bytes: &[u8], at: &mut usize) -> Result<Self, BadOperand> {
        let mut byte = u32::from(*bytes.get(*at).ok_or(BadOperand)?);
        *at += 1;
        let mut signature = Self {
            state_count: byte >> 3 & 0xf,
            handler_count: byte >> 2 & 1,
            positional_count: byte & 3,
            ..Self::default()
        };
        let mut round = 0;
        while byte & 0x80 != 0 {
            if round == 12 {
                return Err(BadOperand);
            }
            byte = u32::from(*bytes.get(*at).ok_or(BadOperand)?);
            *at += 1;
            signature.state_count |= (byte & 0x30) << (2 * round);
            signature.handler_count |= (byte & 0x02) << round;
            signature.flags |= ((byte >> 6 & 1) << round) as u8;
            signature.positional_count |= (byte & 0x04) << round;
            signature.keyword_only_count |= (byte >> 3 & 1) << round;
            signature.default_count |= (byte & 0x01) << round;
            round += 1;
        }
        signature.state_count += 1;
        Ok(signature)
    }

    /// Writes the signature, one byte per call of `put`.
    pub fn write(&self, put: &mut dyn FnMut(u8)) {
        let mut state = self.state_count.saturating_sub(1);
        let (mut handlers, mut flags) = (self.handler_count, u32::from(self.flags));
        let (mut positional, mut keyword) = (self.positional_count, self.keyword_only_count);
        let mut defaults = self.default_count;
        let mut byte = (state & 0xf) << 3 | (handlers & 1) << 2 | positional & 3;
        state >>= 4;
        handlers >>= 1;
        positional >>= 2;
        while state | handlers | flags | positional | keyword | defaults != 0 {
            put((0x80 | byte) as u8);
            byte = (flags & 1) << 6
                | (state & 3) << 4
                | (keyword & 1) << 3
                | (positional & 1) << 2
                | (handlers & 1) << 1
                | defaults & 1;
            state >>= 2;
            for field in [
                &mut handlers,
                &mut flags,
                &mut positional,
                &mut keyword,
                &mut defaults,
            ] {
                *field >>= 1;
            }
        }
        put(byte as u8);
    }

    /// Named arguments: positional and keyword-only ones.
    #[must_use]
    pub fn named_count(&self) -> u32 {
        self.positional_count
            .saturating_add(self.keyword_only_count)
    }

    /// Locals filled when the code is called: named arguments, `*arguments`, `**keywords`.
    #[must_use]
    pub fn argument_count(&self) -> u32 {
        let extra = [FLAG_VAR_ARGUMENTS, FLAG_VAR_KEYWORDS]
            .iter()
            .filter(|&&flag| self.flags & flag != 0);
        self.named_count().saturating_add(extra.count() as u32)
    }
}

/// Reads the two sizes after a signature: bytes of info, number of cells.
///
/// # Errors
/// The bytes end inside them, or they are larger than 30 and 10 bits.
pub fn read_sizes(bytes: &[u8], at: &mut usize) -> Result<(u32, u32), BadOperand> {
    let (mut info, mut cells) = (0_u32, 0_u32);
    for round in 0..10 {
        let byte = u32::from(*bytes.get(*at).ok_or(BadOperand)?);
        *at += 1;
        let group = byte >> 1 & 0x3f;
        if group != 0 && round >= 5 {
            return Err(BadOperand);
        }
        cells |= (byte & 1) << round;
        info |= group.checked_shl(6 * round).unwrap_or(0);
        if byte & 0x80 == 0 {
            return Ok((info, cells));
        }
    }
    Err(BadOperand)
}

/// Writes the two sizes after a signature, one byte per call of `put`.
pub fn write_sizes(info_bytes: u32, cell_count: u32, put: &mut dyn FnMut(u8)) {
    let (mut info, mut cells) = (info_bytes, cell_count);
    loop {
        let byte = (info & 0x3f) << 1 | cells & 1;
        info >>= 6;
        cells >>= 1;
        if info | cells == 0 {
            put(byte as u8);
            return;
        }
        put((byte | 0x80) as u8);
    }
}

/// One code object, borrowed from the image that holds it.
#[derive(Clone, Copy, Debug)]
pub struct Code<'a> {
    bytes: &'a [u8],
    /// The numbers at its head.
    pub signature: Signature,
    info: usize,
    cells: usize,
    opcodes: usize,
}

impl<'a> Code<'a> {
    /// Reads the head of a code object.
    ///
    /// # Errors
    /// The parts it announces do not lie within `bytes`.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BadOperand> {
        let mut at = 0;
        let signature = Signature::read(bytes, &mut at)?;
        let (info_bytes, cell_count) = read_sizes(bytes, &mut at)?;
        let cells = at + info_bytes as usize;
        let opcodes = cells + cell_count as usize;
        if opcodes > bytes.len() {
            return Err(BadOperand);
        }
        Ok(Self {
            bytes,
            signature,
            info: at,
            cells,
            opcodes,
        })
    }

    /// The whole code object.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The instructions.
    #[must_use]
    pub fn opcodes(&self) -> &'a [u8] {
        &self.bytes[self.opcodes..]
    }

    /// Where in [`Code::bytes`] the instructions start.
    #[must_use]
    pub fn opcodes_offset(&self) -> usize {
        self.opcodes
    }

    /// Local numbers that live in cells: captured arguments and captured locals.
    #[must_use]
    pub fn cells(&self) -> &'a [u8] {
        &self.bytes[self.cells..self.opcodes]
    }

    /// Indices (into the module's table of interned strings) of the code's own name and then of its
    /// named arguments.
    pub fn names(&self) -> impl Iterator<Item = u32> + use<'a> {
        let info = &self.bytes[self.info..self.cells];
        let mut at = 0;
        (0..=self.signature.named_count())
            .map_while(move |_| operand::read_uint(info, &mut at).ok())
    }

    /// The line table, for [`crate::lines::line_at`]. Empty if the names are damaged.
    #[must_use]
    pub fn lines(&self) -> &'a [u8] {
        let info = &self.bytes[self.info..self.cells];
        let mut at = 0;
        for _ in 0..=self.signature.named_count() {
            if operand::read_uint(info, &mut at).is_err() {
                return &[];
            }
        }
        &info[at..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_survive_encoding() {
        for seed in 0..4000_u32 {
            let pick = |shift: u32, limit: u32| (seed.wrapping_mul(2_654_435_761) >> shift) % limit;
            let signature = Signature {
                state_count: 1 + pick(3, 300),
                handler_count: pick(5, 9),
                flags: pick(7, 16) as u8,
                positional_count: pick(9, 40),
                keyword_only_count: pick(11, 20),
                default_count: pick(13, 17),
            };
            let mut bytes = [0; MAX_SIGNATURE_BYTES];
            let mut len = 0;
            signature.write(&mut |byte| {
                bytes[len] = byte;
                len += 1;
            });
            let mut at = 0;
            assert_eq!(Signature::read(&bytes[..len], &mut at), Ok(signature));
            assert_eq!(at, len);
        }
    }

    #[test]
    fn sizes_survive_encoding() {
        for (info, cells) in [(1, 0), (63, 1), (64, 0), (5000, 3), (2, 200)] {
            let mut bytes = [0; 8];
            let mut len = 0;
            write_sizes(info, cells, &mut |byte| {
                bytes[len] = byte;
                len += 1;
            });
            let read = read_sizes(&bytes[..len], &mut 0);
            assert_eq!(read, Ok((info, cells)));
        }
    }
}
