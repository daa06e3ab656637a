//! What the options change, and that they change nothing else.

mod support;

use std::fmt::Write as _;

use support::image_of;
use upy_bytecode::disasm::listing;
use upy_bytecode::mpy::Image;
use upy_bytecode::{Code, Opcode};
use upy_compiler::{Mode, NativeCode, Options};

fn options() -> Options<'static> {
    Options::new("o.py")
}

/// The listing of the outermost code of `source`.
fn module_listing(source: &str, options: &Options<'_>) -> String {
    let bytes = image_of(source.as_bytes(), options).expect(source);
    let image = Image::parse(&bytes, options.small_integer_bits).expect("the image can be read");
    let mut text = String::new();
    let code = Code::parse(image.code().bytes).expect("the code has a prelude");
    listing(&mut text, &code).expect("a string takes everything");
    text
}

fn refusal(source: &str, options: &Options<'_>) -> String {
    let report = image_of(source.as_bytes(), options).expect_err(source);
    report.lines().last().unwrap_or_default().to_owned()
}

#[test]
fn an_interactive_expression_is_printed() {
    let options = Options {
        mode: Mode::Single,
        ..options()
    };
    let listing = module_listing("1 + x\n", &options);
    assert!(listing.contains(Opcode::CallFunction.name()), "{listing}");
    let bytes = image_of(b"1 + x\n", &options).unwrap();
    assert!(bytes.windows(14).any(|window| window == b"__repl_print__"));
    let inside = image_of(b"def f():\n    x\n", &options).unwrap();
    assert!(!inside.windows(14).any(|window| window == b"__repl_print__"));
}

#[test]
fn a_lone_constant_is_printed_only_interactively() {
    let single = Options {
        mode: Mode::Single,
        ..options()
    };
    assert!(
        image_of(b"'text'\n", &single)
            .unwrap()
            .windows(4)
            .any(|part| part == b"text")
    );
    assert!(
        !image_of(b"'text'\n", &options())
            .unwrap()
            .windows(4)
            .any(|part| part == b"text")
    );
}

#[test]
fn an_expression_is_returned() {
    let eval = Options {
        mode: Mode::Eval,
        ..options()
    };
    assert_eq!(module_listing("x", &eval), module_listing("x\n", &eval));
    assert!(
        module_listing("x, 1", &eval)
            .trim_end()
            .ends_with(Opcode::ReturnValue.name())
    );
    assert_eq!(refusal("x = 1", &eval), "SyntaxError: invalid syntax");
}

#[test]
fn levels_leave_out_assertions_then_lines() {
    let source = "assert x\nprint(__debug__)\n\n\nprint(2)\n";
    let at = |opt_level| {
        image_of(
            source.as_bytes(),
            &Options {
                opt_level,
                ..options()
            },
        )
        .unwrap()
    };
    assert!(at(0).len() > at(1).len());
    assert_eq!(at(1), at(2));
    assert!(at(2).len() > at(3).len());
    let without_lines = Options {
        opt_level: 1,
        source_lines: false,
        ..options()
    };
    assert_eq!(image_of(source.as_bytes(), &without_lines).unwrap(), at(3));
}

#[test]
fn native_functions_become_bytecode_on_request() {
    let plain = "def f(x):\n    return x + 1\n";
    for mark in ["native", "viper", "bytecode"] {
        // The decorator takes a line of its own, so lines are left out.
        let marked = format!("@micropython.{mark}\n{plain}");
        let bytecode = Options {
            native: NativeCode::Bytecode,
            opt_level: 3,
            ..options()
        };
        let image = image_of(marked.as_bytes(), &bytecode).expect(mark);
        assert_eq!(
            image,
            image_of(plain.as_bytes(), &bytecode).unwrap(),
            "{mark}"
        );
    }
    let native = "@micropython.native\ndef f(): pass\n";
    assert_eq!(refusal(native, &options()), "SyntaxError: invalid arch");
}

