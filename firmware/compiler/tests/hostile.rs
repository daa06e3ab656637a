//! Sources that no one would write: the compiler answers every one of them, in bounded memory and
//! stack, without panicking.

mod support;

use support::{Image, image_of};
use upy_compiler::{ErrorKind, Mode, Options, SliceOutput, compile, compile_in_place};

/// A small generator (xorshift64*), so that a failure can be repeated from its seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 33) as usize % limit
    }
}

/// Words that sources are made of.
const WORDS: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    ";",
    "=",
    "==",
    ":=",
    "+=",
    "**",
    "*",
    "-",
    "~",
    "not ",
    "and ",
    "or ",
    "if ",
    "else ",
    "elif ",
    "for ",
    "in ",
    "is ",
    "lambda ",
    "yield ",
    "await ",
    "async ",
    "def ",
    "class ",
    "return ",
    "global ",
    "nonlocal ",
    "del ",
    "import ",
    "from ",
    "try",
    "except ",
    "finally",
    "raise ",
    "assert ",
    "break",
    "continue",
    "pass",
    "with ",
    "as ",
    "while ",
    "x",
    "y",
    "f",
    "self",
    "super",
    "()",
    "0",
    "1",
    "255",
    "0x",
    "0b1",
    "1e",
    "1e400",
    "1j",
    "9999999999999999999",
    "'a'",
    "\"\"",
    "b'x'",
    "f'{x}'",
    "f'{x!r:{y}}'",
    "t'{x}'",
    "f'{",
    "'''",
    "None ",
    "True ",
    "...",
    "\n",
    "\n    ",
    "\n  ",
    "\t",
    "\\\n",
    "#",
    "@",
    "->",
    "$",
    "\0",
    "const(",
    "_c = const(3)\n",
    "__class__",
    "range(3)",
    "math.pi",
    "<<",
    ">>",
    "%",
    "//",
    ".",
    "\u{e9}",
    "\\x4",
    "'\\N{x}'",
    "!=",
    "!",
    "\r\n",
    "\r",
];

/// Compiles in every mode and at a random level; only the absence of a panic matters here, and that
/// an image starts as one.
fn compile_somehow(source: &[u8], random: &mut Random, seed: u64) {
    let modes = [Mode::File, Mode::Single, Mode::Eval];
    let options = Options {
        mode: modes[random.below(3)],
        opt_level: random.below(4) as u8,
        native: upy_compiler::NativeCode::Bytecode,
        ordered_dict_literals: random.below(2) == 0,
        top_level_await: random.below(2) == 0,
        depth_limit: 40,
        ..Options::new("hostile.py")
    };
    if let Ok(image) = image_of(source, &options) {
        assert_eq!(&image[..2], b"M\x06", "seed {seed}");
    }
}

#[test]
fn random_bytes_are_answered() {
    for seed in 1..=400 {
        let mut random = Random(seed);
        let len = random.below(200);
        let source: Vec<u8> = (0..len).map(|_| random.next() as u8).collect();
        compile_somehow(&source, &mut random, seed);
    }
}

#[test]
fn random_words_are_answered() {
    for seed in 1..=3000 {
        let mut random = Random(seed);
        let len = random.below(40);
        let source: String = (0..len).map(|_| WORDS[random.below(WORDS.len())]).collect();
        compile_somehow(source.as_bytes(), &mut random, seed);
    }
}

/// The programs of `tests/language/cases`, with bytes removed, doubled and replaced.
#[test]
fn mutated_programs_are_answered() {
    let mut programs = Vec::new();
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/language/cases");
    for area in std::fs::read_dir(cases)
        .expect("the cases are in the repository")
        .flatten()
    {
        for file in std::fs::read_dir(area.path())
            .expect("an area is a directory")
            .flatten()
        {
            if file
                .path()
                .extension()
                .is_some_and(|extension| extension == "py")
            {
                programs.push(std::fs::read(file.path()).unwrap());
            }
        }
    }
    programs.sort();
    assert!(programs.len() >= 60, "{} programs found", programs.len());
    for seed in 1..=600 {
        let mut random = Random(seed);
        let mut source = programs[random.below(programs.len())].clone();
        for _ in 0..1 + random.below(6) {
            let place = random.below(source.len());
            match random.below(4) {
                0 => drop(source.drain(place..(place + random.below(20)).min(source.len()))),
                1 => source.insert(place, b"()[]{}:,\n'\"\\ \t#=*"[random.below(17)]),
                2 => {
                    let word = WORDS[random.below(WORDS.len())].bytes();
                    source.splice(place..place, word).for_each(drop);
                }
                _ => source[place] = random.next() as u8,
            }
            if source.is_empty() {
                break;
            }
        }
        compile_somehow(&source, &mut random, seed);
    }
}

