//! Every program of `tests/language/cases`, and a set of sources that are refused, against
//! `mpy-cross`.
//!
//! Images are compared with committed digests of what `mpy-cross` v1.29.0 made, and with
//! `mpy-cross` itself where it can be had: `$UCLI_PEERS/bin/mpy-cross` or
//! `target/peers/venv/bin/mpy-cross`. With `CI=true` a missing peer is a failure, otherwise it is
//! said and counted. `UPDATE_DIGESTS=1` writes the digests anew, from the peer.
#![expect(clippy::print_stdout, reason = "a skipped peer is said")]

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

/// A source that is refused: text, and the report after the line with the file.
const REFUSED: &[(&str, &str)] = &[
    (
        "x = = 1\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: invalid syntax\n",
    ),
    (
        "if x\n    pass\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: invalid syntax\n",
    ),
    (
        "  x = 1\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nIndentationError: unexpected indent\n",
    ),
    (
        "if x:\npass\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 2\nSyntaxError: invalid syntax\n",
    ),
    (
        "if x:\n    a\n  b\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 2\nIndentationError: unindent doesn't match any outer indent level\n",
    ),
    (
        "x = 'abc\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: invalid syntax\n",
    ),
    (
        "x = '''abc\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: invalid syntax\n",
    ),
    (
        "x = (1, 2\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 2\nSyntaxError: invalid syntax\n",
    ),
    (
        "x = 1)\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: invalid syntax\n",
    ),
    (
        "x = $\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: invalid syntax\n",
    ),
    (
        "x = '\\x4'\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: invalid syntax\n",
    ),
    (
        "x = '\\N{BULLET}'\n",
        "NotImplementedError: unicode name escapes\n",
    ),
    (
        "x = 08\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: invalid syntax for integer with base 0: '08'\n",
    ),
    (
        "x = 0x\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: invalid syntax for integer with base 16: ''\n",
    ),
    (
        "x = 1a\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: invalid syntax for integer with base 10: '1a'\n",
    ),
    (
        "x = 0b12\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: invalid syntax for integer with base 2: '12'\n",
    ),
    (
        "x = 1e\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: invalid syntax for number\n",
    ),
    (
        "x = 1.5x\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: invalid syntax for number\n",
    ),
    (
        "f'{}'\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: malformed f-string\n",
    ),
    (
        "f'{x'\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: invalid syntax\n",
    ),
    (
        "t'{x} }'\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: malformed f-string\n",
    ),
    (
        "x = 'a' b'b'\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: invalid syntax\n",
    ),
    (
        "class 1: pass\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: invalid syntax\n",
    ),
    (
        "def f(a, a):\n    pass\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in f\nSyntaxError: argument name reused\n",
    ),
    (
        "def f(a, a):\n    x = 1\n    pass\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 2, in f\nSyntaxError: argument name reused\n",
    ),
    (
        "def f(a=1, b): pass\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: non-default argument follows default argument\n",
    ),
    (
        "def f(*a, *b): pass\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in f\nSyntaxError: invalid syntax\n",
    ),
    (
        "def f(**a, b): pass\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in f\nSyntaxError: invalid syntax\n",
    ),
    (
        "lambda a, a: 1\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <lambda>\nSyntaxError: argument name reused\n",
    ),
    (
        "f(a=1, 2)\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: positional arg after keyword arg\n",
    ),
    (
        "f(**a, *b)\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: * arg after **\n",
    ),
    (
        "f(a=1, *b)\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: * arg after kwarg\n",
    ),
    (
        "f(**a, 1)\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: positional arg after **\n",
    ),
    (
        "f(1=2)\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: LHS of keyword arg must be an id\n",
    ),
    (
        "f(a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, *b)\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: too many args\n",
    ),
    (
        "1 = x\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: can't assign to expression\n",
    ),
    (
        "x + 1 = 2\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: can't assign to expression\n",
    ),
    (
        "(1, 2) = x\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: can't assign to expression\n",
    ),
    (
        "() = x\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: can't assign to expression\n",
    ),
    (
        "f() = 1\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: can't assign to expression\n",
    ),
    (
        "x, *y, *z = a\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: multiple *x in assignment\n",
    ),
    (
        "(x for x in y) = 1\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: can't assign to expression\n",
    ),
    (
        "[x for x in y] = 1\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: can't assign to expression\n",
    ),
    (
        "x() += 1\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: can't assign to expression\n",
    ),
    (
        "(x, y) += 1\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: can't assign to expression\n",
    ),
    (
        "None = 1\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: can't assign to expression\n",
    ),
    (
        "x = *y\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: *x must be assignment target\n",
    ),
    (
        "*x\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: *x must be assignment target\n",
    ),
    (
        "del 1\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: can't delete expression\n",
    ),
    (
        "del f()\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: can't delete expression\n",
    ),
    (
        "del (x for x in y)\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: can't delete expression\n",
    ),
    (
        "del ()\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: can't delete expression\n",
    ),
    (
        "del x, 1\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: can't delete expression\n",
    ),
    (
        "break\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: 'break'/'continue' outside loop\n",
    ),
    (
        "continue\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: 'break'/'continue' outside loop\n",
    ),
    (
        "def f():\n    break\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 2, in f\nSyntaxError: 'break'/'continue' outside loop\n",
    ),
    (
        "for i in x: pass\nelse:\n    continue\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 3, in <module>\nSyntaxError: 'break'/'continue' outside loop\n",
    ),
    (
        "return 1\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: 'return' outside function\n",
    ),
    (
        "class C:\n    return\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 2, in C\nSyntaxError: 'return' outside function\n",
    ),
    (
        "yield 1\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: 'yield' outside function\n",
    ),
    (
        "x = [(yield) for a in b]\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <listcomp>\nSyntaxError: 'yield' outside function\n",
    ),
    (
        "await x\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: 'await' outside function\n",
    ),
    (
        "async for a in b: pass\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: async for/with outside async function\n",
    ),
    (
        "def f():\n    async with a: pass\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 2, in f\nSyntaxError: async for/with outside async function\n",
    ),
    (
        "def f():\n    from x import *\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 2, in f\nSyntaxError: import * not at module level\n",
    ),
    (
        "nonlocal x\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: can't declare nonlocal in outer code\n",
    ),
    (
        "def f():\n    nonlocal x\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 2, in f\nSyntaxError: no binding for nonlocal found\n",
    ),
    (
        "def f():\n    x = 1\n    global x\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 3, in f\nSyntaxError: identifier redefined as global\n",
    ),
    (
        "def f(x):\n    nonlocal x\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 2, in f\nSyntaxError: identifier redefined as nonlocal\n",
    ),
    (
        "def f(x):\n    global x\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 2, in f\nSyntaxError: identifier redefined as global\n",
    ),
    (
        "try:\n    pass\nexcept:\n    pass\nexcept ValueError:\n    pass\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 3, in <module>\nSyntaxError: default 'except' must be last\n",
    ),
    (
        "try:\n    pass\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 3\nSyntaxError: invalid syntax\n",
    ),
    (
        "{1: 2, 3}\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: expecting key:value for dict\n",
    ),
    (
        "{1, 2: 3}\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: expecting just a value for set\n",
    ),
    (
        "x = const(y)\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: not a constant\n",
    ),
    (
        "x = 1\ny = 2\n_z = const()\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 3\nSyntaxError: not a constant\n",
    ),
    (
        "def f(self):\n    super()\ndef g():\n    super()\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 4, in g\nSyntaxError: super() can't find self\n",
    ),
    (
        "@micropython.wrong\ndef f(): pass\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: invalid micropython decorator\n",
    ),
    (
        "@micropython\ndef f(): pass\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: invalid micropython decorator\n",
    ),
    (
        "@micropython.native\ndef f(): pass\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: invalid arch\n",
    ),
    (
        "@micropython.a.b\ndef f(): pass\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: invalid micropython decorator\n",
    ),
    (
        "(x() := 1)\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: can't assign to expression\n",
    ),
    (
        "x := 1\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: invalid syntax\n",
    ),
    (
        "print(a.b := 1)\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: can't assign to expression\n",
    ),
    (
        "if True:\n    def f():\n        return (\n            1 =\n        )\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 4\nSyntaxError: invalid syntax\n",
    ),
    (
        "x = y if z\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: invalid syntax\n",
    ),
    (
        "lambda: (yield\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 2\nSyntaxError: invalid syntax\n",
    ),
    (
        "from . import\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: invalid syntax\n",
    ),
    (
        "import a.\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: invalid syntax\n",
    ),
    (
        "x.1\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: invalid syntax\n",
    ),
    (
        "a b\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: invalid syntax\n",
    ),
    (
        "assert\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: invalid syntax\n",
    ),
    (
        "with a as 1: pass\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: can't assign to expression\n",
    ),
    (
        "for 1 in x: pass\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1, in <module>\nSyntaxError: can't assign to expression\n",
    ),
    (
        "\tx = 1\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nIndentationError: unexpected indent\n",
    ),
    (
        "if x:\n\ty\n        z\n   w\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 3\nIndentationError: unindent doesn't match any outer indent level\n",
    ),
    (
        "x = 1 +\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: invalid syntax\n",
    ),
    (
        "def f(:\n    pass\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: invalid syntax\n",
    ),
    (
        "'aaaaa\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 1\nSyntaxError: invalid syntax\n",
    ),
    (
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa = 1\n",
        "RuntimeError: name too long\n",
    ),
    (
        "def f():\n    pass\n    x = (1 = 2)\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 3\nSyntaxError: invalid syntax\n",
    ),
    (
        "class C:\n    def m(self):\n        x = 1\n        1 = x\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 4, in m\nSyntaxError: can't assign to expression\n",
    ),
    (
        "x = [\n  1,\n  2 3\n]\n",
        "Traceback (most recent call last):\n  File \"refused.py\", line 3\nSyntaxError: invalid syntax\n",
    ),
];

#[test]
fn refusals_are_those_of_mpy_cross() {
    let peer = peer();
    let directory = std::env::temp_dir().join(format!("upy-refused-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    for (number, (source, expected)) in REFUSED.iter().enumerate() {
        let ours = image_of(source.as_bytes(), &Options::new("refused.py"));
        assert_eq!(ours.as_ref().expect_err(source), expected, "{source:?}");
        if let Some(peer) = &peer {
            let file = directory.join(format!("{number}.py"));
            std::fs::write(&file, source).unwrap();
            let theirs = their_image(peer, &file, "refused.py", 0).expect_err(source);
            // The parser names the file it read, the compiler the one it was told.
            let theirs = theirs.replace(file.to_str().unwrap(), "refused.py");
            assert_eq!(&theirs, expected, "{source:?}");
        }
    }
    std::fs::remove_dir_all(&directory).unwrap();
}
