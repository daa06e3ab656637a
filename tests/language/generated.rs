//! Programs that nobody wrote: made by a grammar from a seed, run by `upy` and by MicroPython, which must print the
//! same. Every statement prints what it did or what it raised, and whatever grows is cut, so that each program ends.
//!
//! Left out is what the two are known to do differently: the order of sets and of dicts, reflected comparisons, mixtures of
//! bytes and texts, and which of three errors a wrong index or factor is.
//!
//! `UCLI_GENERATED=COUNT` runs so many more; a difference names its seed, and the program is kept.

use std::fmt::Write as _;

use harness::sample;

/// What stands before every program: `c` cuts what has grown too large.
const PRELUDE: &str = "\
def c(x):
    t = type(x)
    if t is int and not -(1 << 300) < x < 1 << 300:
        return x % 1000003
    if t in (str, bytes, list, tuple) and len(x) > 40:
        return x[:7]
    if t is dict and len(x) > 20:
        return {1: 2}
    return x
def show(x):
    t = type(x)
    if t is float:
        print('%.6g' % x)
    elif t is dict:
        print(sorted(repr(k) + repr(x[k]) for k in x))
    elif t is set:
        print(sorted(repr(k) for k in x))
    else:
        print(repr(x))
LIKE = (TypeError, IndexError, OverflowError)
def f0(x, y=2): return x, y
def gen(n, k=3):
    for i in range(n % 7 if type(n) is int else 3):
        got = yield i * k
        if got:
            return got
class P:
    shared = [1]
    def __init__(self, v=0): self.v = v
    def __add__(self, o): return P(c((self.v, o)))
    def __eq__(self, o): return isinstance(o, P) and self.v == o.v
    def __len__(self): return 3
    def __getitem__(self, i): return [5, 6, 7][i]
    def __contains__(self, x): return x == 5
    def __call__(self, *a, **k): return (len(a), sorted(k))
    def __hash__(self): return 11
    def __repr__(self): return 'P(%r)' % (self.v,)
a, b, d, e, f, g = 5, 'text', [3, 1, 2], {'k': 1}, (1, 'x', None), P(4)
";

const NAMES: [&str; 6] = ["a", "b", "d", "e", "f", "g"];
/// Those whose items are set and removed: the order of a dict with several is nobody's.
const KEPT_SHORT: [&str; 4] = ["b", "d", "f", "g"];
const INTEGERS: [&str; 14] = [
    "0",
    "1",
    "-1",
    "2",
    "7",
    "10",
    "-13",
    "255",
    "256",
    "65535",
    "1073741823",
    "4294967296",
    "1208925819614629174706176",
    "-99999999999999999999",
];
const TEXTS: [&str; 8] = [
    "''", "'a'", "'abc'", "'a b c'", "'12'", "'xyzzy'", "'%d-%s'", "'{}|{}'",
];

/// Expressions with holes; see [`Maker::fill`].
const SHAPES: [&str; 68] = [
    "({x} {o} {y})",
    "({x} {o} {y})",
    "({x} {q} {y})",
    "({x} {q} {y} {q} {z})",
    "({x} and {y})",
    "({x} or {y})",
    "(not {x})",
    "(-{x})",
    "(~{x})",
    "(+{x})",
    "({y} if {x} else {z})",
    "[{x}, {y}]",
    "({x}, {y}, {z})",
    "{{x}: {y}}",
    "[i for i in ({x}, {y}) if i]",
    "({x})[{s}]",
    "tuple({x})[{i}:{j}]",
    "str({x})[:{j}]",
    "len({x})",
    "abs({x})",
    "str({x})",
    "repr({x})",
    "bool({x})",
    "int({x})",
    "list({x})[:9]",
    "tuple({x})[:9]",
    "sum([{n}, {m}])",
    "min({n}, {m})",
    "max({x}, {y})",
    "sorted([{n}, {m}, 3])",
    "list(zip({x}, {y}))[:5]",
    "list(enumerate({x}))[:4]",
    "list(map(str, ({x}, {y})))",
    "(lambda p, q=2: (p, q))({x})",
    "f{u}({x})",
    "f{u}({x}, {y})",
    "f{u}(x={x})",
    "f{u}(*{x})",
    "'%s' % ({x},)",
    "'%5d|' % {x}",
    "'%x' % {n}",
    "'{}-{}'.format({x}, {y})",
    "'{:>6}|'.format({x})",
    "f'{ {x} }'",
    "({x} in list({y}))",
    "({x} is {y})",
    "isinstance({x}, (str, list, P))",
    "type({x}).__name__",
    "({x}).{t}",
    "{b}.{t}",
    "b.{t}",
    "d.{l}",
    "e.{k}",
    "list(gen({x}))",
    "[*map(len, ({x}, {y}))]",
    "g({x}, k={y})",
    "(g + {x})",
    "divmod({n}, {m})",
    "pow({n}, 3)",
    "({n} << {s})",
    "({n} >> {s})",
    "any(({x}, {y}))",
    "all(({x}, {y}))",
    "getattr(g, 'v', {x})",
    "dict([({n}, {x})])",
    "sorted(set([{n}, {m}]))",
    "chr(97 + {s})",
    "({x} := {y})",
];

