//! Compiles the Python parts of the firmware into `.mpy` images and lists them in `frozen.rs`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use upy_compiler::{Mode, Options, SliceOutput, compile};

/// Where Python code is: a directory beside this file, and what its files are called on the board.
const PARTS: &[(&str, &str)] = &[("src/asyncio", "asyncio/"), ("src/python", "")];

/// The feature that a file belongs to.
fn feature(directory: &str, stem: &str) -> &'static str {
    match (directory, stem) {
        ("src/asyncio", _) | (_, "uasyncio") => "ASYNCIO",
        (_, "dht" | "neopixel" | "onewire") => "MACHINE",
        (_, "esp32") => "ESP32",
        (_, "rp2") => "PIO",
        (_, "ssl" | "ussl") => "TLS",
        (_, "unittest") => "UNITTEST",
        (_, "webrepl" | "webrepl_setup") => "WEBREPL",
        _ => "NETWORK",
    }
}

fn main() -> io::Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let width = env::var("CARGO_CFG_TARGET_POINTER_WIDTH").unwrap_or_default();
    let bits = if width == "64" { 63 } else { 31 };
    let mut table = String::from("&[\n");
    for (directory, prefix) in PARTS {
        println!("cargo::rerun-if-changed={directory}");
        let mut files: Vec<_> = fs::read_dir(directory)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        files.sort();
        let python = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "py");
        for path in files.into_iter().filter(python) {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let feature = feature(directory, &stem);
            if env::var_os(format!("CARGO_FEATURE_{feature}")).is_none() {
                continue;
            }
            let image = image(&path, &format!("{prefix}{stem}.py"), bits)?;
            let name = format!("{prefix}{stem}.mpy");
            let file = out.join(name.replace('/', "_"));
            fs::write(&file, image)?;
            writeln!(
                table,
                "Frozen {{ path: {name:?}, image: include_bytes!({file:?}) }},"
            )
            .map_err(io::Error::other)?;
        }
    }
    table.push(']');
    fs::write(out.join("frozen.rs"), table)
}

fn image(path: &Path, name: &str, bits: u8) -> io::Result<Vec<u8>> {
    let source = fs::read(path)?;
    let mut storage = vec![0; 1 << 20];
    let mut room = vec![0; 1 << 17];
    let options = Options {
        mode: Mode::File,
        opt_level: 3,
        small_integer_bits: bits,
        ..Options::new(name)
    };
    let mut output = SliceOutput::new(&mut room);
    if let Err(error) = compile(&source, &options, &mut storage, &mut output) {
        let mut message = Vec::new();
        error.write_message(&mut |text| message.extend_from_slice(text));
        let message = String::from_utf8_lossy(&message);
        return Err(io::Error::other(format!(
            "{}:{}: {message}",
            path.display(),
            error.line
        )));
    }
    Ok(output.written().to_vec())
}
