//! The command line of `upy board`.

use super::fault::{FORM, Fault};

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
    /// How it is reached.
    pub reach: Reach,
    /// Bytes of its heap, exactly.
    pub heap_bytes: usize,
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
/// The interpreter does not start with less.
const LEAST_HEAP_BYTES: usize = 8 * 1024;

/// The help.
pub const USAGE: &str = "usage: upy board [--pty | --tcp HOST:PORT] [options]
The simulated board: a console like that of a real one, until it is ended.
  --pty            a pseudo-terminal; the first line of output is its name
  --tcp HOST:PORT  a TCP port; the first line of output is tcp://HOST:PORT (port 0: any free one)
  --heap SIZE      bytes of the heap, exactly: 192K, 2M (default 384K, 64-bit words)
  --virtual-time   time moves only as the program waits
  --safe           don't run boot.py and main.py
  --leash          end when standard input ends
  --fault FAULT    harm one byte on the line: in|out:drop|flip|cut|reset@BYTE; may be repeated
";

impl Default for Options {
    fn default() -> Self {
        Self {
            reach: if cfg!(unix) {
                Reach::Pty
            } else {
                Reach::Tcp("127.0.0.1:0".into())
            },
            heap_bytes: DEFAULT_HEAP_BYTES,
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
                "--tcp" => options.reach = Reach::Tcp(value()?.clone()),
                "--heap" => options.heap_bytes = heap_bytes(value()?)?,
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

/// A number of bytes with `K` or `M` behind it.
fn heap_bytes(text: &str) -> Result<usize, String> {
    let (number, unit) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (&text[..text.len() - 1], 1024),
        Some(b'm' | b'M') => (&text[..text.len() - 1], 1024 * 1024),
        _ => (text, 1),
    };
    let bytes = number.parse::<usize>().ok();
    match bytes.and_then(|bytes| bytes.checked_mul(unit)) {
        Some(bytes) if (LEAST_HEAP_BYTES..=1 << 40).contains(&bytes) => Ok(bytes),
        Some(bytes) => Err(format!(
            "a heap of {bytes} bytes can't be: at least {LEAST_HEAP_BYTES}"
        )),
        None => Err(format!("`{text}` is no size: write 192K or 2M")),
    }
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
            (&["--frob"], "--frob"),
        ] {
            assert!(parse(words).unwrap_err().contains(named), "{words:?}");
        }
    }
}
