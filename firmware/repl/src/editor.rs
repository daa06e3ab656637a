//! The line editor: keys in, the line and what a VT100 shows of it out.
//!
//! The text of a statement, with all its lines, is the interpreter's ([`Vm::input`]); the editor knows where
//! the current line begins and where the cursor is. It writes the same bytes as MicroPython's, so it
//! accepts only ASCII.
//!
//! Source: MicroPython `shared/readline/readline.c`.

use upy_runtime::{HISTORY_LINES, Vm};

use crate::complete::{Completion, complete};
use crate::terminal::Terminal;

/// How many blanks one level of indentation is.
const INDENT: usize = 4;
const BLANKS: &[u8; INDENT] = b"    ";

const BELL: &[u8] = b"\x07";

/// What a key did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The line goes on.
    Editing,
    /// The line is complete.
    Line,
    /// A control byte that is the prompt's business: 1 to 5 on an empty line, Ctrl-C anywhere.
    Control(u8),
}

/// Where in an escape sequence the input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    None,
    /// ESC
    Started,
    /// ESC [
    Bracket,
    /// ESC [ digit
    Digit(u8),
    /// ESC O
    Letter,
}

/// What a key asks for.
#[derive(Clone, Copy)]
enum Key {
    Nothing,
    Home,
    End,
    Left,
    Right,
    WordLeft,
    WordRight,
    Up,
    Down,
    Delete,
    Backspace,
    DeleteWord,
    BackspaceWord,
    KillRight,
    KillLeft,
    Tab,
    Insert(u8),
}

/// How the terminal is brought up to date.
#[derive(Clone, Copy, Default)]
struct Redraw {
    back: usize,
    forward: usize,
    from_cursor: bool,
}

/// The state of the line being typed.
#[derive(Debug)]
pub(crate) struct Editor {
    /// Where the line begins in the text.
    start: usize,
    cursor: usize,
    escape: Escape,
    /// Which line of the history is shown; the line being typed is none of them.
    history: Option<usize>,
    /// The byte that ended the last line, so that CR LF counts once.
    last_end: Option<u8>,
    indents: bool,
    just_indented: bool,
    first: bool,
}

impl Editor {
    pub(crate) const fn new() -> Self {
        Self {
            start: 0,
            cursor: 0,
            escape: Escape::None,
            history: None,
            last_end: None,
            indents: false,
            just_indented: false,
            first: true,
        }
    }

    /// Whether the line is the first of its statement.
    pub(crate) const fn is_first(&self) -> bool {
        self.first
    }

    /// Begins a line at the end of the text: writes the prompt and indents.
    pub(crate) fn begin(&mut self, vm: &mut Vm<'_>, terminal: &Terminal<'_>) {
        self.start = vm.input().len();
        self.cursor = self.start;
        self.escape = Escape::None;
        self.history = None;
        self.first = self.start == 0;
        self.just_indented = false;
        vm.prompt_text(self.first, &mut |text| terminal.write(text));
        if self.first {
            self.indents = true;
        } else if self.indents {
            let levels = levels_after(vm.input());
            for _ in 0..levels {
                if !vm.insert_input(self.cursor, BLANKS) {
                    break;
                }
                terminal.write(BLANKS);
                self.cursor += INDENT;
                self.just_indented = true;
            }
        }
    }

    /// One byte of input.
    pub(crate) fn key(&mut self, vm: &mut Vm<'_>, terminal: &Terminal<'_>, byte: u8) -> Step {
        let key = match self.escape {
            Escape::None => {
                let is_empty = vm.input().len() == self.start;
                if byte == 3 || (is_empty && (1..=5).contains(&byte)) {
                    return Step::Control(byte);
                }
                if self.ends_line(byte) {
                    terminal.write(b"\r\n");
                    vm.remember_input(self.start);
                    return Step::Line;
                }
                self.plain(byte)
            }
            _ => self.escaped(byte),
        };
        let old_len = vm.input().len();
        if let Some(redraw) = self.perform(vm, terminal, key) {
            self.redraw(vm, terminal, redraw, old_len);
        }
        self.just_indented = false;
        Step::Editing
    }

    /// A carriage return or a line feed ends the line, unless it is the second byte of a pair.
    fn ends_line(&mut self, byte: u8) -> bool {
        let ends = matches!(byte, b'\r' | b'\n') && self.last_end.is_none_or(|last| last == byte);
        self.last_end = ends.then_some(byte);
        ends
    }

    /// A byte outside an escape sequence.
    fn plain(&mut self, byte: u8) -> Key {
        match byte {
            1 => Key::Home,
            2 => Key::Left,
            4 => Key::Delete,
            5 => Key::End,
            6 => Key::Right,
            8 | 127 => Key::Backspace,
            9 => Key::Tab,
            11 => Key::KillRight,
            14 => Key::Down,
            16 => Key::Up,
            21 => Key::KillLeft,
            23 => Key::BackspaceWord,
            27 => {
                self.escape = Escape::Started;
                Key::Nothing
            }
            b' '..=b'~' => Key::Insert(byte),
            _ => Key::Nothing,
        }
    }

