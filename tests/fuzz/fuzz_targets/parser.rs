//! Source texts up to the tree: the parser answers in time that grows with the text, and a tree
//! refers to nothing outside itself.

#![no_main]

use libfuzzer_sys::fuzz_target;
use upy_syntax::arena::Arena;
use upy_syntax::ast::Node;
use upy_syntax::lexer::LexerOptions;
use upy_syntax::name::{Names, Predefined, sorted_order};
use upy_syntax::parser::{Mode, ParserOptions, parse};

const TEXTS: [&str; 3] = ["", "const", "math"];
const ORDER: [u16; 3] = sorted_order(&TEXTS);
/// What the nodes of a level of brackets amount to.
const NODES_PER_LEVEL: u32 = 8;
const DEPTH: u16 = 60;

fuzz_target!(|data: &[u8]| {
    let mut storage = vec![0; 1 << 20];
    let mut arena = Arena::new(&mut storage);
    let predefined = Predefined {
        texts: &TEXTS,
        order: &ORDER,
    };
    let mut names = Names::new(&mut arena, predefined).expect("the storage is large enough");
    let options = ParserOptions {
        mode: Mode::File,
        small_integer_bits: 31,
        lexer: LexerOptions {
            debug: true,
            template_strings: true,
        },
        depth_limit: DEPTH,
    };
    match parse(&mut arena, &mut names, data, options) {
        Ok(root) => walk(&arena, root, 0),
        Err(error) => assert!(error.line as usize <= data.len() + 2),
    }
});

fn walk(arena: &Arena<'_>, node: Node, depth: u32) {
    // Prefixes and powers nest without brackets; their trees are as deep as their text is long.
    if depth > NODES_PER_LEVEL * u32::from(DEPTH) || !node.is_branch() {
        return;
    }
    if node.is(arena, upy_syntax::ast::Kind::Constant) {
        return;
    }
    for index in 0..node.count(arena) {
        walk(arena, node.child(arena, index), depth + 1);
    }
}
