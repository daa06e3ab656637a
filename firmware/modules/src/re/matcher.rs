//! Running a program over a text, with a stack of places to go back to instead of recursion.

use super::program::{
    ANY, BEGIN, CHAR, CLASS, END, JUMP, MATCH, NAMED, NOT_CLASS, SAVE, SPLIT, SPLIT_JUMP,
};

/// No position.
pub(super) const UNSET: u32 = u32::MAX;
/// Bytes of an entry of the stack: a place in the program, or a slot to restore, and a position.
const ENTRY: usize = 8;
/// Marks an entry that restores a slot.
const RESTORE: u32 = 1 << 31;
/// Steps until the world is looked at.
const STEPS: u32 = 20_000;

/// How far a run came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Matched,
    Failed,
    /// The stack is full: go on with a larger one.
    Full,
    /// Time to look at the world; go on afterwards.
    Paused,
}

/// Where a run is.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    at: usize,
    position: usize,
    top: usize,
}

impl State {
    /// The beginning of a run at a position.
    pub(super) fn new(position: usize) -> Self {
        Self {
            at: 1,
            position,
            top: 0,
        }
    }
}

/// Bytes of the slots in front of the stack.
pub(super) fn slot_bytes(groups: usize) -> usize {
    groups * 2 * 4
}

/// Slot `number` in the scratch memory.
pub(super) fn slot(scratch: &[u8], number: usize) -> u32 {
    word(scratch, number * 4)
}

fn word(bytes: &[u8], at: usize) -> u32 {
    match bytes.get(at..at + 4).and_then(<[u8]>::first_chunk) {
        Some(word) => u32::from_le_bytes(*word),
        None => UNSET,
    }
}

fn set_word(bytes: &mut [u8], at: usize, value: u32) {
    if let Some(word) = bytes.get_mut(at..at + 4) {
        word.copy_from_slice(&value.to_le_bytes());
    }
}

/// Goes on with a run. `scratch` holds the slots and then the stack; `text` ends where the search ends, and `^`
/// matches at 0 only.
pub(super) fn run(state: &mut State, program: &[u8], text: &[u8], scratch: &mut [u8]) -> Progress {
    let slots = slot_bytes(usize::from(program[0]));
    let mut steps = 0;
    loop {
        steps += 1;
        if steps > STEPS {
            return Progress::Paused;
        }
        // Room for one entry is enough for any instruction.
        if slots + (state.top + 1) * ENTRY > scratch.len() {
            return Progress::Full;
        }
        let operand = program.get(state.at + 1).copied().unwrap_or(0);
        let here = text.get(state.position).copied();
        let consumed = match program[state.at] {
            MATCH => return Progress::Matched,
            CHAR => (here == Some(operand)).then_some(2),
            ANY => here.map(|_| 1),
            NAMED => here
                .is_some_and(|byte| in_named(operand, byte))
                .then_some(2),
            op @ (CLASS | NOT_CLASS) => {
                let size = 2 + usize::from(operand) * 3;
                let elements = &program[state.at + 2..state.at + size];
                here.is_some_and(|byte| in_class(elements, byte) == (op == CLASS))
                    .then_some(size)
            }
            BEGIN | END => {
                let edge = if program[state.at] == BEGIN {
                    state.position == 0
                } else {
                    state.position == text.len()
                };
                if edge {
                    state.at += 1;
                    continue;
                }
                None
            }
            SAVE => {
                let number = usize::from(operand);
                let old = slot(scratch, number);
                push(state, scratch, slots, RESTORE | number as u32, old);
                set_word(scratch, number * 4, state.position as u32);
                state.at += 2;
                continue;
            }
            op => {
                let offset = i16::from_le_bytes([operand, program[state.at + 2]]);
                let next = state.at + 3;
                let target = next.wrapping_add_signed(isize::from(offset));
                let (first, second) = match op {
                    SPLIT => (next, Some(target)),
                    SPLIT_JUMP => (target, Some(next)),
                    _ => {
                        debug_assert_eq!(op, JUMP);
                        (target, None)
                    }
                };
                if let Some(second) = second {
                    let position = state.position as u32;
                    push(state, scratch, slots, second as u32, position);
                }
                state.at = first;
                continue;
            }
        };
        match consumed {
            Some(size) => {
                state.at += size;
                state.position += 1;
            }
            None if !back(state, scratch, slots) => return Progress::Failed,
            None => {}
        }
    }
}

