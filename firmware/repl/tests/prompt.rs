//! The prompt on a console that is a list of bytes: what it runs, what it survives.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

use upy_hal::console::{Closed, Console};
use upy_repl::{Booted, End, LineEnds, Repl, Settings, Terminal};
use upy_runtime::{Host, Loader, PathKind, Sizes, Vm};

/// What is typed, and what is shown.
#[derive(Default)]
struct Script {
    input: Mutex<VecDeque<u8>>,
    output: Mutex<Vec<u8>>,
    watched: Mutex<Option<u8>>,
}

fn held<T>(part: &Mutex<T>) -> MutexGuard<'_, T> {
    part.lock().expect("no test panics with it")
}

impl Script {
    fn typed(bytes: &[u8]) -> Self {
        Self {
            input: Mutex::new(bytes.iter().copied().collect()),
            ..Self::default()
        }
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&held(&self.output)).into_owned()
    }
}

impl Console for Script {
    fn read(&self, buffer: &mut [u8]) -> Result<usize, Closed> {
        let byte = held(&self.input).pop_front().ok_or(Closed)?;
        buffer[0] = byte;
        Ok(1)
    }

    fn is_readable(&self) -> bool {
        !held(&self.input).is_empty()
    }

    fn write(&self, bytes: &[u8]) {
        held(&self.output).extend_from_slice(bytes);
    }

    fn wait(&self, _limit_us: Option<u64>) {}

    fn watch(&self, byte: Option<u8>) {
        *held(&self.watched) = byte;
    }

    /// A program that runs is interrupted by a Ctrl-C that was typed ahead.
    fn take_interrupt(&self) -> bool {
        let mut input = held(&self.input);
        let watched = *held(&self.watched);
        let is_hit = watched.is_some() && input.front().copied() == watched;
        if is_hit {
            input.pop_front();
        }
        is_hit
    }

    fn is_interrupted(&self) -> bool {
        false
    }
}

/// A board with a few files.
struct Board<'s> {
    script: &'s Script,
    files: &'s [(&'s str, &'s str)],
    at: usize,
}

impl Loader for Board<'_> {
    fn kind(&mut self, path: &[u8]) -> PathKind {
        match self.files.iter().any(|(name, _)| name.as_bytes() == path) {
            true => PathKind::File,
            false => PathKind::Absent,
        }
    }

    fn open(&mut self, path: &[u8], _mode: &[u8]) -> Result<u32, i32> {
        let found = self
            .files
            .iter()
            .position(|(name, _)| name.as_bytes() == path);
        self.at = 0;
        found.map(|place| place as u32 + 3).ok_or(2)
    }

    fn read(&mut self, file: u32, buffer: &mut [u8]) -> Result<usize, i32> {
        let text = self.files[file as usize - 3].1.as_bytes();
        let len = buffer.len().min(text.len() - self.at);
        buffer[..len].copy_from_slice(&text[self.at..self.at + len]);
        self.at += len;
        Ok(len)
    }

    fn seek(&mut self, file: u32, offset: i64, whence: u8) -> Result<u64, i32> {
        let len = self.files[file as usize - 3].1.len();
        self.at = if whence == 2 { len } else { offset as usize };
        Ok(self.at as u64)
    }
}

impl Host for Board<'_> {
    fn write_out(&mut self, bytes: &[u8]) {
        Terminal::new(self.script, LineEnds::CarriageReturn).write_text(bytes);
    }

    fn write_raw(&mut self, bytes: &[u8]) {
        Terminal::new(self.script, LineEnds::CarriageReturn).write(bytes);
    }

    fn read_in(&mut self, buffer: &mut [u8]) -> Result<usize, i32> {
        Ok(self.script.read(buffer).unwrap_or(0))
    }

    fn interrupted(&mut self) -> bool {
        self.script.take_interrupt()
    }

    fn enter_is_return(&self) -> bool {
        true
    }
}

const SETTINGS: Settings<'static> = Settings {
    banner: "upy",
    window_bytes: 32,
};

/// Serves a script until it ends; how, and what was shown.
fn serve(script: &Script, files: &[(&str, &str)], heap_words: usize) -> End {
    let terminal = Terminal::new(script, LineEnds::CarriageReturn);
    let mut memory = vec![0_usize; Sizes::SMALL.words() + heap_words];
    let mut repl = Repl::new(SETTINGS);
    let mut resets = 0;
    loop {
        let mut board = Board {
            script,
            files,
            at: 0,
        };
        let mut vm = Vm::new(&mut memory, Sizes::SMALL, &mut board).expect("enough memory");
        if repl.boot(&mut vm, &terminal) == Booted::SoftReset {
            return End::SoftReset;
        }
        let end = repl.serve(&mut vm, &terminal);
        resets += 1;
        if end == End::Closed || resets > 3 {
            return end;
        }
    }
}

fn shown(input: &str) -> String {
    let script = Script::typed(input.as_bytes());
    serve(&script, &[], 8192);
    script.shown()
}

#[test]
fn statement_is_shown_and_run() {
    assert_eq!(
        shown("1+1\r"),
        "upy\r\nType \"help()\" for more information.\r\n>>> 1+1\r\n2\r\n>>> "
    );
}

