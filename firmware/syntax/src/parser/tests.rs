//! Trees of small sources, written as nested lists.

extern crate std;

use std::format;
use std::string::{String, ToString as _};
use std::vec::Vec;

use super::{Mode, ParserOptions, parse};
use crate::arena::Arena;
use crate::ast::{Kind, Leaf, Node};
use crate::constant::float::Repr;
use crate::constant::{Constant, View};
use crate::error::{Error, ErrorKind, Message};
use crate::lexer::LexerOptions;
use crate::name::{Names, Predefined, sorted_order};

const TEXTS: [&str; 3] = ["", "const", "math"];
const ORDER: [u16; 3] = sorted_order(&TEXTS);

fn options(mode: Mode) -> ParserOptions {
    ParserOptions {
        mode,
        small_integer_bits: 31,
        lexer: LexerOptions {
            debug: true,
            template_strings: false,
        },
        depth_limit: 50,
    }
}

/// The tree of `source` as text.
fn tree(source: &str) -> Result<String, Error> {
    let mut storage = std::vec![0; 1 << 18];
    let mut arena = Arena::new(&mut storage);
    let predefined = Predefined {
        texts: &TEXTS,
        order: &ORDER,
    };
    let mut names = Names::new(&mut arena, predefined)?;
    let root = parse(
        &mut arena,
        &mut names,
        source.as_bytes(),
        options(Mode::File),
    )?;
    Ok(show(root, &mut arena, &names))
}

fn show(node: Node, arena: &mut Arena<'_>, names: &Names) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_string();
    match node.leaf(arena) {
        Leaf::Nothing => "-".into(),
        Leaf::Small(value) => value.to_string(),
        Leaf::Name(name) => text(names.text(arena, name)),
        Leaf::String(name) => format!("'{}'", text(names.text(arena, name))),
        Leaf::Literal(literal) => format!("{literal:?}"),
        Leaf::Operator(operator) => format!("op{}", operator.0),
        Leaf::Branch(Kind::Constant) => {
            show_constant(Constant(node.raw_child(arena, 0)), arena, names)
        }
        Leaf::Branch(kind) => {
            let children: Vec<String> = (0..node.count(arena))
                .map(|index| show(node.child(arena, index), arena, names))
                .collect();
            format!("{kind:?}[{}]", children.join(" "))
        }
    }
}

fn show_constant(constant: Constant, arena: &mut Arena<'_>, names: &Names) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_string();
    match constant.view(arena) {
        View::Literal(literal) => format!("{literal:?}"),
        View::Name(name) => format!("'{}'", text(names.text(arena, name))),
        View::String(bytes) => format!("'{}'", text(bytes)),
        View::Bytes(bytes) => format!("b'{}'", text(bytes)),
        View::Integer(value) => {
            let mut digits = Vec::new();
            let mut write = |part: &[u8]| {
                digits.extend_from_slice(part);
                Ok::<(), crate::arena::OutOfMemory>(())
            };
            value.write_decimal(arena, &mut write).unwrap();
            text(&digits)
        }
        View::Float(value) => format!("{}f", text(Repr::of(value).bytes())),
        View::Imaginary(value) => format!("{}j", text(Repr::of(value).bytes())),
        View::Tuple(count) => {
            let items: Vec<String> = (0..count)
                .map(|index| show_constant(constant.item(arena, index), arena, names))
                .collect();
            format!("({})", items.join(" "))
        }
    }
}

/// The tree of one expression.
fn expression(source: &str) -> String {
    let tree = tree(&format!("x = {source}\n")).unwrap();
    tree.strip_prefix("Expression[x ")
        .unwrap()
        .strip_suffix(']')
        .unwrap()
        .into()
}

