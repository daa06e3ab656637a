//! What the Tab key adds or lists.
//!
//! Source: MicroPython `py/repl.c`, `mp_repl_autocomplete`.

use upy_runtime::Vm;

use crate::terminal::Terminal;

/// The longest dotted name that is completed, and the longest name that is added.
const LONGEST: usize = 256;
/// Columns of one name in a listing, and of all.
const SLOT: usize = 16;
const LINE: usize = 4 * SLOT;

const IMPORT: &[u8] = b"import ";

/// A text of limited length.
#[derive(Clone, Copy)]
pub(crate) struct Text {
    bytes: [u8; LONGEST],
    len: usize,
}

impl Text {
    const EMPTY: Self = Self {
        bytes: [0; LONGEST],
        len: 0,
    };

    /// As much of `bytes` as fits.
    fn of(bytes: &[u8]) -> Self {
        let mut text = Self::EMPTY;
        text.len = bytes.len().min(LONGEST);
        text.bytes[..text.len].copy_from_slice(&bytes[..text.len]);
        text
    }

    pub(crate) fn get(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// What became of a Tab.
#[expect(
    clippy::large_enum_variant,
    reason = "it lives for a moment, and there is nothing to box it in"
)]
pub(crate) enum Completion {
    /// There is no such name.
    Nothing,
    /// There are several and they were listed.
    Listed,
    /// This is what they have in common.
    Added(Text),
}

/// Completes the name that ends at `cursor` in the line that begins at `start`.
pub(crate) fn complete(
    vm: &mut Vm<'_>,
    terminal: &Terminal<'_>,
    start: usize,
    cursor: usize,
) -> Completion {
    let line = &vm.input()[start..cursor];
    let is_name = |&byte: &u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
    let name_at = line
        .iter()
        .rposition(|byte| !is_name(byte))
        .map_or(0, |at| at + 1);
    let imports = line.starts_with(IMPORT);
    let path = &line[name_at..];
    if path.len() > LONGEST {
        return Completion::Nothing;
    }
    let path = Text::of(path);
    let typed = path.get().rsplit(|&byte| byte == b'.').next();
    let typed = typed.unwrap_or(&[]);
    // The first name that fits, and how much of it all have in common.
    let mut common: Option<Text> = None;
    let mut count = 0_usize;
    vm.complete(path.get(), imports, &mut |name| {
        count += 1;
        match &mut common {
            None => common = Some(Text::of(name)),
            Some(first) => {
                let same = first.get().iter().zip(name);
                first.len = same.take_while(|(left, right)| left == right).count();
            }
        }
    });
    let Some(common) = common else {
        let is_first_word = name_at == 0 && typed.len() == path.get().len();
        if is_first_word
            && !typed.is_empty()
            && typed.len() < IMPORT.len()
            && let Some(rest) = IMPORT.strip_prefix(typed)
        {
            return Completion::Added(Text::of(rest));
        }
        return Completion::Nothing;
    };
    if count == 1 || common.len > typed.len() {
        let rest = common.get().get(typed.len()..).unwrap_or(&[]);
        if rest.is_empty() {
            return Completion::Nothing;
        }
        return Completion::Added(Text::of(rest));
    }
    let mut column = LINE;
    vm.complete(path.get(), imports, &mut |name| {
        column = list(terminal, column, name);
    });
    terminal.write_text(b"\n");
    Completion::Listed
}

/// Writes a name in the next free slot and returns the column behind it.
fn list(terminal: &Terminal<'_>, column: usize, name: &[u8]) -> usize {
    let mut gap = column.next_multiple_of(SLOT) - column;
    if gap < 2 {
        gap += SLOT;
    }
    if column + gap + name.len() > LINE {
        terminal.write_text(b"\n");
        terminal.write_text(name);
        return name.len();
    }
    // A gap is at most one slot and one column.
    terminal.write(&b"                 "[..gap.min(SLOT + 1)]);
    terminal.write_text(name);
    column + gap + name.len()
}
