//! Whole programs on a small interpreter: output, limits, little memory, damaged bytecode.

use upy_runtime::{Host, Loader, Outcome, Sizes, Vm};

/// A host that keeps what is written, and presses Ctrl-C after a number of polls.
#[derive(Default)]
struct Recorder {
    output: Vec<u8>,
    polls_left: Option<u32>,
}

impl Loader for Recorder {}

impl Host for Recorder {
    fn write_out(&mut self, bytes: &[u8]) {
        if self.output.len() < 1 << 20 {
            self.output.extend_from_slice(bytes);
        }
    }

    fn interrupted(&mut self) -> bool {
        match &mut self.polls_left {
            None => false,
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
        }
    }
}

/// Words for the stacks and tables of `Sizes::SMALL`, beside the heap.
const FIXED_WORDS: usize = 4096;

fn with_vm<R>(heap_words: usize, host: &mut Recorder, work: impl FnOnce(&mut Vm<'_>) -> R) -> R {
    let mut memory = vec![0_usize; FIXED_WORDS + heap_words];
    let mut vm = Vm::new(&mut memory, Sizes::SMALL, host).expect("enough memory to start");
    work(&mut vm)
}

#[cfg(feature = "compiler")]
fn run(source: &str, heap_words: usize) -> (Outcome, String) {
    let mut host = Recorder::default();
    let outcome = with_vm(heap_words, &mut host, |vm| {
        vm.run_source(source.as_bytes(), b"test.py", false)
    });
    (outcome, String::from_utf8_lossy(&host.output).into_owned())
}

#[cfg(feature = "compiler")]
mod sources {
    use super::*;

    #[test]
    fn functions_marked_as_native_are_bytecode() {
        let source = "@micropython.native\ndef f(x): return x + 1\n\
            @micropython.viper\ndef g(x: int) -> int: return x * 2\nprint(f(1), g(4))\n";
        let (outcome, text) = run(source, 8192);
        assert_eq!((outcome, text.as_str()), (Outcome::Done, "2 8\n"));
        let pointers = "@micropython.viper\ndef g(x: ptr8): return x[0]\n";
        assert!(run(pointers, 8192).1.contains("SyntaxError: viper pointer"));
    }

    #[test]
    fn program_prints_and_ends() {
        let (outcome, text) = run("for i in range(3):\n    print(i, i * i)\n", 8192);
        assert_eq!((outcome, text.as_str()), (Outcome::Done, "0 0\n1 1\n2 4\n"));
    }

    #[test]
    fn uncaught_exception_is_printed_with_its_place() {
        let (outcome, text) = run("def f():\n    return {}['a']\nf()\n", 8192);
        assert_eq!(outcome, Outcome::Failed);
        assert_eq!(
            text,
            "Traceback (most recent call last):\n  File \"test.py\", line 3, in <module>\n  File \"test.py\", line 2, in f\nKeyError: a\n"
        );
    }

    #[test]
    fn exit_status_is_handed_over() {
        assert_eq!(run("raise SystemExit(3)", 8192).0, Outcome::Exit(3));
        assert_eq!(run("raise SystemExit", 8192).0, Outcome::Exit(0));
    }

    #[test]
    fn endless_loop_is_interrupted() {
        let mut host = Recorder {
            polls_left: Some(3),
            ..Recorder::default()
        };
        let source = b"while True:\n    try:\n        continue\n    finally:\n        pass\n";
        let outcome = with_vm(8192, &mut host, |vm| {
            vm.run_source(source, b"test.py", false)
        });
        assert_eq!(outcome, Outcome::Interrupted);
    }

    #[test]
    fn endless_search_in_native_code_is_interrupted() {
        for source in [
            "class V:\n    def __getitem__(self, i): return 2\n1 in V()\n",
            "class V:\n    def __getitem__(self, i): return 0\nsum(V())\n",
        ] {
            let mut host = Recorder {
                polls_left: Some(3),
                ..Recorder::default()
            };
            let outcome = with_vm(8192, &mut host, |vm| {
                vm.run_source(source.as_bytes(), b"test.py", false)
            });
            assert_eq!(outcome, Outcome::Interrupted, "{source}");
        }
    }

    #[test]
    fn endless_recursion_is_an_error() {
        let (outcome, text) = run(
            "def f(): f()\ntry:\n    f()\nexcept RuntimeError as e:\n    print(e)\n",
            8192,
        );
        assert_eq!(
            (outcome, text.as_str()),
            (Outcome::Done, "maximum recursion depth exceeded\n")
        );
    }

    /// Dropped objects make room for new ones: the program needs many times the heap.
    #[test]
    fn garbage_is_collected() {
        let source = "total = 0\nfor i in range(2000):\n    x = [str(i), (i, i), {i: i}, bytes(50)]\n    total += len(x)\nprint(total)\n";
        let (outcome, text) = run(source, 8192);
        assert_eq!((outcome, text.as_str()), (Outcome::Done, "8000\n"));
    }

    /// Whatever the size of the heap, a program runs, or is told that memory ran out.
    #[test]
    fn heap_of_any_size_is_enough_or_raises() {
        let source = "def f(n):\n    return [str(i) + 'x' * i for i in range(n)]\nclass A:\n    def __init__(self):\n        self.a = f(30)\ntry:\n    a = [A() for _ in range(4)]\n    print(len(a))\nexcept MemoryError:\n    print('MemoryError')\n";
        let mut enough = 0;
        for words in (1500..14_000).step_by(97) {
            let (outcome, text) = run(source, words);
            match (outcome, text.as_str()) {
                (Outcome::Done, "4\n") => enough += 1,
                (Outcome::Done, "MemoryError\n") => {}
                (Outcome::Failed, text) => assert!(text.contains("MemoryError"), "{words}: {text}"),
                other => panic!("{words}: {other:?}"),
            }
        }
        assert!(enough > 10, "{enough}");
    }
}

const BLOCKS: &[u8] = include_bytes!("../../bytecode/tests/images/blocks.mpy");
const ACTIONS: &[u8] = include_bytes!("images/actions.mpy");

fn run_image(image: &[u8]) -> (Outcome, String) {
    let mut host = Recorder {
        polls_left: Some(20),
        ..Recorder::default()
    };
    let outcome = with_vm(16_384, &mut host, |vm| vm.run_image(image));
    (outcome, String::from_utf8_lossy(&host.output).into_owned())
}

#[test]
fn image_of_mpy_cross_runs() {
    let (outcome, text) = run_image(ACTIONS);
    assert_eq!(
        (outcome, text.lines().last()),
        (Outcome::Done, Some("done"))
    );
    assert_eq!(run_image(BLOCKS), (Outcome::Done, String::new()));
}

/// Bytecode with wrong bytes in it is refused, raises, or runs; it never leaves the interpreter's memory.
#[test]
fn damaged_image_is_refused_or_runs() {
    let (mut refused, mut ran) = (0, 0);
    for seed in 1..6000_u64 {
        let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut bytes = ACTIONS.to_vec();
        for _ in 0..1 + seed % 3 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let index = (random >> 32) as usize % bytes.len();
            bytes[index] = random as u8;
        }
        let outcome = std::panic::catch_unwind(|| run_image(&bytes));
        let Ok((_, text)) = outcome else {
            panic!("seed {seed}")
        };
        if text.contains("incompatible .mpy file") || text.contains("invalid bytecode") {
            refused += 1;
        } else {
            ran += 1;
        }
    }
    assert!(refused > 500 && ran > 500, "{refused} refused, {ran} ran");
}