#[test]
fn operators_bind_by_precedence() {
    for (source, expected) in [
        ("a + b * c", "Term[a op27 Term[b op29 c]]"),
        ("(a + b) * c", "Term[Term[a op27 b] op29 c]"),
        ("a - b - c", "Term[a op28 b op28 c]"),
        ("-a ** -b ** c", "Unary[op1 Power[a Unary[op1 Power[b c]]]]"),
        ("not a == b", "Not[Comparison[a op2 b]]"),
        ("a or b and not c", "Or[a And[b Not[c]]]"),
        ("a | b ^ c & d", "BitOr[a BitXor[b BitAnd[c d]]]"),
        ("a < b in c is not d", "Comparison[a op0 b op6 c op36 d]"),
        (
            "a if b else c if d else e",
            "IfExpression[a b IfExpression[c d e]]",
        ),
        (
            "lambda a, *b, c=1: a",
            "Lambda[Parameters[a StarParameter[b -] Parameter[c - 1]] a -]",
        ),
        ("await_ << 1 >> b", "Term[await_ op25 1 op26 b]"),
    ] {
        assert_eq!(expression(source), expected, "{source}");
    }
}

#[test]
fn brackets_leave_a_node_only_where_they_mean_something() {
    for (source, expected) in [
        ("((a))", "a"),
        ("()", "Paren[-]"),
        ("(a,)", "Paren[Sequence[a]]"),
        ("[a]", "Bracket[a]"),
        ("[a, b,]", "Bracket[Sequence[a b]]"),
        ("{}", "Brace[-]"),
        ("{a: b}", "Brace[Pair[a b]]"),
        ("{a, b}", "Brace[Items[a b]]"),
        (
            "(a for a in b)",
            "Paren[Comprehension[a ForClause[a b - -]]]",
        ),
        (
            "[a for a in b if c]",
            "Bracket[Comprehension[a ForClause[a b IfClause[c -] -]]]",
        ),
        (
            "a.b(c)[d:]",
            "Primary[a Attribute[b] Call[c] Subscript[Slice[d - -]]]",
        ),
        (
            "a[1:2, ::3]",
            "Primary[a Subscript[SubscriptList[Slice[1 2 -] Slice[- - 3]]]]",
        ),
    ] {
        assert_eq!(expression(source), expected, "{source}");
    }
}

#[test]
fn constants_are_folded() {
    for (source, expected) in [
        ("1 + 2 * 3", "7"),
        ("1 << 31", "2147483648"),
        ("-(1 << 30)", "-1073741824"),
        ("2 ** 100 % 97", "16"),
        ("-7 // 2", "-4"),
        ("7 / 2", "3.5f"),
        ("~5 & 0xff", "250"),
        ("-5 ^ 1 << 40", "-1099511627781"),
        ("-1 >> 100", "-1"),
        ("1 / 0", "Term[1 op32 0]"),
        ("(-8) ** 0.5", "Power[-8 0.5f]"),
        ("1 << -1", "Term[1 op25 -1]"),
        ("1 + 2j", "Term[1 op27 2j]"),
        ("a or 1 or b", "Or[a 1]"),
        ("0 or '' or a", "a"),
        ("1 and a", "a"),
        ("not ''", "True"),
        ("(1, 'a', (b'c', None))", "(1 'a' (b'c' None))"),
        ("1, a", "TargetList[1 a]"),
        ("math.pi", "3.141592653589793f"),
        ("math.pi.x", "Primary[math Attribute[pi] Attribute[x]]"),
    ] {
        assert_eq!(expression(source), expected, "{source}");
    }
}

#[test]
fn declared_constants_replace_their_name() {
    let source = "_A = const(2 + 3)\nB = const((_A, 'long enough text'))\nc = _A * 2, B, d._A\n";
    assert_eq!(
        tree(source).unwrap(),
        "Block[Pass[] Expression[B (5 'long enough text')] Expression[c TargetList[10 (5 'long enough text') \
         Primary[d Attribute[_A]]]]]"
    );
    let error = tree("_A = const(b)\n").unwrap_err();
    assert_eq!(
        (error.message, error.line),
        (Message::Fixed("not a constant"), 1)
    );
}

