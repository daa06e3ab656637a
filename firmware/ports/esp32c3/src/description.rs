//! What the boot loader and Espressif's tools read about the program.
//!
//! Source: ESP-IDF, `esp_app_desc_t`.
#![expect(unsafe_code, reason = "a section and a symbol with fixed names")]

/// `esp_app_desc_t`: what the boot loader and `esptool image-info` read.
#[repr(C)]
struct Description {
    magic: u32,
    secure_version: u32,
    reserved: [u32; 2],
    version: [u8; 32],
    name: [u8; 32],
    time: [u8; 16],
    date: [u8; 16],
    idf_version: [u8; 32],
    digest: [u8; 32],
    least_fuses: u16,
    most_fuses: u16,
    /// Two to the power of this many bytes.
    page_size: u8,
    reserved_too: [u8; 75],
}

const _: () = assert!(size_of::<Description>() == 256);

/// A text in a field of zeros.
const fn field<const SIZE: usize>(text: &str) -> [u8; SIZE] {
    let mut field = [0; SIZE];
    let mut at = 0;
    while at < text.len() {
        field[at] = text.as_bytes()[at];
        at += 1;
    }
    field
}

// SAFETY: the section is only for this, and the linker puts it first, where the boot loader looks for it.
#[unsafe(link_section = ".flash.appdesc")]
#[unsafe(export_name = "esp_app_desc")]
#[used]
static DESCRIPTION: Description = Description {
    magic: 0xabcd_5432,
    secure_version: 0,
    reserved: [0; 2],
    version: field(env!("CARGO_PKG_VERSION")),
    name: field("upy"),
    time: field("00:00:00"),
    date: field("Jan  1 2026"),
    idf_version: field("none"),
    digest: [0; 32],
    least_fuses: 0,
    most_fuses: u16::MAX,
    page_size: 16,
    reserved_too: [0; 75],
};
