//! Requests to an Espressif loader and its answers, over any transport.
//!
//! Source: Espressif's "Serial Protocol" (esptool documentation, advanced topics). One request is out at
//! a time. Frames that are no answer to it are ignored, so that noise costs time and nothing else.

use std::time::{Duration, Instant};

use crate::error::{Code, Error};
use crate::flash::slip::{Frames, encoded};
use crate::transport::Transport;

/// Operations of the loaders.
pub(super) mod op {
    pub(in super::super) const FLASH_BEGIN: u8 = 0x02;
    pub(in super::super) const FLASH_DATA: u8 = 0x03;
    pub(in super::super) const FLASH_END: u8 = 0x04;
    pub(in super::super) const MEM_BEGIN: u8 = 0x05;
    pub(in super::super) const MEM_END: u8 = 0x06;
    pub(in super::super) const MEM_DATA: u8 = 0x07;
    pub(in super::super) const SYNC: u8 = 0x08;
    pub(in super::super) const WRITE_REG: u8 = 0x09;
    pub(in super::super) const READ_REG: u8 = 0x0a;
    pub(in super::super) const SPI_SET_PARAMS: u8 = 0x0b;
    pub(in super::super) const SPI_ATTACH: u8 = 0x0d;
    pub(in super::super) const READ_FLASH_SLOW: u8 = 0x0e;
    pub(in super::super) const CHANGE_BAUD: u8 = 0x0f;
    pub(in super::super) const DEFLATE_BEGIN: u8 = 0x10;
    pub(in super::super) const DEFLATE_DATA: u8 = 0x11;
    pub(in super::super) const MD5: u8 = 0x13;
    pub(in super::super) const SECURITY_INFO: u8 = 0x14;
    pub(in super::super) const ERASE_FLASH: u8 = 0xd0;
    pub(in super::super) const READ_FLASH: u8 = 0xd2;
}

/// How long a loader may take for what it does at once.
pub(super) const PROMPT: Duration = Duration::from_secs(3);
/// Seed of the checksum over a block of data.
const SEED: u8 = 0xef;

/// An answer that says that it worked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// The number in the header: what a register held.
    pub(super) value: u32,
    /// What follows the header, without the status.
    pub(super) data: Vec<u8>,
}

/// Why a request did not work.
#[derive(Debug)]
pub(super) enum Failure {
    /// The loader says no, with its number.
    Refused(u8),
    /// No answer came.
    Silent,
    /// The connection is gone, or Ctrl-C.
    Lost(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Lost(error)
    }
}

/// The loader's number for a block that came damaged; it can be sent again.
pub(super) fn is_damage(number: u8) -> bool {
    // ROM: wrong checksum. Stub: wrong length, wrong checksum.
    matches!(number, 0x07 | 0xc0 | 0xc1)
}

fn refusal(number: u8) -> String {
    let known = match number {
        0x05 => "it does not understand the request",
        0x06 => "it cannot do that now",
        0x07 | 0xc1 => "the data came damaged",
        0x08 => "writing the flash failed",
        0x09 => "reading the flash failed",
        0x0a => "the flash has no such address",
        0x0b | 0xc8 | 0xc9 => "the compressed data do not fit",
        0xc4 => "the flash is write-protected",
        0xc6 | 0xc7 => "the flash does not answer",
        _ => return format!("error {number:#04x}"),
    };
    format!("{known} (error {number:#04x})")
}

impl Failure {
    /// The failure as an error: `what` is what was tried.
    pub(super) fn while_(self, what: &str, port: &str) -> Error {
        match self {
            Self::Lost(error) => error,
            Self::Silent => Error::new(
                Code::NoAnswer,
                format!("The boot loader on `{port}` does not answer any more ({what})"),
            ),
            Self::Refused(number) => Error::new(
                Code::FlashFailed,
                format!(
                    "The boot loader on `{port}` refused to {what}: {}",
                    refusal(number)
                ),
            ),
        }
    }
}

