//! Doors for the fuzz targets to what reads foreign bytes; only with the feature `fuzzing`.

use crate::flash::image::Firmware;
use crate::flash::slip;

/// Reads `bytes` as the firmware file `name`, whose end says which format it is.
pub fn firmware(name: &str, bytes: &[u8]) {
    match Firmware::parse(name, bytes.to_vec()) {
        Ok(firmware) => drop(firmware.format()),
        Err(error) => assert!(error.message().contains(name)),
    }
}

/// Finds SLIP frames in `bytes`, and those again that they make.
pub fn slip(bytes: &[u8]) {
    let mut decoder = slip::Decoder::default();
    let frames: Vec<Vec<u8>> = bytes
        .iter()
        .filter_map(|byte| decoder.receive(*byte))
        .collect();
    let mut wire = Vec::new();
    for frame in &frames {
        slip::encode(frame, &mut wire);
    }
    let mut decoder = slip::Decoder::default();
    let again: Vec<Vec<u8>> = wire
        .iter()
        .filter_map(|byte| decoder.receive(*byte))
        .collect();
    assert_eq!(again, frames);
}
