//! What is to go wrong on the line: `in:drop@120`, `out:flip@7`.

/// Which way the bytes go, seen from the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    In,
    Out,
}

/// What happens to a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Harm {
    /// It is lost.
    Drop,
    /// One of its bits is turned.
    Flip,
    /// The line is cut in front of it: the client is thrown out.
    Cut,
    /// The board is reset when it comes.
    Reset,
}

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    way: Way,
    harm: Harm,
    /// Bytes of that way that go before it, since the board was started.
    at: u64,
}

/// How a fault is written.
pub(crate) const FORM: &str = "in|out:drop|flip|cut|reset@BYTE";

impl Fault {
    /// Reads one fault; `None` if it is not of the form [`FORM`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (way, rest) = text.split_once(':')?;
        let (harm, at) = rest.split_once('@')?;
        Some(Self {
            way: match way {
                "in" => Way::In,
                "out" => Way::Out,
                _ => return None,
            },
            harm: match harm {
                "drop" => Harm::Drop,
                "flip" => Harm::Flip,
                "cut" => Harm::Cut,
                "reset" => Harm::Reset,
                _ => return None,
            },
            at: at.parse().ok()?,
        })
    }
}

/// The faults that are still to come.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    waiting: Vec<Fault>,
    bytes_in: u64,
    bytes_out: u64,
}

impl Faults {
    pub(crate) fn new(waiting: Vec<Fault>) -> Self {
        Self {
            waiting,
            bytes_in: 0,
            bytes_out: 0,
        }
    }

    /// What happens to the next byte that comes in.
    pub(crate) fn on_input(&mut self) -> Option<Harm> {
        let at = self.bytes_in;
        self.bytes_in += 1;
        self.take(Way::In, at)
    }

    /// What becomes of bytes that go out, and what happens after them; `None` if nothing does.
    pub(crate) fn on_output(&mut self, bytes: &[u8]) -> Option<(Vec<u8>, Option<Harm>)> {
        let first = self.bytes_out;
        self.bytes_out += bytes.len() as u64;
        let is_near = |fault: &Fault| {
            fault.way == Way::Out && (first..first + bytes.len() as u64).contains(&fault.at)
        };
        if !self.waiting.iter().any(is_near) {
            return None;
        }
        let mut sent = Vec::new();
        for (at, &byte) in (first..).zip(bytes) {
            match self.take(Way::Out, at) {
                None => sent.push(byte),
                Some(Harm::Drop) => {}
                Some(Harm::Flip) => sent.push(byte ^ 0x10),
                Some(harm) => return Some((sent, Some(harm))),
            }
        }
        Some((sent, None))
    }

    fn take(&mut self, way: Way, at: u64) -> Option<Harm> {
        let place = self
            .waiting
            .iter()
            .position(|fault| fault.way == way && fault.at == at)?;
        Some(self.waiting.swap_remove(place).harm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_hit_the_byte_they_name_once() {
        let wanted = ["in:drop@1", "out:flip@2", "out:cut@4"];
        let mut faults = Faults::new(
            wanted
                .iter()
                .filter_map(|text| Fault::parse(text))
                .collect(),
        );
        assert_eq!(faults.on_input(), None);
        assert_eq!(faults.on_input(), Some(Harm::Drop));
        assert_eq!(faults.on_input(), None);
        assert_eq!(faults.on_output(b"ab"), None);
        assert_eq!(
            faults.on_output(b"abcd"),
            Some((b"qb".to_vec(), Some(Harm::Cut)))
        );
        assert_eq!(faults.on_output(b"abcd"), None);
    }

    #[test]
    fn unknown_words_are_refused() {
        for text in ["", "in", "in:drop", "in:melt@1", "up:drop@1", "in:drop@x"] {
            assert_eq!(Fault::parse(text), None, "{text}");
        }
    }
}