fn push(state: &mut State, scratch: &mut [u8], slots: usize, what: u32, value: u32) {
    let at = slots + state.top * ENTRY;
    set_word(scratch, at, what);
    set_word(scratch, at + 4, value);
    state.top += 1;
}

/// Goes back to the last choice; false if there is none.
fn back(state: &mut State, scratch: &mut [u8], slots: usize) -> bool {
    while state.top > 0 {
        state.top -= 1;
        let at = slots + state.top * ENTRY;
        let (what, value) = (word(scratch, at), word(scratch, at + 4));
        if what & RESTORE == 0 {
            state.at = what as usize;
            state.position = value as usize;
            return true;
        }
        set_word(scratch, (what & !RESTORE) as usize * 4, value);
    }
    false
}

fn in_class(elements: &[u8], byte: u8) -> bool {
    elements.chunks_exact(3).any(|element| match element[0] {
        0 => (element[1]..=element[2]).contains(&byte),
        _ => in_named(element[1], byte),
    })
}

fn in_named(letter: u8, byte: u8) -> bool {
    let inside = match letter | 0x20 {
        b'd' => byte.is_ascii_digit(),
        b's' => byte.is_ascii_whitespace() || byte == 0x0b,
        _ => byte.is_ascii_alphanumeric() || byte == b'_',
    };
    inside == letter.is_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::super::program::compile;
    use super::*;

    fn find(pattern: &str, text: &str) -> Option<(u32, u32)> {
        let mut code = [0; 512];
        let len = compile(pattern.as_bytes(), &mut code).unwrap();
        let program = &code[..len];
        let mut scratch = [0xff; 4096];
        for start in 0..=text.len() {
            let mut state = State::new(start);
            match run(&mut state, program, text.as_bytes(), &mut scratch) {
                Progress::Matched => return Some((slot(&scratch, 0), slot(&scratch, 1))),
                Progress::Failed => {}
                other => panic!("{other:?}"),
            }
        }
        None
    }

    #[test]
    fn greedy_lazy_and_alternative_choices_are_taken_in_order() {
        assert_eq!(find("a+", "baac"), Some((1, 3)));
        assert_eq!(find("a+?", "baac"), Some((1, 2)));
        assert_eq!(find("a*?c", "baac"), Some((1, 4)));
        assert_eq!(find("ab|a|b", "cb"), Some((1, 2)));
        assert_eq!(find("(?:ab|cd|ef)+$", "xabefcd"), Some((1, 7)));
        assert_eq!(find("[^a-c]", "abcd"), Some((3, 4)));
        assert_eq!(find("[\\d_]+", "ab1_2"), Some((2, 5)));
        assert_eq!(find("^b", "ab"), None);
    }

    #[test]
    fn a_full_stack_is_told_before_anything_is_lost() {
        let mut code = [0; 64];
        let len = compile(b"(a|b)*", &mut code).unwrap();
        let text = [b'a'; 50];
        let mut scratch = [0xff; 64];
        let mut state = State::new(0);
        assert_eq!(
            run(&mut state, &code[..len], &text, &mut scratch),
            Progress::Full
        );
        let mut larger = [0xff; 4096];
        larger[..64].copy_from_slice(&scratch);
        assert_eq!(
            run(&mut state, &code[..len], &text, &mut larger),
            Progress::Matched
        );
        assert_eq!(slot(&larger, 1), 50);
    }
}
