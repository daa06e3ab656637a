//! A ring of bytes between a driver and its reader.

/// The last bytes that came, up to `SIZE`.
#[derive(Debug)]
pub struct Ring<const SIZE: usize> {
    bytes: [u8; SIZE],
    first: usize,
    len: usize,
}

impl<const SIZE: usize> Ring<SIZE> {
    /// An empty ring.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            bytes: [0; SIZE],
            first: 0,
            len: 0,
        }
    }

    /// How many bytes wait.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether none waits.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether there is no room.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.len == SIZE
    }

    /// Adds a byte; `false` when there is no room.
    pub fn push(&mut self, byte: u8) -> bool {
        if self.is_full() {
            return false;
        }
        self.bytes[(self.first + self.len) % SIZE] = byte;
        self.len += 1;
        true
    }

    /// Takes the first byte.
    pub fn pop(&mut self) -> Option<u8> {
        if self.len == 0 {
            return None;
        }
        let byte = self.bytes[self.first];
        self.first = (self.first + 1) % SIZE;
        self.len -= 1;
        Some(byte)
    }

    /// Takes as many bytes as there are and `buffer` holds, and returns how many.
    pub fn take(&mut self, buffer: &mut [u8]) -> usize {
        for (index, slot) in buffer.iter_mut().enumerate() {
            match self.pop() {
                Some(byte) => *slot = byte,
                None => return index,
            }
        }
        buffer.len()
    }
}

impl<const SIZE: usize> Default for Ring<SIZE> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_in_order_and_a_full_ring_takes_none() {
        let mut ring = Ring::<3>::new();
        for round in 0..5 {
            assert!(ring.push(round) && ring.push(round + 1) && ring.push(round + 2));
            assert!(!ring.push(9));
            let mut buffer = [0; 2];
            assert_eq!(ring.take(&mut buffer), 2);
            assert_eq!(buffer, [round, round + 1]);
            assert_eq!(ring.take(&mut buffer), 1);
            assert_eq!((buffer[0], ring.pop()), (round + 2, None));
        }
    }
}