/// Makes one program.
pub(crate) struct Maker {
    state: u64,
    text: String,
    functions: usize,
    loops: usize,
}

impl Maker {
    pub(crate) fn program(seed: u64) -> String {
        let mut maker = Self {
            state: seed,
            text: PRELUDE.to_string(),
            functions: 1,
            loops: 0,
        };
        for _ in 0..4 {
            maker.function();
        }
        for _ in 0..25 {
            maker.guarded(0);
        }
        maker.text
    }

    fn below(&mut self, limit: usize) -> usize {
        let bytes = sample::random_from(&mut self.state, 4);
        let word = u32::from_le_bytes(bytes.try_into().expect("four bytes"));
        word as usize % limit
    }

    fn one_of<'t>(&mut self, table: &[&'t str]) -> &'t str {
        table[self.below(table.len())]
    }

    fn line(&mut self, depth: usize, text: &str) {
        let indent = "    ".repeat(depth);
        writeln!(self.text, "{indent}{text}").expect("strings grow");
    }

    /// A function of one to three parameters that returns in one of several ways.
    fn function(&mut self) {
        let number = self.functions;
        let head = self.one_of(&[
            "x",
            "x, y=2",
            "x, *y",
            "x, y=(1,), *, z=3",
            "x=1, y='d', **z",
        ]);
        self.line(0, &format!("def f{number}({head}):"));
        match self.below(4) {
            0 => {
                let value = self.expression(2);
                self.line(1, &format!("return {value}"));
            }
            1 => {
                self.line(1, "n = 0");
                self.line(1, "def inner(m):");
                self.line(2, "nonlocal n");
                self.line(2, "n += 1");
                self.line(2, "return x if m else n");
                self.line(1, "return inner(0), inner(1), inner(0)");
            }
            2 => {
                let (value, other) = (self.expression(1), self.expression(1));
                self.line(1, "try:");
                self.line(2, &format!("return {value}"));
                self.line(1, "except TypeError:");
                self.line(2, &format!("return {other}"));
                self.line(1, "finally:");
                self.line(2, "print('finally')");
            }
            _ => {
                let value = self.expression(1);
                self.line(1, "for i in range(4):");
                self.line(2, &format!("if i == 2 and {value}:"));
                self.line(3, "return i");
                self.line(1, "else:");
                self.line(2, "return 'else'");
            }
        }
        self.functions += 1;
    }

    /// A statement that says what became of it.
    fn guarded(&mut self, depth: usize) {
        self.line(depth, "try:");
        self.statement(depth + 1);
        self.line(depth, "except Exception as err:");
        self.line(
            depth + 1,
            "print('refused' if type(err) in LIKE else type(err).__name__)",
        );
    }

    fn statement(&mut self, depth: usize) {
        let name = self.one_of(&NAMES);
        match self.below(if depth > 3 { 7 } else { 13 }) {
            0..=2 => {
                let value = self.expression(3);
                self.line(depth, &format!("{name} = c({value})"));
                self.line(depth, &format!("show({name})"));
            }
            3 => {
                let name = self.one_of(&KEPT_SHORT);
                let (operator, value) = (self.operator(), self.expression(2));
                self.line(depth, &format!("{name} {operator}= {value}"));
                self.line(depth, &format!("{name} = c({name})"));
                self.line(depth, &format!("show({name})"));
            }
            4 => {
                let (first, second) = (self.one_of(&NAMES), self.one_of(&NAMES));
                let target = self.one_of(&["{1}, {2}", "{1}, *{2}", "*{1}, {2}", "({1}, {2})"]);
                let target = target.replace("{1}", first).replace("{2}", second);
                let value = self.expression(2);
                self.line(depth, &format!("{target} = {value}"));
                self.line(
                    depth,
                    &format!("{first}, {second} = c({first}), c({second})"),
                );
                self.line(depth, &format!("show({first}); show({second})"));
            }
            5 => {
                let name = self.one_of(&KEPT_SHORT);
                let (at, value) = (self.index(), self.expression(2));
                self.line(depth, &format!("{name}[{at}] = {value}"));
                self.line(depth, &format!("show({name})"));
            }
            6 => {
                let value = self.expression(3);
                self.line(depth, &format!("show(c({value}))"));
            }
            _ => self.compound(depth),
        }
    }

    /// A statement with statements in it, and a few others.
    fn compound(&mut self, depth: usize) {
        match self.below(6) {
            0 => {
                let condition = self.expression(2);
                self.line(depth, &format!("if {condition}:"));
                self.statement(depth + 1);
                self.line(depth, "else:");
                self.statement(depth + 1);
            }
            1 => {
                let value = self.expression(2);
                self.line(depth, &format!("for i in list(c({value}))[:4]:"));
                self.guarded(depth + 1);
                let leave = self.one_of(&["break", "continue", "pass"]);
                let condition = self.expression(1);
                self.line(depth + 1, &format!("if {condition}: {leave}"));
                self.line(depth, "else:");
                self.line(depth + 1, "print('no break')");
            }
            2 => {
                self.loops += 1;
                let count = format!("n{}", self.loops);
                self.line(depth, &format!("{count} = 0"));
                let condition = self.expression(1);
                self.line(
                    depth,
                    &format!("while {count} < 3 and ({condition} or {count} < 2):"),
                );
                self.line(depth + 1, &format!("{count} += 1"));
                self.guarded(depth + 1);
            }
            3 => {
                let kind = self.one_of(&["ZeroDivisionError", "KeyError", "Exception"]);
                self.line(depth, "try:");
                self.statement(depth + 1);
                self.line(depth, &format!("except {kind} as err:"));
                self.line(depth + 1, "print('caught')");
                self.line(depth, "else:");
                self.line(depth + 1, "print('fine')");
                self.line(depth, "finally:");
                self.line(depth + 1, "print('end')");
            }
            4 => {
                let name = self.one_of(&KEPT_SHORT);
                let at = self.index();
                self.line(depth, &format!("del {name}[{at}]"));
                self.line(depth, &format!("show({name})"));
            }
            _ => {
                let value = self.expression(1);
                self.line(depth, &format!("it = gen({value})"));
                self.line(depth, "print(next(it), it.send(None), list(it))");
            }
        }
    }

    /// What is put between brackets.
    fn index(&mut self) -> String {
        match self.below(3) {
            0 => self.one_of(&TEXTS).to_string(),
            _ => self.below(5).to_string(),
        }
    }

    fn operator(&mut self) -> &'static str {
        self.one_of(&["+", "-", "*", "//", "%", "&", "^"])
    }

    fn expression(&mut self, depth: usize) -> String {
        if depth == 0 {
            return match self.below(4) {
                0 => self.one_of(&INTEGERS).to_string(),
                1 => self.one_of(&TEXTS).to_string(),
                2 => self
                    .one_of(&["None", "True", "[]", "()", "{}", "1.5", "0.25", "P(2)"])
                    .to_string(),
                _ => self.one_of(&NAMES).to_string(),
            };
        }
        let x = self.expression(depth - 1);
        let shape = self.one_of(&SHAPES);
        let shape = match shape {
            // Where these would be refused by the compiler.
            "({x} := {y})" => "(w := {y})",
            "[*map(len, ({x}, {y}))]" => "list(map(len, ({x}, {y})))",
            "f'{ {x} }'" => "'{}'.format({x})",
            other => other,
        };
        let mut text = shape.replace("{{x}: {y}}", "{ {x}: {y} }");
        while let Some(at) = text.find('{') {
            let Some(hole) = text.get(at + 1..at + 3).filter(|hole| hole.ends_with('}')) else {
                // Braces of Python stay.
                text.replace_range(at..=at, "\u{1}");
                continue;
            };
            let filled = self.fill(&hole[..1], &x, depth);
            text.replace_range(at..at + 3, &filled.replace('{', "\u{1}"));
        }
        text.replace('\u{1}', "{")
    }

    fn fill(&mut self, hole: &str, x: &str, depth: usize) -> String {
        match hole {
            "x" => x.to_string(),
            "y" | "z" => self.expression(depth - 1),
            "b" => self.one_of(&TEXTS).to_string(),
            "o" => self.operator().to_string(),
            "q" => self.one_of(&["==", "!=", "<", ">", "<=", ">="]).to_string(),
            "n" | "m" => self.one_of(&INTEGERS).to_string(),
            "i" | "j" | "s" => self.below(9).to_string(),
            "u" => self.below(self.functions).to_string(),
            "t" => self
                .one_of(&[
                    "upper()",
                    "lower()",
                    "strip()",
                    "split()",
                    "split('b')",
                    "find('b')",
                    "count('a')",
                    "replace('a', 'zz')",
                    "startswith('a')",
                    "endswith('c')",
                    "isdigit()",
                    "isalpha()",
                    "join(['p', 'q'])",
                    "partition('b')",
                    "index('c')",
                    "rfind('a')",
                    "lstrip('a')",
                    "rsplit('y', 1)",
                ])
                .to_string(),
            "l" => self
                .one_of(&[
                    "append(9)",
                    "pop()",
                    "pop(0)",
                    "sort()",
                    "reverse()",
                    "index(3)",
                    "count(1)",
                    "insert(1, 'i')",
                    "extend((8, 9))",
                    "remove(2)",
                    "copy()",
                    "clear()",
                ])
                .to_string(),
            "k" => self
                .one_of(&[
                    "get('k')",
                    "get(9, 'no')",
                    "pop('k', 0)",
                    "setdefault('n', 5)",
                    "update({3: 4})",
                    "copy()",
                    "pop(2)",
                ])
                .to_string(),
            other => format!("{{{other}}}"),
        }
    }
}
