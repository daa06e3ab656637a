//! Sources that are refused, with the words and the line of `mpy-cross`.

use upy_compiler::Options;

use crate::support::image_of;
use crate::{peer, their_image};

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