    /// A byte inside an escape sequence.
    fn escaped(&mut self, byte: u8) -> Key {
        let (next, key) = match (self.escape, byte) {
            (Escape::Started, b'[') => (Escape::Bracket, Key::Nothing),
            (Escape::Started, b'O') => (Escape::Letter, Key::Nothing),
            (Escape::Started, b'b') => (Escape::None, Key::WordLeft),
            (Escape::Started, b'f') => (Escape::None, Key::WordRight),
            (Escape::Started, b'd') => (Escape::None, Key::DeleteWord),
            (Escape::Started, 127) => (Escape::None, Key::BackspaceWord),
            (Escape::Bracket, b'0'..=b'9') => (Escape::Digit(byte), Key::Nothing),
            (Escape::Bracket, b'A') => (Escape::None, Key::Up),
            (Escape::Bracket, b'B') => (Escape::None, Key::Down),
            (Escape::Bracket, b'C') => (Escape::None, Key::Right),
            (Escape::Bracket, b'D') => (Escape::None, Key::Left),
            (Escape::Bracket | Escape::Letter, b'H') => (Escape::None, Key::Home),
            (Escape::Bracket | Escape::Letter, b'F') => (Escape::None, Key::End),
            (Escape::Digit(b'1' | b'7'), b'~') => (Escape::None, Key::Home),
            (Escape::Digit(b'4' | b'8'), b'~') => (Escape::None, Key::End),
            (Escape::Digit(b'3'), b'~') => (Escape::None, Key::Delete),
            // A parameter follows, as in ESC [ 1 ; 5 C.
            (Escape::Digit(b'1'), b';') => (Escape::Bracket, Key::Nothing),
            (Escape::Digit(b'5'), b'C') => (Escape::None, Key::WordRight),
            (Escape::Digit(b'5'), b'D') => (Escape::None, Key::WordLeft),
            _ => (Escape::None, Key::Nothing),
        };
        self.escape = next;
        key
    }

    /// Does what a key asks for; `None` if nothing has changed.
    fn perform(&mut self, vm: &mut Vm<'_>, terminal: &Terminal<'_>, key: Key) -> Option<Redraw> {
        let len = vm.input().len();
        let moved_left = |back| Redraw {
            back,
            ..Redraw::default()
        };
        let moved_right = |forward| Redraw {
            forward,
            ..Redraw::default()
        };
        match key {
            Key::Nothing => None,
            Key::Home => Some(moved_left(self.cursor - self.start)),
            Key::End => Some(moved_right(len - self.cursor)),
            Key::Left => Some(moved_left(usize::from(self.cursor > self.start))),
            Key::Right => Some(moved_right(usize::from(self.cursor < len))),
            Key::WordLeft => Some(moved_left(self.word_left(vm.input()))),
            Key::WordRight => Some(moved_right(self.word_right(vm.input()))),
            Key::Up => self.recall(vm, self.history.map_or(0, |shown| shown + 1)),
            Key::Down => match self.history? {
                0 => {
                    self.history = None;
                    Some(self.replace(vm, None))
                }
                shown => self.recall(vm, shown - 1),
            },
            Key::Delete if self.cursor == len => None,
            Key::Delete => Some(self.remove(vm, 0, 1)),
            Key::Backspace if self.cursor == self.start => None,
            Key::Backspace => {
                let blanks = &vm.input()[self.start..self.cursor];
                let is_indent = blanks.len() >= INDENT && blanks.iter().all(|&byte| byte == b' ');
                Some(self.remove(vm, if is_indent { INDENT } else { 1 }, 0))
            }
            Key::DeleteWord => Some(self.remove(vm, 0, self.word_right(vm.input()))),
            Key::BackspaceWord => Some(self.remove(vm, self.word_left(vm.input()), 0)),
            Key::KillRight => Some(self.remove(vm, 0, len - self.cursor)),
            Key::KillLeft => Some(self.remove(vm, self.cursor - self.start, 0)),
            // After an indentation that the editor made, a tab keeps it and a blank leaves one column.
            Key::Tab if self.just_indented => {
                self.indents = false;
                None
            }
            Key::Insert(b' ') if self.just_indented => {
                self.indents = false;
                vm.remove_input(len - (INDENT - 1), len);
                Some(moved_left(INDENT - 1))
            }
            Key::Tab => self.tab(vm, terminal),
            Key::Insert(byte) => self.insert(vm, terminal, &[byte]),
        }
    }

    fn insert(&mut self, vm: &mut Vm<'_>, terminal: &Terminal<'_>, bytes: &[u8]) -> Option<Redraw> {
        if !vm.insert_input(self.cursor, bytes) {
            terminal.write(BELL);
            return None;
        }
        Some(Redraw {
            forward: bytes.len(),
            from_cursor: true,
            back: 0,
        })
    }