#[test]
fn machine_types_of_viper_err() {
    let bytecode = Options {
        native: NativeCode::Bytecode,
        ..options()
    };
    let expected = "SyntaxError: viper pointer and uint types need native code";
    for body in [
        "def f(x: ptr8): pass",
        "def f(x) -> uint: pass",
        "def f(x):\n    return ptr16(x)[0]",
        "def f(x):\n    return [ptr32(v) for v in x]",
    ] {
        assert_eq!(
            refusal(&format!("@micropython.viper\n{body}\n"), &bytecode),
            expected
        );
        // Outside viper code these are names like any other.
        assert!(image_of(format!("{body}\n").as_bytes(), &bytecode).is_ok());
    }
    let fine = "@micropython.viper\ndef f(x: int, y: object) -> bool:\n    return int(x) == y\n";
    assert!(image_of(fine.as_bytes(), &bytecode).is_ok());
    let assembler = "@micropython.asm_thumb\ndef f(): pass\n";
    assert_eq!(
        refusal(assembler, &bytecode),
        "SyntaxError: invalid micropython decorator"
    );
}

#[test]
fn await_at_the_outermost_level_needs_the_option() {
    assert_eq!(
        refusal("await x\n", &options()),
        "SyntaxError: 'await' outside function"
    );
    let allowed = Options {
        top_level_await: true,
        ..options()
    };
    assert!(module_listing("await x\n", &allowed).contains(Opcode::YieldFrom.name()));
}

#[test]
fn ordered_dict_literals_are_stored_one_by_one() {
    let source = "x = OrderedDict({1: 2, 3: 4})\n";
    let count =
        |options: &Options<'_>, name: &str| module_listing(source, options).matches(name).count();
    let ordered = Options {
        ordered_dict_literals: true,
        ..options()
    };
    assert_eq!(count(&options(), Opcode::BuildMap.name()), 1);
    assert_eq!(count(&ordered, Opcode::BuildMap.name()), 0);
    assert_eq!(count(&ordered, Opcode::StoreMap.name()), 2);
}

#[test]
fn template_strings_can_be_turned_off() {
    assert!(image_of(b"x = t'{y}'\n", &options()).is_ok());
    let without = Options {
        template_strings: false,
        ..options()
    };
    assert_eq!(
        refusal("x = t'{y}'\n", &without),
        "SyntaxError: invalid syntax"
    );
}

#[test]
fn small_integers_are_as_wide_as_the_machine_has_them() {
    let constants = |bits| {
        let options = Options {
            small_integer_bits: bits,
            ..options()
        };
        let bytes = image_of(b"x = 1 << 40\n", &options).unwrap();
        Image::parse(&bytes, bits).unwrap().constant_count()
    };
    assert_eq!((constants(31), constants(63)), (1, 0));
    let mut arguments = String::new();
    for index in 0..40 {
        write!(arguments, "{index}, ").unwrap();
    }
    let source = format!("f({arguments}*a)\n");
    assert_eq!(refusal(&source, &options()), "SyntaxError: too many args");
    assert!(
        image_of(
            source.as_bytes(),
            &Options {
                small_integer_bits: 63,
                ..options()
            }
        )
        .is_ok()
    );
}

/// `mpy-cross` makes code of these that calls or unpacks something else; here they are refused.
#[test]
fn more_arguments_or_targets_than_an_operand_counts_err() {
    let limits = |count: usize| {
        let call = image_of(
            format!("f({})\n", "a, ".repeat(count)).as_bytes(),
            &options(),
        );
        let keywords: String = (0..count).map(|index| format!("k{index}=a, ")).collect();
        let keywords = image_of(format!("f({keywords})\n").as_bytes(), &options());
        let targets = format!("{}*b = c\n", "a, ".repeat(count));
        (call, keywords, image_of(targets.as_bytes(), &options()))
    };
    let (call, keywords, targets) = limits(255);
    assert!(call.is_ok() && keywords.is_ok() && targets.is_ok());
    let (call, keywords, targets) = limits(256);
    assert!(call.unwrap_err().ends_with("SyntaxError: too many args\n"));
    assert!(
        keywords
            .unwrap_err()
            .ends_with("SyntaxError: too many args\n")
    );
    assert!(
        targets
            .unwrap_err()
            .ends_with("SyntaxError: too many targets beside *x\n")
    );
}
