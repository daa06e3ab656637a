//! What the tests of the compiler share: an output that grows, and compiling in one call.

use upy_compiler::{Options, Output, OutputFull, compile};

/// Enough for every case.
pub(crate) const STORAGE_BYTES: usize = 4 << 20;

/// An image that grows as needed.
#[derive(Default)]
pub(crate) struct Image(pub(crate) Vec<u8>);

impl Output for Image {
    fn write(&mut self, bytes: &[u8]) -> Result<(), OutputFull> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

/// The image of `source`, or the report of its error.
pub(crate) fn image_of(source: &[u8], options: &Options<'_>) -> Result<Vec<u8>, String> {
    let mut storage = vec![0; STORAGE_BYTES];
    let mut image = Image::default();
    match compile(source, options, &mut storage, &mut image) {
        Ok(_) => Ok(image.0),
        Err(error) => {
            let mut report = Vec::new();
            error.write_report(options.source_name, &mut |bytes| {
                report.extend_from_slice(bytes)
            });
            Err(String::from_utf8_lossy(&report).into_owned())
        }
    }
}