#[test]
fn boot_runs_boot_then_main_then_the_prompt() {
    let script = Script::typed(b"x\r");
    let files = [("boot.py", "print('boot');x=3"), ("main.py", "print(x)")];
    assert_eq!(serve(&script, &files, 8192), End::Closed);
    let text = script.shown();
    assert!(text.starts_with("boot\r\n3\r\nupy\r\n"), "{text}");
    assert!(text.ends_with(">>> x\r\n3\r\n>>> "), "{text}");
}

#[test]
fn failing_boot_is_shown_and_main_is_left_out() {
    let script = Script::typed(b"");
    let files = [("boot.py", "1/0"), ("main.py", "print('main')")];
    serve(&script, &files, 8192);
    let text = script.shown();
    assert!(
        text.contains("ZeroDivisionError") && !text.contains("main\r"),
        "{text}"
    );
}

#[test]
fn exit_in_main_resets() {
    let script = Script::typed(b"");
    let files = [("main.py", "raise SystemExit")];
    assert_eq!(serve(&script, &files, 8192), End::SoftReset);
}

/// In raw mode `main.py` does not run again, and the prompt stays raw.
#[test]
fn reset_in_raw_mode_leaves_main_out() {
    let script = Script::typed(b"\x01\x04print(9)\x04");
    let files = [("boot.py", "print('boot')"), ("main.py", "print('main')")];
    serve(&script, &files, 8192);
    let text = script.shown();
    assert!(
        text.ends_with("OK\r\nboot\r\nraw REPL; CTRL-B to exit\r\n>OK9\r\n\x04\x04>"),
        "{text:?}"
    );
}

#[test]
fn image_is_run() {
    let mut storage = vec![0; 1 << 16];
    let mut image = vec![0; 1 << 12];
    let mut output = upy_compiler::SliceOutput::new(&mut image);
    let options = upy_compiler::Options {
        small_integer_bits: usize::BITS as u8 - 1,
        ..upy_compiler::Options::new("a.py")
    };
    upy_compiler::compile(b"print('image', 3)", &options, &mut storage, &mut output)
        .expect("it compiles");
    let mut input = b"\x01\x05B\x01".to_vec();
    for &byte in output.written() {
        match byte {
            3 => input.extend(b"\x05C"),
            4 => input.extend(b"\x05D"),
            5 => input.extend(b"\x05\x05"),
            _ => input.push(byte),
        }
    }
    input.extend(b"\x04");
    let script = Script::typed(&input);
    serve(&script, &[], 8192);
    let text = script.shown();
    assert!(text.ends_with("\x04image 3\r\n\x04\x04>"), "{text:?}");
}

#[test]
fn program_that_does_not_fit_is_a_memory_error() {
    let long = "#".repeat(100_000);
    for start in ["", "\x05A\x01"] {
        let text = shown(&format!("\x01{start}{long}\x04\x01print(7)\x04"));
        assert!(text.contains("MemoryError"), "{text:?}");
        assert!(text.ends_with("OK7\r\n\x04\x04>"), "{text:?}");
    }
}

#[test]
fn input_shows_what_is_typed() {
    let text = shown("print(input('? ')*2)\ra\x08bc\r");
    assert!(
        text.ends_with("? a\x08\x1b[Kbc\r\nbcbc\r\n>>> "),
        "{text:?}"
    );
}

#[test]
fn loop_is_interrupted() {
    let text = shown("while 1: pass\r\r\x031\r");
    assert!(text.contains("KeyboardInterrupt"), "{text:?}");
    assert!(text.ends_with(">>> 1\r\n1\r\n>>> "), "{text:?}");
}

/// Whatever is typed: nothing panics, nothing hangs, and the prompt comes back.
#[test]
fn any_keys_are_survived() {
    let pieces: [&[u8]; 40] = [
        b"\x01",
        b"\x02",
        b"\x03",
        b"\x04",
        b"\x05",
        b"\x06",
        b"\x08",
        b"\t",
        b"\r",
        b"\n",
        b"\x0b",
        b"\x0e",
        b"\x10",
        b"\x15",
        b"\x17",
        b"\x1b",
        b"\x1b[A",
        b"\x1b[B",
        b"\x1b[C",
        b"\x1b[D",
        b"\x1b[H",
        b"\x1b[F",
        b"\x1b[3~",
        b"\x1b[1;5D",
        b"\x1bb",
        b"\x1bd",
        b"\x1b\x7f",
        b"\x7f",
        b" ",
        b"    ",
        b"x = [1,",
        b"]",
        b"'''",
        b"if 1:",
        b"import sys",
        b"sys.",
        b"print(x)",
        b"\xff\xc3",
        b"\x05A\x01",
        b"\x05B\x01",
    ];
    let mut seed = 1_u64;
    let mut next = |limit: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % limit
    };
    for _ in 0..400 {
        let mut input = Vec::new();
        for _ in 0..next(60) {
            input.extend_from_slice(pieces[next(pieces.len())]);
        }
        input.extend_from_slice(b"\x03\x03\x04\x03\x02\r\x032+3\r");
        let script = Script::typed(&input);
        serve(&script, &[("boot.py", "x = 0")], 3000 + next(6000));
        let text = script.shown();
        let is_back = text.ends_with("5\r\n>>> ") || script.is_readable();
        assert!(
            is_back,
            "{:?} gave {text:?}",
            String::from_utf8_lossy(&input)
        );
    }
}