#[test]
fn statements_have_their_parts() {
    for (source, expected) in [
        ("a = b = c", "Expression[a Targets[b c]]"),
        ("a += 1", "Expression[a Augmented[op14 1]]"),
        ("a: b = 1", "Expression[a Annotation[b 1]]"),
        ("'text'", "Pass[]"),
        ("a; b", "Block[Expression[a -] Expression[b -]]"),
        ("del a, b", "Delete[ExpressionList[a b]]"),
        ("raise a from b", "Raise[a b]"),
        ("import a.b as c, d", "Import[ModuleAs[Dotted[a b] c] d]"),
        (
            "from ...a import (b as c, d,)",
            "ImportFrom[3 a ImportedName[b c] ImportedName[d -]]",
        ),
        ("from . import *", "ImportFrom[1 - Star]"),
        (
            "if a: b\nelif c: d\nelse: e",
            "If[a Expression[b -] c Expression[d -] Expression[e -]]",
        ),
        ("while a: pass", "While[a Pass[] -]"),
        (
            "for a, b in c: pass\nelse: d",
            "For[ExpressionList[a b] c Pass[] Expression[d -]]",
        ),
        ("try: pass\nfinally: a", "Try[Pass[] - Expression[a -]]"),
        (
            "try: pass\nexcept a as b: pass\nelse: c",
            "Try[Pass[] Expression[c -] - Except[a b Pass[]]]",
        ),
        ("with a as b, c: pass", "With[Pass[] WithItem[a b] c]"),
        (
            "def f(a, b=1) -> c: pass",
            "Function[f Parameters[a Parameter[b - 1]] c Pass[] -]",
        ),
        (
            "class A(b, c=1): pass",
            "Class[A Arguments[b KeywordArgument[c 1]] Pass[] -]",
        ),
        (
            "@a.b(c)\nclass A: pass",
            "Decorated[Decorator[Dotted[a b] Call[c]] Class[A - Pass[] -]]",
        ),
    ] {
        assert_eq!(tree(&format!("{source}\n")).unwrap(), expected, "{source}");
    }
}

#[test]
fn errors_have_the_line_of_the_token() {
    for (source, line) in [
        ("a b\n", 1),
        ("\n\na = = b\n", 3),
        ("f(\n1 2)\n", 2),
        ("if a:\n  b\nelse\n", 3),
        ("a = (1,\n", 2),
        ("def f(a=1, b c): pass\n", 1),
    ] {
        let error = tree(source).unwrap_err();
        assert_eq!(
            (error.kind, error.line),
            (ErrorKind::Syntax, line),
            "{source:?}"
        );
    }
    assert_eq!(tree("if a:\nb\n").unwrap_err().kind, ErrorKind::Syntax);
    assert_eq!(tree("a\n  b\n").unwrap_err().kind, ErrorKind::Indentation);
}

#[test]
fn nesting_at_the_limit_ok() {
    assert!(tree(&format!("{}a{}\n", "(".repeat(50), ")".repeat(50))).is_ok());
}

#[test]
fn nesting_above_the_limit_err() {
    let error = tree(&format!("{}a{}\n", "(".repeat(51), ")".repeat(51))).unwrap_err();
    assert_eq!(error, Error::too_deep());
}

#[test]
fn modes_take_what_they_are_for() {
    let parses = |mode, source: &str| {
        let mut storage = std::vec![0; 1 << 16];
        let mut arena = Arena::new(&mut storage);
        let predefined = Predefined {
            texts: &TEXTS,
            order: &ORDER,
        };
        let mut names = Names::new(&mut arena, predefined).unwrap();
        parse(&mut arena, &mut names, source.as_bytes(), options(mode)).is_ok()
    };
    assert!(
        parses(Mode::Eval, "a, b\n") && !parses(Mode::Eval, "a = b\n") && !parses(Mode::Eval, "")
    );
    assert!(parses(Mode::Single, "if a:\n  b\n") && parses(Mode::Single, "\n"));
    assert!(!parses(Mode::Single, "a\nb\n"));
    assert!(parses(Mode::File, "") && parses(Mode::File, "a\n\nb\n"));
}
