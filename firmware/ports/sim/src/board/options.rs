//! The command line of `upy board`.

use std::path::PathBuf;

use super::fault::{FORM, Fault};
use super::flash::BLOCK_BYTES;

/// How the board is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// A pseudo-terminal; its name is the first line of output.
    Pty,
    /// A TCP port at this address; `tcp://ADDRESS` is the first line of output.
    Tcp(String),
}

/// What the board is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Its name; what its chip's number is made of.
    pub name: String,
    /// How it is reached.
    pub reach: Reach,
    /// Bytes of its heap, exactly.
    pub heap_bytes: usize,
    /// The file that holds its flash; without one the flash lasts as long as the board.
    pub flash: Option<PathBuf>,
    /// Bytes of its flash.
    pub flash_bytes: usize,
    /// The flash is erased when the board is switched on.
    pub fresh: bool,
    /// The power is cut in the middle of the operation on the flash that follows this many.
    pub power_cut: Option<u64>,
    /// Time moves only as the program waits.
    pub virtual_time: bool,
    /// `boot.py` and `main.py` are not run.
    pub safe_mode: bool,
    /// It ends when its standard input ends.
    pub leashed: bool,
    /// What goes wrong on the line.
    pub faults: Vec<Fault>,
}

/// What a Pico's firmware leaves for the heap, in words of this machine.
const DEFAULT_HEAP_BYTES: usize = 192 * 1024 * (usize::BITS as usize / 32);
/// The part of a Pico's flash that holds its files.
const DEFAULT_FLASH_BYTES: usize = 1408 * 1024;
/// The file system needs some blocks of its own.
const LEAST_FLASH_BLOCKS: usize = 4;
/// The interpreter does not start with less.
const LEAST_HEAP_BYTES: usize = 8 * 1024;

/// The help.
pub const USAGE: &str = "usage: upy board [--pty | --tcp HOST:PORT] [options]
The simulated board: a console like that of a real one, until it is ended.
  --pty            a pseudo-terminal; the first line of output is its name
  --tcp HOST:PORT  a TCP port; the first line of output is tcp://HOST:PORT (port 0: any free one)
  --name NAME      another name, another `machine.unique_id()`
  --heap SIZE      bytes of the heap, exactly: 192K, 2M (default 384K, 64-bit words)
  --flash FILE     the file that holds its flash (default: it lasts as long as the board)
  --flash-size SIZE  bytes of its flash (default 1408K, as on a Pico)
  --fresh          erase the flash first
  --power-cut N    cut the power in the middle of the operation on the flash that follows N others
  --virtual-time   time moves only as the program waits
  --safe           don't run boot.py and main.py
  --leash          end when standard input ends
  --fault FAULT    harm one byte on the line: in|out:drop|flip|cut|reset@BYTE; may be repeated
";

impl Default for Options {
    fn default() -> Self {
        Self {
            name: "upy".into(),
            reach: if cfg!(unix) {
                Reach::Pty
            } else {
                Reach::Tcp("127.0.0.1:0".into())
            },
            heap_bytes: DEFAULT_HEAP_BYTES,
            flash: None,
            flash_bytes: DEFAULT_FLASH_BYTES,
            fresh: false,
            power_cut: None,
            virtual_time: false,
            safe_mode: false,
            leashed: false,
            faults: Vec::new(),
        }
    }
}

impl Options {
    /// Parses what follows `upy board`.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn parse(words: &[String]) -> Result<Self, String> {
        let mut options = Self::default();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            let mut value = || {
                rest.next()
                    .ok_or_else(|| format!("`{word}` needs a value behind it"))
            };
            match word.as_str() {
                "--pty" if cfg!(unix) => options.reach = Reach::Pty,
                "--pty" => return Err("this system has no pseudo-terminals: use `--tcp`".into()),
                "--name" => options.name = value()?.clone(),
                "--tcp" => options.reach = Reach::Tcp(value()?.clone()),
                "--heap" => options.heap_bytes = heap_bytes(value()?)?,
                "--flash" => options.flash = Some(value()?.into()),
                "--flash-size" => options.flash_bytes = flash_bytes(value()?)?,
                "--fresh" => options.fresh = true,
                "--power-cut" => {
                    let text = value()?;
                    let count = text.parse();
                    options.power_cut =
                        Some(count.map_err(|_| format!("`{text}` is no number of operations"))?);
                }
                "--virtual-time" => options.virtual_time = true,
                "--safe" => options.safe_mode = true,
                "--leash" => options.leashed = true,
                "--fault" => {
                    let text = value()?;
                    let fault = Fault::parse(text);
                    options
                        .faults
                        .push(fault.ok_or_else(|| format!("`{text}` is no fault: {FORM}"))?);
                }
                _ => return Err(format!("there is no option `{word}`")),
            }
        }
        Ok(options)
    }
}

/// A size of the heap.
fn heap_bytes(text: &str) -> Result<usize, String> {
    let bytes = size(text)?;
    if (LEAST_HEAP_BYTES..=1 << 40).contains(&bytes) {
        return Ok(bytes);
    }
    Err(format!(
        "a heap of {bytes} bytes can't be: at least {LEAST_HEAP_BYTES}"
    ))
}

/// A size of the flash.
fn flash_bytes(text: &str) -> Result<usize, String> {
    let bytes = size(text)?;
    let blocks = bytes / BLOCK_BYTES;
    if bytes.is_multiple_of(BLOCK_BYTES) && (LEAST_FLASH_BLOCKS..=1 << 18).contains(&blocks) {
        return Ok(bytes);
    }
    Err(format!(
        "a flash of {bytes} bytes can't be: a multiple of {BLOCK_BYTES}, at least {LEAST_FLASH_BLOCKS} of them"
    ))
}

/// A number of bytes with `K` or `M` behind it.
fn size(text: &str) -> Result<usize, String> {
    let (number, unit) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (&text[..text.len() - 1], 1024),
        Some(b'm' | b'M') => (&text[..text.len() - 1], 1024 * 1024),
        _ => (text, 1),
    };
    let bytes = number.parse::<usize>().ok();
    bytes
        .and_then(|bytes| bytes.checked_mul(unit))
        .ok_or_else(|| format!("`{text}` is no size: write 192K or 2M"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Options, String> {
        Options::parse(&words.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn options_are_understood() {
        let options = parse(&[
            "--tcp",
            "127.0.0.1:0",
            "--heap",
            "192K",
            "--fault",
            "in:drop@3",
        ]);
        let options = options.unwrap();
        assert_eq!(options.reach, Reach::Tcp("127.0.0.1:0".into()));
        assert_eq!((options.heap_bytes, options.faults.len()), (192 * 1024, 1));
    }

    #[test]
    fn wrong_options_are_named() {
        for (words, named) in [
            (&["--heap"][..], "--heap"),
            (&["--heap", "1"], "1 bytes"),
            (&["--heap", "big"], "big"),
            (&["--fault", "x"], "`x`"),
            (&["--flash-size", "1000"], "1000 bytes"),
            (&["--power-cut", "x"], "`x`"),
            (&["--frob"], "--frob"),
        ] {
            assert!(parse(words).unwrap_err().contains(named), "{words:?}");
        }
    }
}
