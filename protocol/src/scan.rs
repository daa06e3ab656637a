//! Finds fixed markers in a stream that comes in slices, and hands out the text between them.
//!
//! A marker may be split anywhere. The part of it that ended the last slice is not copied: it is
//! a prefix of a marker, and markers are constants, so the text is given back from there when it
//! turns out to be something else. No allocation; work per byte is bounded by the markers' length.

/// What a scanner found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    /// Text that belongs to no marker.
    Text(&'a [u8]),
    /// The marker with this index, whole.
    Marker(usize),
}

/// Looks for any of a few markers.
///
/// A marker that starts earlier wins, then the one that stands first in the list. No marker may
/// stand inside another one, except at its end: the shorter one is then found only alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scanner {
    markers: &'static [&'static [u8]],
    /// The marker whose first `held_len` bytes ended the input so far.
    held: usize,
    held_len: usize,
}

impl Scanner {
    pub(crate) const fn new(markers: &'static [&'static [u8]]) -> Self {
        Self {
            markers,
            held: 0,
            held_len: 0,
        }
    }

    /// Looks for other markers from here on. A marker that began under the old list is forgotten,
    /// unless the list is the same.
    pub(crate) fn look_for(&mut self, markers: &'static [&'static [u8]]) {
        if !core::ptr::eq(self.markers, markers) {
            *self = Self::new(markers);
        }
    }

    /// Looks at `input`: how many of its bytes are used up, and what they brought.
    ///
    /// `None` with all input used means that it may be the start of a marker. Call it again with
    /// the rest until the input is empty.
    pub(crate) fn feed<'a>(&mut self, input: &'a [u8]) -> (usize, Option<Found<'a>>) {
        let mut used = 0;
        while self.held_len > 0 {
            let Some(&byte) = input.get(used) else {
                return (used, None);
            };
            let old = &self.markers[self.held][..self.held_len];
            let (marker, len) = self.longest_start(old, byte);
            let released = old.len() + 1 - len.max(1);
            if released > 0 {
                // `byte` itself is looked at again by the next call.
                self.held = marker;
                self.held_len = len.saturating_sub(1);
                return (used, Some(Found::Text(&old[..released])));
            }
            used += 1;
            self.held = marker;
            self.held_len = len;
            if len == self.markers[marker].len() {
                self.held_len = 0;
                return (used, Some(Found::Marker(marker)));
            }
        }
        let (consumed, found) = self.scan(&input[used..]);
        (used + consumed, found)
    }

    /// The longest end of `old` + `byte` that starts a marker: (marker, length).
    fn longest_start(&self, old: &[u8], byte: u8) -> (usize, usize) {
        let mut best = (0, 0);
        for (index, marker) in self.markers.iter().enumerate() {
            let longest = marker.len().min(old.len() + 1);
            let fits = |len: &usize| marker[*len - 1] == byte && old.ends_with(&marker[..*len - 1]);
            let len = (1..=longest).rev().find(fits).unwrap_or(0);
            if len > best.1 {
                best = (index, len);
            }
        }
        best
    }

    /// The same with nothing held: over a whole slice at once.
    fn scan<'a>(&mut self, input: &'a [u8]) -> (usize, Option<Found<'a>>) {
        let mut from = 0;
        while let Some(at) = self.next_first_byte(input, from) {
            let rest = &input[at..];
            for (index, marker) in self.markers.iter().enumerate() {
                let whole = rest.starts_with(marker);
                if !whole && !marker.starts_with(rest) {
                    continue;
                }
                if at > 0 {
                    return (at, Some(Found::Text(&input[..at])));
                }
                if whole {
                    return (marker.len(), Some(Found::Marker(index)));
                }
                self.held = index;
                self.held_len = rest.len();
                return (rest.len(), None);
            }
            from = at + 1;
        }
        match input {
            [] => (0, None),
            _ => (input.len(), Some(Found::Text(input))),
        }
    }

    fn next_first_byte(&self, input: &[u8], from: usize) -> Option<usize> {
        let starts = |byte: &u8| self.markers.iter().any(|marker| marker[0] == *byte);
        let offset = input[from..].iter().position(starts)?;
        Some(from + offset)
    }
}

/// The text before the first `byte`, or all of it: (length, whether `byte` follows).
pub(crate) fn until(input: &[u8], byte: u8) -> (usize, bool) {
    match input.iter().position(|&candidate| candidate == byte) {
        Some(at) => (at, true),
        None => (input.len(), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate std;
    use std::string::String;
    use std::vec::Vec;

    const MARKERS: &[&[u8]] = &[b"\r\nraw>", b"raw>", b"\r\n>>> ", b"aab"];

    /// Text as it is, markers as `<n>`.
    fn run(pieces: &[&[u8]]) -> String {
        let mut scanner = Scanner::new(MARKERS);
        let mut seen = Vec::new();
        for piece in pieces {
            let mut rest = *piece;
            loop {
                let (used, found) = scanner.feed(rest);
                rest = &rest[used..];
                match found {
                    Some(Found::Text(text)) => seen.extend_from_slice(text),
                    Some(Found::Marker(n)) => {
                        seen.extend_from_slice(std::format!("<{n}>").as_bytes())
                    }
                    None if rest.is_empty() => break,
                    None => {}
                }
            }
        }
        String::from_utf8(seen).unwrap()
    }

    #[test]
    fn every_split_finds_the_same() {
        let text: &[u8] = b"x\r\r\nraw>raraw>aaab\r\n>>\r\n>>> rara\r\nrow";
        let whole = run(&[text]);
        assert_eq!(whole, "x\r<0>ra<1>a<3>\r\n>><2>rara\r\nrow");
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(run(&bytes), whole);
        for first in 0..text.len() {
            for second in first..text.len() {
                let pieces = [&text[..first], &text[first..second], &text[second..]];
                assert_eq!(run(&pieces), whole, "split at {first}, {second}");
            }
        }
    }
}