/// What nests without end is refused with MicroPython's words for it.
#[test]
fn deep_nesting_errs_instead_of_overflowing_the_stack() {
    let deep = 100_000;
    let nest = |open: &str, middle: &str, close: &str| {
        format!("x = {}{middle}{}\n", open.repeat(deep), close.repeat(deep))
    };
    let sources = [
        nest("(", "1", ")"),
        nest("[", "1", "]"),
        nest("{1: ", "1", "}"),
        nest("f(", "1", ")"),
        nest("x[", "1", "]"),
        nest("lambda: ", "1", ""),
        nest("not ", "y", ""),
        nest("-", "y", ""),
        nest("y ** ", "y", ""),
        nest("y if z else ", "y", ""),
        nest("[y for y in ", "z", "]"),
        nest("(yield ", "1", ")"),
        nest("f(a=", "1", ")"),
        nest("(a := ", "1", ")"),
        format!("[y {}]\n", "for y in z ".repeat(deep)),
        format!("[y for y in z {}]\n", "if y ".repeat(deep)),
        format!("{} = 1\n", "(a, ".repeat(deep) + &")".repeat(deep)),
        (0..2000)
            .map(|depth| " ".repeat(depth) + "if x:\n")
            .collect(),
        (0..2000)
            .map(|depth| " ".repeat(depth) + "def f():\n")
            .collect(),
        format!("with {}a: pass\n", "a, ".repeat(deep)),
    ];
    for source in sources {
        let report =
            image_of(source.as_bytes(), &Options::new("deep.py")).expect_err(&source[..40]);
        let known = report == "RuntimeError: maximum recursion depth exceeded\n"
            || report.starts_with("MemoryError: ");
        assert!(known, "{}: {report}", &source[..40]);
    }
}

#[test]
fn nesting_just_below_the_limit_is_compiled() {
    for source in [
        format!("x = {}1{}\n", "(".repeat(150), ")".repeat(150)),
        format!("x = {}y{}\n", "f(".repeat(150), ")".repeat(150)),
        (0..100)
            .map(|depth| " ".repeat(depth) + "if x:\n")
            .collect::<String>()
            + &" ".repeat(100)
            + "pass\n",
    ] {
        assert!(image_of(source.as_bytes(), &Options::new("deep.py")).is_ok());
    }
}

/// Long things are not deep.
#[test]
fn long_sources_are_compiled() {
    let long = 5000;
    for source in [
        format!("x = {}1\n", "1 + y + ".repeat(long)),
        format!("x = [{}]\n", "y, ".repeat(long)),
        format!("x{} = 1\n", ".y[0]".repeat(long)),
        "x = y\n".repeat(long),
        format!("x = {}\n", "'abc' ".repeat(long)),
        format!("if x: pass\n{}", "elif y: pass\n".repeat(long)),
        format!("x = {}1\n", "y and z or ".repeat(long)),
    ] {
        let result = image_of(source.as_bytes(), &Options::new("long.py"));
        // A jump over all of it may not fit in its operand.
        let is_overflow = result
            .as_ref()
            .is_err_and(|e| e.ends_with("bytecode overflow\n"));
        assert!(result.is_ok() || is_overflow, "{result:?}");
    }
}

/// With any amount of storage the answer is the image or a lack of memory, never another image.
#[test]
fn small_storage_errs_with_memory_error() {
    let source = b"import sys\n_A = const(5)\ndef f(a, *b, c=1, **d):\n    try:\n        x = [i * _A \
        for i in b if i]\n        return f'{a!r:>{c}}', x, lambda: a, 1 << 80, (1, 2.5, 'a long text')\n    \
        finally:\n        print(d)\nclass C(object):\n    def g(self): return super().g()\n";
    let options = Options::new("small.py");
    let full = image_of(source, &options).unwrap();
    let mut successes = 0;
    for size in (0..12_000).step_by(7) {
        let mut storage = vec![0; size];
        let mut image = Image::default();
        match compile(source, &options, &mut storage, &mut image) {
            Ok(usage) => {
                assert!(usage.storage_bytes as usize <= size);
                assert_eq!(image.0, full, "with {size} bytes");
                successes += 1;
            }
            Err(error) => assert_eq!(error.kind, ErrorKind::Memory, "with {size} bytes: {error}"),
        }
    }
    assert!(successes > 100, "{successes} sizes were enough");
}

#[test]
fn an_output_that_is_too_small_errs_with_memory_error() {
    let mut storage = vec![0; 8192];
    let mut bytes = [0; 20];
    let mut output = SliceOutput::new(&mut bytes);
    let error = compile(
        b"print(1)\n",
        &Options::new("a.py"),
        &mut storage,
        &mut output,
    )
    .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Memory);
}

/// The image comes out the same when it has to share the storage.
#[test]
fn images_in_place_are_the_same() {
    let source = include_bytes!("../../../tests/language/cases/folding/arithmetic.py");
    let options = Options::new("a.py");
    let full = image_of(source, &options).unwrap();
    let mut successes = 0;
    for size in (0..40_000).step_by(101) {
        let mut storage = vec![0; size];
        match compile_in_place(source, &options, &mut storage) {
            Ok(image) => {
                // With little storage large numbers are not folded.
                assert!(image == full || size < 20_000, "with {size} bytes");
                successes += 1;
            }
            Err(error) => assert_eq!(error.kind, ErrorKind::Memory, "with {size} bytes: {error}"),
        }
    }
    assert!(successes > 100, "{successes} sizes were enough");
}

/// Images are the same however often a source is compiled, and every code in them passes the checks
/// that foreign code has to pass.
#[test]
fn images_are_readable_and_pass_the_verifier() {
    let source = include_bytes!("../../../tests/language/cases/functions/arguments.py");
    let first = image_of(source, &Options::new("a.py")).unwrap();
    assert_eq!(first, image_of(source, &Options::new("a.py")).unwrap());
    let image = upy_bytecode::mpy::Image::parse(&first, 31).unwrap();
    assert!(image.string_count() > 10 && image.code().child_count() == 5);
}
