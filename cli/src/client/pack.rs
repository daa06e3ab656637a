//! The blocks in which a file goes to the board. Pure.

use flate2::{Compress, Compression, FlushCompress};

/// Cuts data into blocks, deflated where that makes them shorter.
pub(super) struct Packer {
    inflates: bool,
    poor: u32,
    blocks: u32,
}

impl Packer {
    /// A packer for a board that inflates, or not.
    pub(super) fn new(inflates: bool) -> Self {
        Self {
            inflates,
            poor: 0,
            blocks: 0,
        }
    }

    /// `[0x42][length u16, bit 15: deflated][bytes]`
    pub(super) fn block(&mut self, chunk: &[u8]) -> Vec<u8> {
        self.blocks += 1;
        // What has not got shorter so far is tried again only now and then.
        let worth_trying = self.inflates && (self.poor < 2 || self.blocks.is_multiple_of(8));
        let deflated = if worth_trying && promising(chunk) {
            deflate(chunk)
        } else {
            None
        };
        let (bytes, flag) = match &deflated {
            Some(bytes) => {
                self.poor = 0;
                (bytes.as_slice(), 0x8000)
            }
            None => {
                self.poor += 1;
                (chunk, 0)
            }
        };
        let len = u16::try_from(bytes.len()).expect("blocks are at most 16 KiB") | flag;
        let mut block = Vec::with_capacity(bytes.len() + 3);
        block.push(b'B');
        block.extend_from_slice(&len.to_le_bytes());
        block.extend_from_slice(bytes);
        block
    }
}

/// Whether the beginning of a long block gets shorter: noise is not worth the time of all of it.
fn promising(chunk: &[u8]) -> bool {
    const SAMPLE_BYTES: usize = 1024;
    chunk.len() < 4 * SAMPLE_BYTES || deflate(&chunk[..SAMPLE_BYTES]).is_some()
}

/// A raw deflate stream of `data`, if it is clearly shorter.
pub(super) fn deflate(data: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(data.len());
    let mut machine = Compress::new(Compression::best(), false);
    machine
        .compress_vec(data, &mut out, FlushCompress::Finish)
        .ok()?;
    let complete = machine.total_in() == data.len() as u64;
    (complete && out.len() + out.len() / 16 < data.len()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::agent::Digest;

    #[test]
    fn blocks_deflate_only_what_gets_shorter() {
        let mut packer = Packer::new(true);
        let text = b"import machine\n".repeat(100);
        let block = packer.block(&text);
        assert_eq!(block[2] & 0x80, 0x80);
        assert!(block.len() < text.len() / 4);
        let noise: Vec<u8> = Digest::Sha256
            .of(b"a")
            .into_iter()
            .chain(Digest::Sha256.of(b"b"))
            .collect();
        let block = packer.block(&noise);
        assert_eq!(block[..3], [b'B', 64, 0]);
        assert_eq!(block[3..], noise[..]);
    }
}
