//! Every program of `tests/language/cases`, and a set of sources that are refused, against
//! `mpy-cross`.
//!
//! Images are compared with committed digests of what `mpy-cross` v1.29.0 made, and with
//! `mpy-cross` itself where it can be had: `$UCLI_PEERS/bin/mpy-cross` or
//! `target/peers/venv/bin/mpy-cross`. With `CI=true` a missing peer is a failure, otherwise it is
//! said and counted. `UPDATE_DIGESTS=1` writes the digests anew, from the peer.
#![expect(clippy::print_stdout, reason = "a skipped peer is said")]

mod refused;
#[path = "../support/mod.rs"]
mod support;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use support::image_of;
use upy_compiler::Options;

/// The levels that differ most.
const LEVELS: [u8; 2] = [0, 3];
const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/language/cases");
const DIGESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/images.txt");
static SKIPPED: AtomicUsize = AtomicUsize::new(0);

/// Where `mpy-cross` is.
fn peer() -> Option<PathBuf> {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/peers/venv");
    let peers = std::env::var_os("UCLI_PEERS").map_or(installed, PathBuf::from);
    let path = peers.join("bin/mpy-cross");
    if path.exists() {
        return Some(path);
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "no mpy-cross at {}; run `cargo xtask setup` or set UCLI_PEERS",
        path.display()
    );
    let count = SKIPPED.fetch_add(1, Ordering::Relaxed) + 1;
    println!(
        "skipped (no mpy-cross at {}), {count} so far",
        path.display()
    );
    None
}

/// What `mpy-cross` makes of the file: an image, or its report.
fn their_image(peer: &Path, file: &Path, name: &str, level: u8) -> Result<Vec<u8>, String> {
    let output = Command::new(peer)
        .arg(format!("-O{level}"))
        .args(["-s", name, "-o", "-"])
        .arg(file)
        .output()
        .expect("mpy-cross starts");
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// FNV-1a with 64 bits; an image is long and its digest short.
fn digest(bytes: &[u8]) -> u64 {
    let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, mix)
}

fn digest_line(case: &str, level: u8, image: &[u8]) -> String {
    format!("{case} -O{level} {} {:016x}", image.len(), digest(image))
}

/// The image of `case` equals its digest, and that of `mpy-cross`.
fn check(case: &str) {
    let file = Path::new(CASES).join(case).with_extension("py");
    let name = format!("{case}.py");
    let source = std::fs::read(&file).expect("the case is in the repository");
    let digests = std::fs::read_to_string(DIGESTS).expect("the digests are in the repository");
    let peer = peer();
    for level in LEVELS {
        let options = Options {
            opt_level: level,
            ..Options::new(&name)
        };
        let ours = image_of(&source, &options).expect("the case is a correct program");
        let line = digest_line(case, level, &ours);
        assert!(
            digests.lines().any(|known| known == line),
            "not in images.txt: {line}"
        );
        if let Some(peer) = &peer {
            let theirs =
                their_image(peer, &file, &name, level).expect("mpy-cross compiles the case");
            let place = ours
                .iter()
                .zip(&theirs)
                .position(|(left, right)| left != right);
            assert!(
                ours == theirs,
                "{case} at -O{level}: images differ at {place:?}"
            );
        }
    }
}

macro_rules! areas {
    ($($test:ident $area:literal;)*) => {
        $(
            #[test]
            fn $test() {
                for case in cases_of($area) {
                    check(&case);
                }
            }
        )*
        const AREAS: &[&str] = &[$($area),*];
    };
}

areas! {
    async_ "async";
    builtins "builtins";
    calls "calls";
    classes "classes";
    comprehensions "comprehensions";
    exceptions "exceptions";
    files "files";
    folding "folding";
    functions "functions";
    generators "generators";
    imports "imports";
    jumps "jumps";
    lines "lines";
    literals "literals";
    micropython "micropython";
    modules "modules";
    names "names";
    operators "operators";
    scope "scope";
    statements "statements";
    strings "strings";
    subscripts "subscripts";
    values "values";
}

/// The programs of an area, `area/name`, in order.
fn cases_of(area: &str) -> Vec<String> {
    let entries = std::fs::read_dir(Path::new(CASES).join(area)).expect("the area is a directory");
    let mut found: Vec<String> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .map(|path| {
            let stem = path.file_stem().expect("a file has a name");
            format!("{area}/{}", stem.to_string_lossy())
        })
        .collect();
    found.sort();
    assert!(!found.is_empty(), "{area} has programs");
    found
}

fn all_cases() -> Vec<String> {
    AREAS.iter().flat_map(|area| cases_of(area)).collect()
}

/// Every area is tested, and the digests can be written anew.
#[test]
fn every_area_has_a_test() {
    let entries = std::fs::read_dir(CASES).expect("the cases are in the repository");
    for area in entries {
        let name = area.expect("an entry").file_name();
        assert!(
            AREAS.iter().any(|area| *area == name),
            "{name:?} has no test"
        );
    }
    if std::env::var_os("UPDATE_DIGESTS").is_none() {
        return;
    }
    let peer = peer().expect("the digests come from mpy-cross");
    let mut text = String::new();
    for case in all_cases() {
        let file = Path::new(CASES).join(&case).with_extension("py");
        for level in LEVELS {
            let image = their_image(&peer, &file, &format!("{case}.py"), level).unwrap();
            writeln!(text, "{}", digest_line(&case, level, &image)).unwrap();
        }
    }
    std::fs::write(DIGESTS, text).expect("the digests can be written");
}

/// Every code object in the images passes the checks that foreign code has to pass.
#[test]
fn images_pass_the_verifier() {
    fn check_code(code: upy_bytecode::mpy::RawCode<'_>, image: &upy_bytecode::mpy::Image<'_>) {
        let limits = upy_bytecode::verify::Limits {
            strings: image.string_count(),
            constants: image.constant_count(),
            children: code.child_count(),
        };
        let view = upy_bytecode::Code::parse(code.bytes).expect("the code has a prelude");
        let mut scratch = vec![0; view.opcodes().len()];
        upy_bytecode::verify::verify(&view, limits, &mut scratch).expect("the code is sound");
        for child in code.children() {
            check_code(child, image);
        }
    }
    for case in all_cases() {
        let file = Path::new(CASES).join(&case).with_extension("py");
        let source = std::fs::read(file).unwrap();
        let bytes = image_of(&source, &Options::new(&case)).unwrap();
        let image = upy_bytecode::mpy::Image::parse(&bytes, 31).expect("the image can be read");
        check_code(image.code(), &image);
    }
}
