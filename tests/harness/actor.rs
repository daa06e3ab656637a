//! Boards that never were MicroPython, or only pretend: silent, chattering, hostile.

use std::time::Duration;

/// Something that answers bytes with bytes.
pub trait Actor: Send {
    /// What it says to what it hears.
    fn hear(&mut self, bytes: &[u8]) -> Vec<u8>;

    /// How often it speaks unasked; `None`: never.
    fn interval(&self) -> Option<Duration> {
        None
    }

    /// What it says unasked.
    fn speak(&mut self) -> Vec<u8> {
        Vec::new()
    }
}

/// Says nothing, ever.
#[derive(Debug, Default)]
pub struct Silent;

impl Actor for Silent {
    fn hear(&mut self, _bytes: &[u8]) -> Vec<u8> {
        Vec::new()
    }
}

/// Prints sensor readings for ever and listens to nobody.
#[derive(Debug, Default)]
pub struct Chattering {
    count: u32,
}

impl Actor for Chattering {
    fn hear(&mut self, _bytes: &[u8]) -> Vec<u8> {
        Vec::new()
    }

    fn interval(&self) -> Option<Duration> {
        Some(Duration::from_millis(5))
    }

    fn speak(&mut self) -> Vec<u8> {
        self.count += 1;
        format!("temperature={} pressure=1013\r\n", 20 + self.count % 3).into_bytes()
    }
}

/// Answers everything with bytes from a seeded generator.
#[derive(Debug)]
pub struct Garbage {
    state: u64,
}

impl Garbage {
    /// The same `seed` says the same.
    pub fn new(seed: u64) -> Self {
        Self { state: seed | 1 }
    }
}

impl Actor for Garbage {
    fn hear(&mut self, bytes: &[u8]) -> Vec<u8> {
        crate::sample::random_from(&mut self.state, 7 + 13 * bytes.len())
    }

    fn interval(&self) -> Option<Duration> {
        Some(Duration::from_millis(20))
    }

    fn speak(&mut self) -> Vec<u8> {
        crate::sample::random_from(&mut self.state, 33)
    }
}

/// What a [`Liar`] does once it was asked to run something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// Offers a raw-paste window of no bytes.
    NoWindow,
    /// Grants windows for ever and never takes the end of the program.
    EndlessWindows,
    /// Says that it runs and prints for ever.
    EndlessOutput,
    /// Prints a traceback that has no end.
    EndlessTraceback,
    /// Takes the program and falls silent.
    Swallows,
    /// Ends the program at once, in the middle of being sent.
    EndsEarly,
    /// Frames of the file agent with lengths that never come true.
    BadFrames,
}

/// Comes to the raw prompt like MicroPython, and then lies.
#[derive(Debug)]
pub struct Liar {
    lie: Lie,
    is_lying: bool,
    tail: Vec<u8>,
}

impl Liar {
    /// A board with one vice.
    pub fn new(lie: Lie) -> Self {
        Self {
            lie,
            is_lying: false,
            tail: Vec::new(),
        }
    }

    fn raw_paste(&mut self) -> Vec<u8> {
        match self.lie {
            Lie::NoWindow => b"R\x01\0\0".to_vec(),
            Lie::EndsEarly => b"R\x01\x80\0\x01\x04\x04\x04>".to_vec(),
            _ => {
                self.is_lying = true;
                b"R\x01\x80\0\x01".to_vec()
            }
        }
    }

    fn ran(&mut self) -> Vec<u8> {
        match self.lie {
            Lie::EndlessTraceback => b"\x04\x04Traceback (most recent call last):\r\n".to_vec(),
            Lie::BadFrames => {
                b"\x04\xf5Y\0\0\xf5A\0\0\xf5D\xff\xffgarbage\xf5\xf5R\0\0\xf5Q\x01\0".repeat(20)
            }
            Lie::EndlessOutput => b"\x04".to_vec(),
            _ => Vec::new(),
        }
    }
}

impl Actor for Liar {
    fn hear(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut answer = Vec::new();
        for &byte in bytes {
            self.tail.push(byte);
            if self.tail.ends_with(b"\x05A\x01") {
                self.tail.clear();
                answer.extend(self.raw_paste());
                continue;
            }
            match byte {
                1 => answer.extend_from_slice(b"raw REPL; CTRL-B to exit\r\n>"),
                2 => answer.extend_from_slice(b"\r\nMicroPython v1.99 on nothing\r\nType \"help()\" for more information.\r\n>>> "),
                3 if !self.is_lying => answer.extend_from_slice(b"\r\n>>> "),
                4 => answer.extend(self.ran()),
                _ => {}
            }
        }
        answer
    }

    fn interval(&self) -> Option<Duration> {
        Some(Duration::from_millis(2))
    }

    fn speak(&mut self) -> Vec<u8> {
        if !self.is_lying {
            return Vec::new();
        }
        match self.lie {
            Lie::EndlessWindows => b"\x01".repeat(64),
            Lie::EndlessOutput | Lie::EndlessTraceback => {
                b"lies, and more lies, without end\r\n".repeat(50)
            }
            _ => Vec::new(),
        }
    }
}
