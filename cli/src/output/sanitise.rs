//! Text from a device on its way to a terminal.
//!
//! A board may print escape sequences on purpose (colours), and that is passed on while a program
//! runs. Names, errors and messages are data inside our own sentences: there every control byte is
//! shown as an escape so that a hostile or broken board cannot repaint the user's screen.

/// `text` with control characters shown as `\xNN`.
pub(crate) fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

/// Bytes as text, with what is not UTF-8 shown as `\xNN`.
pub(crate) fn lossy(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_bytes_are_shown() {
        assert_eq!(line("a\x1b[2Jb\n"), "a\\u{1b}[2Jb\\n");
        assert_eq!(lossy(b"a\xffb\xc3\xa4"), "a\\xffbä");
    }
}
