//! Python source to `.mpy`, with the compiler of the firmware.

use std::path::Path;

use upy_compiler::{ErrorKind, Options, Output, OutputFull, compile};

use crate::error::{Code, Error, Result};

/// Memory for the first try; a source that needs more gets four times as much, and so on.
const FIRST_STORAGE_BYTES: usize = 64 * 1024;
/// No sensible source needs more.
const MOST_STORAGE_BYTES: usize = 1 << 30;

/// How a source is compiled.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Choice {
    /// 0 to 3.
    pub(crate) opt_level: u8,
    /// Functions marked as native or viper become bytecode instead of an error.
    pub(crate) native_as_bytecode: bool,
    /// Bits of a small integer on the board; 0: as mpy-cross.
    pub(crate) small_integer_bits: u8,
}

struct Image(Vec<u8>);

impl Output for Image {
    fn write(&mut self, bytes: &[u8]) -> core::result::Result<(), OutputFull> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

/// Compiles `source`; `name` is what tracebacks show.
///
/// # Errors
/// [`Code::Syntax`] with the place, as the board itself would say it.
pub(crate) fn to_mpy(source: &[u8], name: &str, choice: Choice) -> Result<Vec<u8>> {
    let mut options = Options::new(name);
    options.opt_level = choice.opt_level;
    if choice.native_as_bytecode {
        options.native = upy_compiler::NativeCode::Bytecode;
    }
    if choice.small_integer_bits > 0 {
        options.small_integer_bits = choice.small_integer_bits;
    }
    let mut storage_bytes = FIRST_STORAGE_BYTES.max(source.len().saturating_mul(12));
    loop {
        let mut storage = vec![0; storage_bytes];
        let mut image = Image(Vec::new());
        match compile(source, &options, &mut storage, &mut image) {
            Ok(_) => return Ok(image.0),
            Err(error) if error.kind == ErrorKind::Memory && storage_bytes < MOST_STORAGE_BYTES => {
                storage_bytes = storage_bytes.saturating_mul(4);
            }
            Err(error) => {
                let place = match error.line {
                    0 => format!("`{name}`"),
                    line => format!("`{name}` line {line}"),
                };
                return Err(Error::new(Code::Syntax, format!("{place}: {error}")));
            }
        }
    }
}

/// Whether a file is Python source by its name.
pub(crate) fn is_source(name: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|extension| extension == "py")
}

/// Files that boards only run as source.
pub(crate) fn stays_source(target: &str) -> bool {
    matches!(
        target.rsplit('/').next().unwrap_or(target),
        "main.py" | "boot.py" | "code.py" | "settings.py"
    )
}