/// Words as the loaders take them.
pub(super) fn words(values: &[u32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// A request as it goes over the line.
fn frame(op: u8, data: &[u8], sum: u32) -> Vec<u8> {
    let len = u16::try_from(data.len()).unwrap_or(u16::MAX);
    let mut bytes = vec![0, op];
    bytes.extend_from_slice(&len.to_le_bytes());
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes.extend_from_slice(data);
    encoded(&bytes)
}

/// A request with a block of data as it goes over the line.
pub(super) fn block_frame(op: u8, number: u32, data: &[u8]) -> Vec<u8> {
    let len = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let mut bytes = words(&[len, number, 0, 0]);
    bytes.extend_from_slice(data);
    let sum = data.iter().fold(SEED, |sum, byte| sum ^ byte);
    frame(op, &bytes, u32::from(sum))
}

/// The conversation with a loader.
pub(super) struct Link {
    pub(super) frames: Frames,
    /// The bytes of the status behind an answer: 4 for ROMs from the ESP32 on, 2 for the others.
    pub(super) status_bytes: usize,
}

impl Link {
    pub(super) fn new(transport: Box<dyn Transport>) -> Self {
        Self {
            frames: Frames::new(transport),
            status_bytes: 4,
        }
    }

    /// The port's name.
    pub(super) fn name(&self) -> String {
        self.frames.name()
    }

    /// The port.
    pub(super) fn transport(&mut self) -> &mut dyn Transport {
        self.frames.transport.as_mut()
    }

    /// Sends a request and waits for its answer.
    pub(super) fn request(
        &mut self,
        op: u8,
        data: &[u8],
        patience: Duration,
    ) -> Result<Answer, Failure> {
        self.request_with(op, data, 0, patience)
    }

    /// Sends a request with a block of data behind four words, which a checksum protects.
    pub(super) fn block(
        &mut self,
        op: u8,
        number: u32,
        data: &[u8],
        patience: Duration,
    ) -> Result<Answer, Failure> {
        self.put(&block_frame(op, number, data))?;
        self.wait(op, patience)
    }

    fn request_with(
        &mut self,
        op: u8,
        data: &[u8],
        sum: u32,
        patience: Duration,
    ) -> Result<Answer, Failure> {
        self.put(&frame(op, data, sum))?;
        self.wait(op, patience)
    }

    /// Sends what [`block_frame`] made; [`Link::wait`] waits for the answer.
    pub(super) fn put(&mut self, frame: &[u8]) -> Result<(), Failure> {
        self.frames.clear();
        self.frames.send_encoded(frame, PROMPT)?;
        Ok(())
    }

    /// Waits for the answer to the request that was sent.
    pub(super) fn wait(&mut self, op: u8, patience: Duration) -> Result<Answer, Failure> {
        let deadline = Instant::now() + patience;
        while let Some(frame) = self.frames.next(deadline)? {
            if let Some(answer) = self.answer(op, &frame) {
                return answer;
            }
        }
        Err(Failure::Silent)
    }

    /// Reads a frame as the answer to `op`; `None` when it is not.
    fn answer(&self, op: u8, frame: &[u8]) -> Option<Result<Answer, Failure>> {
        let [1, answered, low, high, value @ ..] = frame else {
            return None;
        };
        let len = usize::from(u16::from_le_bytes([*low, *high]));
        let (value, rest) = value.split_first_chunk::<4>()?;
        if *answered != op || rest.len() != len || len < 2 {
            return None;
        }
        let status_bytes = match (op, len) {
            // A digest is 32 digits or 16 bytes, whatever status follows.
            (op::MD5, 34..) => len - 32,
            (op::MD5, 18..) => len - 16,
            // A ROM that does not know the request may answer with the short status.
            _ => self.status_bytes.min(len),
        };
        let (data, status) = rest.split_at(len - status_bytes);
        Some(match status {
            [0, ..] => Ok(Answer {
                value: u32::from_le_bytes(*value),
                data: data.to_vec(),
            }),
            [_, number, ..] => Err(Failure::Refused(*number)),
            _ => return None,
        })
    }

    /// What a register holds.
    pub(super) fn read_register(&mut self, address: u32) -> Result<u32, Failure> {
        Ok(self
            .request(op::READ_REG, &words(&[address]), PROMPT)?
            .value)
    }

    /// Writes a register.
    pub(super) fn write_register(&mut self, address: u32, value: u32) -> Result<(), Failure> {
        self.request(
            op::WRITE_REG,
            &words(&[address, value, u32::MAX, 0]),
            PROMPT,
        )?;
        Ok(())
    }
}
