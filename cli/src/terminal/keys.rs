//! Keys as the bytes a terminal would send.
//!
//! Unix terminals send bytes already. On Windows key events are turned into the sequences that
//! MicroPython's line editor knows (those of a VT100).

#[cfg(unix)]
use std::io::Read;

/// Reads keys until the end of input; `None` at the end.
#[cfg(unix)]
pub(crate) fn read() -> Option<Vec<u8>> {
    let mut buffer = [0; 256];
    loop {
        match std::io::stdin().read(&mut buffer) {
            Ok(0) => return None,
            Ok(len) => return Some(buffer[..len].to_vec()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

/// Reads keys until the end of input; `None` at the end.
#[cfg(windows)]
pub(crate) fn read() -> Option<Vec<u8>> {
    use std::io::{IsTerminal, Read};
    if !std::io::stdin().is_terminal() {
        let mut buffer = [0; 256];
        return match std::io::stdin().read(&mut buffer) {
            Ok(len @ 1..) => Some(buffer[..len].to_vec()),
            _ => None,
        };
    }
    loop {
        match crossterm::event::read() {
            Ok(crossterm::event::Event::Key(key))
                if key.kind != crossterm::event::KeyEventKind::Release =>
            {
                let bytes = encode(key.code, key.modifiers);
                if !bytes.is_empty() {
                    return Some(bytes);
                }
            }
            Ok(_) => {}
            Err(_) => return None,
        }
    }
}

/// The bytes of one key.
#[cfg(any(windows, test))]
fn encode(code: crossterm::event::KeyCode, modifiers: crossterm::event::KeyModifiers) -> Vec<u8> {
    use crossterm::event::{KeyCode, KeyModifiers};
    let sequence: &[u8] = match code {
        KeyCode::Char(character) => {
            if modifiers.contains(KeyModifiers::CONTROL)
                && character.is_ascii()
                && !modifiers.contains(KeyModifiers::ALT)
            {
                return vec![(character.to_ascii_uppercase() as u8) & 0x1f];
            }
            let mut bytes = if modifiers == KeyModifiers::ALT {
                vec![0x1b]
            } else {
                Vec::new()
            };
            bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            return bytes;
        }
        KeyCode::Enter => b"\r",
        KeyCode::Backspace => b"\x7f",
        KeyCode::Tab => b"\t",
        KeyCode::Esc => b"\x1b",
        KeyCode::Up => b"\x1b[A",
        KeyCode::Down => b"\x1b[B",
        KeyCode::Right => b"\x1b[C",
        KeyCode::Left => b"\x1b[D",
        KeyCode::Home => b"\x1b[H",
        KeyCode::End => b"\x1b[F",
        KeyCode::Delete => b"\x1b[3~",
        _ => b"",
    };
    sequence.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::{KeyCode, KeyModifiers};

    #[test]
    fn keys_become_the_bytes_of_a_terminal() {
        assert_eq!(encode(KeyCode::Char('c'), KeyModifiers::CONTROL), [3]);
        assert_eq!(encode(KeyCode::Char(']'), KeyModifiers::CONTROL), [0x1d]);
        assert_eq!(
            encode(KeyCode::Char('ä'), KeyModifiers::NONE),
            "ä".as_bytes()
        );
        assert_eq!(encode(KeyCode::Up, KeyModifiers::NONE), b"\x1b[A");
        // AltGr is Control and Alt together on Windows and types characters.
        assert_eq!(
            encode(
                KeyCode::Char('@'),
                KeyModifiers::CONTROL | KeyModifiers::ALT
            ),
            b"@"
        );
    }
}
