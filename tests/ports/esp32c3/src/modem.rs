//! The lines of a serial port over TCP: DTR and RTS, by RFC 2217.

/// What a client has sent, taken apart.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// What goes to the chip.
    pub(crate) bytes: Vec<u8>,
    /// What goes back to the client.
    pub(crate) answer: Vec<u8>,
    /// DTR and RTS, each time one of them changed.
    pub(crate) lines: Vec<(bool, bool)>,
}

/// A client's side of the lines.
#[derive(Debug)]
pub(crate) struct Modem {
    /// What came of a command that is not whole.
    rest: Vec<u8>,
    dtr: bool,
    rts: bool,
}

const COMMAND: u8 = 255;
const PART: u8 = 250;
const PART_END: u8 = 240;
const WILL: u8 = 251;
const DO: u8 = 253;
const DONT: u8 = 254;
const COM_PORT: u8 = 44;
const SET_CONTROL: u8 = 5;

impl Modem {
    /// A client that has just come: both lines are asserted, as operating systems do.
    pub(crate) fn new() -> Self {
        Self {
            rest: Vec::new(),
            dtr: true,
            rts: true,
        }
    }

    /// Takes what came.
    pub(crate) fn hear(&mut self, bytes: &[u8]) -> Heard {
        self.rest.extend_from_slice(bytes);
        let all = std::mem::take(&mut self.rest);
        let (mut heard, mut at) = (Heard::default(), 0);
        while at < all.len() {
            match self.next(&all[at..], &mut heard) {
                Some(used) => at += used,
                None => break,
            }
        }
        self.rest = all[at..].to_vec();
        heard
    }

    /// How much of `rest` the next byte or command takes; `None` when it is not whole.
    fn next(&mut self, rest: &[u8], heard: &mut Heard) -> Option<usize> {
        match *rest {
            [COMMAND, COMMAND, ..] => {
                heard.bytes.push(COMMAND);
                Some(2)
            }
            [COMMAND, PART, ..] => {
                let end = rest.windows(2).position(|two| two == [COMMAND, PART_END])?;
                self.part(&rest[2..end], heard);
                Some(end + 2)
            }
            [COMMAND, verb @ (WILL | DO), option, ..] => {
                let verb = if verb == WILL { DO } else { WILL };
                heard.answer.extend([COMMAND, verb, option]);
                Some(3)
            }
            [COMMAND, 252 | DONT, _, ..] => Some(3),
            [COMMAND, verb, ..] if verb < PART => Some(2),
            [COMMAND, ..] => None,
            [byte, ..] => {
                heard.bytes.push(byte);
                Some(1)
            }
            [] => None,
        }
    }

    fn part(&mut self, part: &[u8], heard: &mut Heard) {
        let [COM_PORT, number, value @ ..] = part else {
            return;
        };
        if *number == SET_CONTROL {
            match value {
                [8] => self.dtr = true,
                [9] => self.dtr = false,
                [11] => self.rts = true,
                [12] => self.rts = false,
                _ => {}
            }
            heard.lines.push((self.dtr, self.rts));
        }
        heard
            .answer
            .extend([COMMAND, PART, COM_PORT, number.wrapping_add(100)]);
        heard.answer.extend_from_slice(value);
        heard.answer.extend([COMMAND, PART_END]);
    }
}

/// What goes to a client, so that no byte of it is a command.
pub(crate) fn escaped(bytes: &[u8]) -> Vec<u8> {
    let twice = |byte: &u8| if *byte == COMMAND { 2 } else { 1 };
    bytes
        .iter()
        .flat_map(|byte| std::iter::repeat_n(*byte, twice(byte)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_taken_out_at_every_split() {
        let sent = [
            b'a', 255, 251, 44, 255, 255, 255, 250, 44, 5, 9, 255, 240, b'b', 255, 250, 44, 5, 12,
            255, 240, b'c',
        ];
        for split in 0..sent.len() {
            let mut modem = Modem::new();
            let (first, second) = (modem.hear(&sent[..split]), modem.hear(&sent[split..]));
            assert_eq!([first.bytes, second.bytes].concat(), b"a\xffbc");
            assert_eq!(
                [first.lines, second.lines].concat(),
                [(false, true), (false, false)]
            );
            let answers = [first.answer, second.answer].concat();
            assert_eq!(answers[..3], [255, 253, 44]);
            assert_eq!(answers[3..10], [255, 250, 44, 105, 9, 255, 240]);
        }
        assert_eq!(escaped(b"a\xff"), b"a\xff\xff");
    }
}
