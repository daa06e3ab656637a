//! Patterns as programs.
//!
//! ```text
//! Char c · Any · Named letter · Class count (kind a b)* · NotClass … · Begin · End · Save slot · Match
//! Jump offset · Split offset (go on first, jump second) · SplitJump offset (jump first, go on second)
//! ```
//!
//! An offset is two bytes, little-endian, relative to the byte after it. A class element is a range from a to b
//! (kind 0) or a named class a (kind 1). The syntax is that of MicroPython's `re`: `. [] [^] ^ $ ? * + ?? *? +? |
//! () (?:) \d \D \s \S \w \W`.

pub(super) const MATCH: u8 = 0;
pub(super) const CHAR: u8 = 1;
pub(super) const ANY: u8 = 2;
pub(super) const NAMED: u8 = 3;
pub(super) const CLASS: u8 = 4;
pub(super) const NOT_CLASS: u8 = 5;
pub(super) const BEGIN: u8 = 6;
pub(super) const END: u8 = 7;
pub(super) const SAVE: u8 = 8;
pub(super) const JUMP: u8 = 9;
pub(super) const SPLIT: u8 = 10;
pub(super) const SPLIT_JUMP: u8 = 11;

/// Groups that can be nested.
const DEPTH: usize = 48;

/// Why a pattern is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It is malformed, or larger than a program can be.
    Pattern,
    /// Its groups are nested too deep.
    Depth,
}

/// Most bytes the program of a pattern of this length takes.
pub(super) fn bound(pattern_len: usize) -> usize {
    pattern_len * 8 + 16
}

struct Compiler<'a> {
    pattern: &'a [u8],
    at: usize,
    code: &'a mut [u8],
    len: usize,
    groups: usize,
}

/// Compiles a pattern. The first byte of the program is the number of groups, 0 included.
pub(super) fn compile(pattern: &[u8], code: &mut [u8]) -> Result<usize, Wrong> {
    let mut compiler = Compiler {
        pattern,
        at: 0,
        code,
        len: 0,
        groups: 1,
    };
    compiler.emit(&[0, SAVE, 0])?;
    compiler.alternatives(0)?;
    if compiler.at < pattern.len() {
        return Err(Wrong::Pattern);
    }
    compiler.emit(&[SAVE, 1, MATCH])?;
    compiler.code[0] = u8::try_from(compiler.groups).map_err(|_| Wrong::Pattern)?;
    Ok(compiler.len)
}