    /// Removes bytes before and after the cursor.
    fn remove(&mut self, vm: &mut Vm<'_>, before: usize, after: usize) -> Redraw {
        vm.remove_input(self.cursor - before, self.cursor + after);
        Redraw {
            back: before,
            from_cursor: true,
            forward: 0,
        }
    }

    fn tab(&mut self, vm: &mut Vm<'_>, terminal: &Terminal<'_>) -> Option<Redraw> {
        let before = self.cursor.checked_sub(1).and_then(|at| vm.input().get(at));
        if before.is_some_and(|byte| byte.is_ascii_whitespace()) {
            return self.insert(vm, terminal, BLANKS);
        }
        match complete(vm, terminal, self.start, self.cursor) {
            Completion::Nothing => None,
            Completion::Listed => {
                vm.prompt_text(self.first, &mut |text| terminal.write(text));
                terminal.write(&vm.input()[self.start..self.cursor]);
                Some(Redraw {
                    from_cursor: true,
                    ..Redraw::default()
                })
            }
            Completion::Added(text) => self.insert(vm, terminal, text.get()),
        }
    }

    /// Shows a line of the history.
    fn recall(&mut self, vm: &mut Vm<'_>, number: usize) -> Option<Redraw> {
        if number >= HISTORY_LINES || vm.history(number).is_none() {
            return None;
        }
        self.history = Some(number);
        Some(self.replace(vm, Some(number)))
    }

    /// Replaces the line.
    fn replace(&mut self, vm: &mut Vm<'_>, number: Option<usize>) -> Redraw {
        let len = vm.input().len();
        vm.remove_input(self.start, len);
        if let Some(number) = number {
            vm.insert_history(self.start, number);
        }
        Redraw {
            back: self.cursor - self.start,
            from_cursor: true,
            forward: vm.input().len() - self.start,
        }
    }

    fn word_left(&self, text: &[u8]) -> usize {
        let before = text[self.start..self.cursor].iter().rev();
        word(before.copied())
    }

    fn word_right(&self, text: &[u8]) -> usize {
        word(text[self.cursor..].iter().copied())
    }

    /// Shows what has changed with as few bytes as MicroPython sends.
    fn redraw(&mut self, vm: &Vm<'_>, terminal: &Terminal<'_>, redraw: Redraw, old_len: usize) {
        let text = vm.input();
        if redraw.back > 0 {
            move_back(terminal, redraw.back);
            self.cursor -= redraw.back;
        }
        if redraw.from_cursor {
            if text.len() < old_len {
                terminal.write(b"\x1b[K");
            }
            terminal.write(&text[self.cursor..]);
            move_back(terminal, text.len() - (self.cursor + redraw.forward));
        } else if redraw.forward > 0 {
            terminal.write(&text[self.cursor..self.cursor + redraw.forward]);
        }
        self.cursor += redraw.forward;
    }
}

/// How many bytes there are up to the end of the next word.
fn word(bytes: impl Iterator<Item = u8>) -> usize {
    let mut in_word = false;
    let mut count = 0;
    for byte in bytes {
        if byte.is_ascii_alphanumeric() {
            in_word = true;
        } else if in_word {
            break;
        }
        count += 1;
    }
    count
}

fn move_back(terminal: &Terminal<'_>, count: usize) {
    if count == 0 {
        return;
    }
    if count <= 4 {
        terminal.write(&b"\x08\x08\x08\x08"[..count]);
        return;
    }
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = count;
    while rest > 0 {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    terminal.write(b"\x1b[");
    terminal.write(&digits[at..]);
    terminal.write(b"D");
}

/// The indentation of the line after `text`, in levels: that of the last line, one more after a colon, none
/// after two lines of blanks.
fn levels_after(text: &[u8]) -> usize {
    let Some(text) = text.strip_suffix(b"\n") else {
        return 0;
    };
    let line_of = |text: &[u8]| {
        text.iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |end| end + 1)
    };
    let start = line_of(text);
    let line = &text[start..];
    let blanks = line.iter().take_while(|&&byte| byte == b' ').count();
    if start > 0 && blanks == line.len() {
        // The first line counts only if it is not the one before this.
        let above = &text[..start - 1];
        let above_start = line_of(above);
        if above_start > 0 && above[above_start..].iter().all(|&byte| byte == b' ') {
            return 0;
        }
    }
    blanks / INDENT + usize::from(text.last() == Some(&b':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indentation_follows_the_lines_above() {
        for (text, levels) in [
            ("if x:\n", 1),
            ("if x:\n    if y:\n", 2),
            ("if x:\n    pass\n", 1),
            ("if x:\n    \n", 1),
            ("if x:\n    pass\n    \n    \n", 0),
            ("f(\n", 0),
            ("", 0),
        ] {
            assert_eq!(levels_after(text.as_bytes()), levels, "{text:?}");
        }
    }

    #[test]
    fn words_end_where_letters_do() {
        assert_eq!(word(b"  ab c".iter().copied()), 4);
        assert_eq!(word(b"".iter().copied()), 0);
        assert_eq!(word(b"..".iter().copied()), 2);
    }
}
