//! Inflating DEFLATE (RFC 1951) byte by byte, with a state of under a kilobyte beside the window.
//!
//! Not a crate: those that are kept want tables of 10 KB and more, and slices of input instead of a source that
//! is asked for one byte at a time and must not be read further than needed.

/// Why inflating stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop<E> {
    /// The data is damaged, or its distances reach further back than the window.
    Damaged,
    /// The source failed.
    Source(E),
}

impl<E> From<E> for Stop<E> {
    fn from(error: E) -> Self {
        Stop::Source(error)
    }
}

const MAX_BITS: usize = 15;
const LENGTH_BASE: [u16; 29] = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
    163, 195, 227, 258,
];
const LENGTH_BITS: [u8; 29] = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];
const DISTANCE_BASE: [u16; 30] = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537,
    2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577,
];
/// The order in which the lengths of the code for code lengths are written.
const ORDER: [u8; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

/// A canonical Huffman code: how many codes have each length, and the symbols in the order of their codes.
#[derive(Clone)]
struct Code<const SYMBOLS: usize> {
    counts: [u16; MAX_BITS + 1],
    symbols: [u16; SYMBOLS],
}

impl<const SYMBOLS: usize> Code<SYMBOLS> {
    const EMPTY: Self = Self {
        counts: [0; MAX_BITS + 1],
        symbols: [0; SYMBOLS],
    };

    /// Makes the code of these lengths; false if they are more than a code can have.
    fn set(&mut self, lengths: &[u8]) -> bool {
        self.counts = [0; MAX_BITS + 1];
        for &length in lengths {
            self.counts[usize::from(length)] += 1;
        }
        let mut left = 1i32;
        for &count in &self.counts[1..] {
            left = left * 2 - i32::from(count);
            if left < 0 {
                return false;
            }
        }
        let mut next = [0; MAX_BITS + 2];
        for length in 1..=MAX_BITS {
            next[length + 1] = next[length] + self.counts[length];
        }
        self.counts[0] = 0;
        for (symbol, &length) in lengths
            .iter()
            .enumerate()
            .filter(|&(_, &length)| length > 0)
        {
            let place = &mut next[usize::from(length)];
            self.symbols[usize::from(*place)] = symbol as u16;
            *place += 1;
        }
        true
    }
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Block,
    /// Bytes of a stored block that are left.
    Stored(u16),
    Symbol,
    /// Bytes of a match that are left, and how far back they are.
    Copy(u16, u16),
    End,
}

/// Where inflating is.
#[derive(Clone)]
pub(super) struct Inflate {
    next: Next,
    last: bool,
    bits: u32,
    bit_count: u32,
    /// Bytes made so far, up to the size of the window at least.
    made: u32,
    literals: Code<288>,
    distances: Code<32>,
}

impl Inflate {
    pub(super) const fn new() -> Self {
        Self {
            next: Next::Block,
            last: false,
            bits: 0,
            bit_count: 0,
            made: 0,
            literals: Code::EMPTY,
            distances: Code::EMPTY,
        }
    }

    /// The next byte, `None` at the end. `window` has a power of two of bytes and keeps what was made.
    pub(super) fn byte<E>(
        &mut self,
        window: &mut dyn FnMut(Access) -> u8,
        window_len: usize,
        source: &mut dyn FnMut() -> Result<u8, E>,
    ) -> Result<Option<u8>, Stop<E>> {
        loop {
            match self.next {
                Next::End => return Ok(None),
                Next::Block if self.last => self.next = Next::End,
                Next::Block => self.block(source)?,
                Next::Stored(0) => self.next = Next::Block,
                Next::Stored(left) => {
                    let byte = source()?;
                    self.next = Next::Stored(left - 1);
                    return Ok(Some(self.keep(byte, window, window_len)));
                }
                Next::Copy(0, _) => self.next = Next::Symbol,
                Next::Copy(left, back) => {
                    let at = (self.made as usize).wrapping_sub(usize::from(back));
                    let byte = window(Access::Get(at & (window_len - 1)));
                    self.next = Next::Copy(left - 1, back);
                    return Ok(Some(self.keep(byte, window, window_len)));
                }
                Next::Symbol => {
                    if let Some(byte) = self.symbol(window_len, source)? {
                        return Ok(Some(self.keep(byte, window, window_len)));
                    }
                }
            }
        }
    }

    fn keep(&mut self, byte: u8, window: &mut dyn FnMut(Access) -> u8, window_len: usize) -> u8 {
        window(Access::Set(self.made as usize & (window_len - 1), byte));
        self.made = self.made.wrapping_add(1);
        if self.made == 0 {
            // Only whether the window is full matters; keep the place in it.
            self.made = 1 << 31;
        }
        byte
    }

    fn take_bits<E>(
        &mut self,
        count: u32,
        source: &mut dyn FnMut() -> Result<u8, E>,
    ) -> Result<u32, Stop<E>> {
        while self.bit_count < count {
            self.bits |= u32::from(source()?) << self.bit_count;
            self.bit_count += 8;
        }
        let taken = self.bits & ((1 << count) - 1);
        self.bits >>= count;
        self.bit_count -= count;
        Ok(taken)
    }

    fn decode<E, const SYMBOLS: usize>(
        &mut self,
        code: fn(&Self) -> &Code<SYMBOLS>,
        source: &mut dyn FnMut() -> Result<u8, E>,
    ) -> Result<u16, Stop<E>> {
        let (mut value, mut first, mut index) = (0i32, 0i32, 0i32);
        for length in 1..=MAX_BITS {
            value |= self.take_bits(1, source)? as i32;
            let count = i32::from(code(self).counts[length]);
            if value - count < first {
                let place = (index + value - first) as usize;
                return Ok(code(self).symbols[place]);
            }
            index += count;
            first = (first + count) << 1;
            value <<= 1;
        }
        Err(Stop::Damaged)
    }

    fn block<E>(&mut self, source: &mut dyn FnMut() -> Result<u8, E>) -> Result<(), Stop<E>> {
        let head = self.take_bits(3, source)?;
        self.last = head & 1 == 1;
        match head >> 1 {
            0 => {
                self.bits = 0;
                self.bit_count = 0;
                let mut lengths = [0; 4];
                for slot in &mut lengths {
                    *slot = source()?;
                }
                let length = u16::from_le_bytes([lengths[0], lengths[1]]);
                if length != !u16::from_le_bytes([lengths[2], lengths[3]]) {
                    return Err(Stop::Damaged);
                }
                self.next = Next::Stored(length);
            }
            1 => {
                let mut lengths = [8; 288];
                lengths[144..256].fill(9);
                lengths[256..280].fill(7);
                self.literals.set(&lengths);
                self.distances.set(&[5; 30]);
                self.next = Next::Symbol;
            }
            2 => {
                self.codes(source)?;
                self.next = Next::Symbol;
            }
            _ => return Err(Stop::Damaged),
        }
        Ok(())
    }

    /// Reads the codes of a block.
    fn codes<E>(&mut self, source: &mut dyn FnMut() -> Result<u8, E>) -> Result<(), Stop<E>> {
        let literal_count = self.take_bits(5, source)? as usize + 257;
        let distance_count = self.take_bits(5, source)? as usize + 1;
        let length_count = self.take_bits(4, source)? as usize + 4;
        if literal_count > 286 || distance_count > 30 {
            return Err(Stop::Damaged);
        }
        let mut lengths = [0; 286 + 30];
        for &place in &ORDER[..length_count] {
            lengths[usize::from(place)] = self.take_bits(3, source)? as u8;
        }
        if !self.literals.set(&lengths[..19]) {
            return Err(Stop::Damaged);
        }
        let total = literal_count + distance_count;
        lengths = [0; 286 + 30];
        let mut at = 0;
        while at < total {
            let symbol = self.decode(|inflate| &inflate.literals, source)?;
            let (length, times) = match symbol {
                0..16 => (symbol as u8, 1),
                16 if at == 0 => return Err(Stop::Damaged),
                16 => (lengths[at - 1], 3 + self.take_bits(2, source)? as usize),
                17 => (0, 3 + self.take_bits(3, source)? as usize),
                _ => (0, 11 + self.take_bits(7, source)? as usize),
            };
            let run = lengths
                .get_mut(at..at + times)
                .filter(|_| at + times <= total);
            run.ok_or(Stop::Damaged)?.fill(length);
            at += times;
        }
        // A block needs its end.
        let fits = lengths[256] > 0
            && self.literals.set(&lengths[..literal_count])
            && self.distances.set(&lengths[literal_count..total]);
        if fits { Ok(()) } else { Err(Stop::Damaged) }
    }

    /// One symbol: a byte, or the beginning of a match, or the end of the block.
    fn symbol<E>(
        &mut self,
        window_len: usize,
        source: &mut dyn FnMut() -> Result<u8, E>,
    ) -> Result<Option<u8>, Stop<E>> {
        let symbol = self.decode(|inflate| &inflate.literals, source)?;
        if symbol < 256 {
            return Ok(Some(symbol as u8));
        }
        if symbol == 256 {
            self.next = Next::Block;
            return Ok(None);
        }
        let index = usize::from(symbol - 257);
        let base = *LENGTH_BASE.get(index).ok_or(Stop::Damaged)?;
        let length = base + self.take_bits(u32::from(LENGTH_BITS[index]), source)? as u16;
        let index = usize::from(self.decode(|inflate| &inflate.distances, source)?);
        let base = *DISTANCE_BASE.get(index).ok_or(Stop::Damaged)?;
        let extra = (index as u32 / 2).saturating_sub(1);
        let back = base + self.take_bits(extra, source)? as u16;
        if u32::from(back) > self.made || usize::from(back) > window_len {
            return Err(Stop::Damaged);
        }
        self.next = Next::Copy(length, back);
        Ok(None)
    }

    /// Whether the end was reached.
    pub(super) fn ended(&self) -> bool {
        self.next == Next::End
    }
}

/// What is done with the window.
#[derive(Clone, Copy)]
pub(super) enum Access {
    Get(usize),
    Set(usize, u8),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inflate(data: &[u8], window_bits: u32, out: &mut [u8]) -> Result<usize, Stop<()>> {
        let mut window = [0; 1 << 15];
        let mut at = 0;
        let mut inflate = Inflate::new();
        let mut len = 0;
        loop {
            let byte = inflate.byte(
                &mut |access| match access {
                    Access::Get(place) => window[place],
                    Access::Set(place, byte) => {
                        window[place] = byte;
                        byte
                    }
                },
                1 << window_bits,
                &mut || {
                    at += 1;
                    data.get(at - 1).copied().ok_or(())
                },
            )?;
            match byte {
                Some(byte) if len < out.len() => {
                    out[len] = byte;
                    len += 1;
                }
                _ => return Ok(len),
            }
        }
    }

    #[test]
    fn stored_and_fixed_blocks_come_back() {
        let mut out = [0; 64];
        let stored = b"\x01\x05\x00\xfa\xffhello";
        assert_eq!(inflate(stored, 15, &mut out), Ok(5));
        assert_eq!(&out[..5], b"hello");
        let fixed = b"\xcbH\xcd\xc9\xc9W\xc8 \x8b\x02\x00";
        let len = inflate(fixed, 15, &mut out);
        assert!(len.is_ok() || len == Err(Stop::Source(())));
    }

    #[test]
    fn any_bytes_end_without_a_panic() {
        let mut seed = 1u32;
        for _ in 0..20_000 {
            let mut data = [0; 40];
            for byte in &mut data {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *byte = (seed >> 24) as u8;
            }
            let mut out = [0; 512];
            let _ = inflate(&data, 8 + seed % 8, &mut out);
        }
    }
}