impl Compiler<'_> {
    fn emit(&mut self, bytes: &[u8]) -> Result<(), Wrong> {
        let room = self
            .code
            .get_mut(self.len..self.len + bytes.len())
            .ok_or(Wrong::Pattern)?;
        room.copy_from_slice(bytes);
        self.len += bytes.len();
        Ok(())
    }

    /// Makes room for an instruction with an offset in front of what begins at `at`.
    fn insert(&mut self, at: usize, op: u8, offset: usize) -> Result<(), Wrong> {
        self.emit(&[0; 3])?;
        self.code.copy_within(at..self.len - 3, at + 3);
        self.code[at] = op;
        self.set_offset(at, offset as isize)
    }

    fn set_offset(&mut self, at: usize, offset: isize) -> Result<(), Wrong> {
        let offset = i16::try_from(offset).map_err(|_| Wrong::Pattern)?;
        self.code[at + 1..at + 3].copy_from_slice(&offset.to_le_bytes());
        Ok(())
    }

    fn peek(&self) -> Option<u8> {
        self.pattern.get(self.at).copied()
    }

    fn alternatives(&mut self, depth: usize) -> Result<(), Wrong> {
        if depth > DEPTH {
            return Err(Wrong::Depth);
        }
        let start = self.len;
        self.sequence(depth)?;
        // The jumps over the later alternatives form a chain through their offsets.
        let mut branch = start;
        let mut jumps = 0;
        let mut last_jump = 0;
        while self.peek() == Some(b'|') {
            self.at += 1;
            let size = self.len - branch;
            self.insert(branch, SPLIT, size + 3)?;
            last_jump = self.chain(last_jump)?;
            jumps += 1;
            branch = self.len;
            self.sequence(depth)?;
        }
        for _ in 0..jumps {
            let before = usize::from(u16::from_le_bytes([
                self.code[last_jump + 1],
                self.code[last_jump + 2],
            ]));
            self.set_offset(last_jump, (self.len - last_jump - 3) as isize)?;
            last_jump = last_jump.wrapping_sub(before);
        }
        Ok(())
    }

    /// Emits a jump that remembers how far away the one before it is.
    fn chain(&mut self, last_jump: usize) -> Result<usize, Wrong> {
        let at = self.len;
        let distance = u16::try_from(at - last_jump).map_err(|_| Wrong::Pattern)?;
        let [low, high] = distance.to_le_bytes();
        self.emit(&[JUMP, low, high])?;
        Ok(at)
    }

    fn sequence(&mut self, depth: usize) -> Result<(), Wrong> {
        while let Some(byte) = self.peek() {
            if matches!(byte, b'|' | b')') {
                break;
            }
            let start = self.len;
            self.atom(depth)?;
            self.repetition(start)?;
        }
        Ok(())
    }

    fn repetition(&mut self, start: usize) -> Result<(), Wrong> {
        let Some(times @ (b'?' | b'*' | b'+')) = self.peek() else {
            return Ok(());
        };
        self.at += 1;
        let lazy = self.peek() == Some(b'?');
        self.at += usize::from(lazy);
        let size = self.len - start;
        let first = if lazy { SPLIT_JUMP } else { SPLIT };
        match times {
            b'?' => self.insert(start, first, size),
            b'*' => {
                self.insert(start, first, size + 3)?;
                self.emit(&[JUMP, 0, 0])?;
                self.set_offset(self.len - 3, -((size + 6) as isize))
            }
            _ => {
                self.emit(&[if lazy { SPLIT } else { SPLIT_JUMP }, 0, 0])?;
                self.set_offset(self.len - 3, -((size + 3) as isize))
            }
        }
    }

    fn atom(&mut self, depth: usize) -> Result<(), Wrong> {
        let byte = self.pattern[self.at];
        self.at += 1;
        match byte {
            b'.' => self.emit(&[ANY]),
            b'^' => self.emit(&[BEGIN]),
            b'$' => self.emit(&[END]),
            b'?' | b'*' | b'+' => Err(Wrong::Pattern),
            b'(' => self.group(depth),
            b'[' => self.class(),
            b'\\' => {
                let escaped = self.peek().ok_or(Wrong::Pattern)?;
                self.at += 1;
                if is_named(escaped) {
                    self.emit(&[NAMED, escaped])
                } else {
                    self.emit(&[CHAR, escaped])
                }
            }
            byte => self.emit(&[CHAR, byte]),
        }
    }

    fn group(&mut self, depth: usize) -> Result<(), Wrong> {
        let capture = !self.pattern[self.at..].starts_with(b"?:");
        let number = self.groups;
        if capture {
            if number > 126 {
                return Err(Wrong::Pattern);
            }
            self.groups += 1;
            self.emit(&[SAVE, (number * 2) as u8])?;
        } else {
            self.at += 2;
        }
        self.alternatives(depth + 1)?;
        if self.peek() != Some(b')') {
            return Err(Wrong::Pattern);
        }
        self.at += 1;
        if capture {
            self.emit(&[SAVE, (number * 2 + 1) as u8])?;
        }
        Ok(())
    }

    /// One character of a class, and whether it is a named class.
    fn class_char(&mut self) -> Result<(u8, bool), Wrong> {
        let byte = self.peek().ok_or(Wrong::Pattern)?;
        self.at += 1;
        if byte != b'\\' {
            return Ok((byte, false));
        }
        let escaped = self.peek().ok_or(Wrong::Pattern)?;
        self.at += 1;
        Ok((escaped, is_named(escaped)))
    }

    fn class(&mut self) -> Result<(), Wrong> {
        let negated = self.peek() == Some(b'^');
        self.at += usize::from(negated);
        let start = self.len;
        self.emit(&[if negated { NOT_CLASS } else { CLASS }, 0])?;
        let mut count = 0;
        loop {
            match self.peek() {
                None => return Err(Wrong::Pattern),
                Some(b']') if count > 0 => break,
                Some(_) => {}
            }
            let (first, named) = self.class_char()?;
            let rest = &self.pattern[self.at..];
            let range = !named && rest.first() == Some(&b'-') && rest.get(1) != Some(&b']');
            if named {
                self.emit(&[1, first, 0])?;
            } else if range {
                self.at += 1;
                let (last, _) = self.class_char()?;
                self.emit(&[0, first, last])?;
            } else {
                self.emit(&[0, first, first])?;
            }
            count += 1;
        }
        self.at += 1;
        self.code[start + 1] = u8::try_from(count).map_err(|_| Wrong::Pattern)?;
        Ok(())
    }
}

fn is_named(letter: u8) -> bool {
    b"dDsSwW".contains(&letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_are_no_patterns_are_refused() {
        for wrong in ["?", "*", "(", ")", "[", "([", "[a\\]", "\\", "a|*"] {
            let mut code = [0; 256];
            assert_eq!(
                compile(wrong.as_bytes(), &mut code),
                Err(Wrong::Pattern),
                "{wrong}"
            );
        }
    }

    #[test]
    fn nesting_is_limited() {
        let mut code = [0; 4096];
        assert_eq!(compile(&[b'('; 200], &mut code), Err(Wrong::Depth));
    }

    #[test]
    fn every_short_pattern_compiles_within_the_bound_or_is_refused() {
        let letters = b"a.*?+|()[]^-\\d$";
        let mut pattern = [0; 5];
        for number in 0..letters.len().pow(5) {
            let mut rest = number;
            for slot in &mut pattern {
                *slot = letters[rest % letters.len()];
                rest /= letters.len();
            }
            let mut code = [0; 5 * 8 + 16];
            if let Ok(len) = compile(&pattern, &mut code) {
                assert_eq!(code[len - 1], MATCH);
            }
        }
    }
}
