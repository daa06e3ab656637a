//! The words by which a board is chosen: `-p`, `UCLI_PORT`, `connect X`, `a0`.
//!
//! Parsing only; whether such a board exists is `device::resolve`'s business.

use crate::error::{Code, Error, Result};

/// A choice of board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Selector {
    /// The only board there is.
    Auto,
    /// A device path or name.
    Port(String),
    /// The board with this USB serial number.
    Serial(String),
    /// The board with this USB vendor and, if given, product.
    Usb(u16, Option<u16>),
    /// A name that the user has given a board in the configuration.
    Name(String),
    /// `tcp://host:port`; the text after the scheme.
    Tcp(String),
    /// `rfc2217://host:port`; the text after the scheme.
    Rfc2217(String),
    /// `telnet://…`; the text after the scheme.
    Telnet(String),
    /// `ws://…`; the text after the scheme.
    WebSocket(String),
    /// A recorded session.
    Replay(String),
    /// The simulated board of this name.
    Sim(String),
}

impl Selector {
    /// Reads a selector.
    ///
    /// # Errors
    /// [`Code::Usage`] for a malformed one.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        for (scheme, make) in [
            ("tcp://", Self::Tcp as fn(String) -> Self),
            ("tcp:", Self::Tcp),
            ("socket://", Self::Tcp),
            ("rfc2217://", Self::Rfc2217),
            ("telnet://", Self::Telnet),
            ("ws://", Self::WebSocket),
            ("ws:", Self::WebSocket),
            ("replay:", Self::Replay),
            ("sim:", Self::Sim),
            ("port:", Self::Port),
            ("id:", Self::Serial),
            ("name:", Self::Name),
        ] {
            if let Some(rest) = text.strip_prefix(scheme) {
                if rest.is_empty() {
                    return Err(bad(text, &format!("nothing stands after `{scheme}`")));
                }
                return Ok(make(rest.to_string()));
            }
        }
        if let Some(rest) = text.strip_prefix("vid:") {
            return usb(text, rest);
        }
        match text {
            "" => Err(bad(text, "it is empty")),
            "auto" => Ok(Self::Auto),
            "sim" => Ok(Self::Sim(super::sim::DEFAULT_NAME.to_string())),
            "wss" | "wss:" => Err(bad(text, "boards speak no TLS on their WebREPL")),
            _ if text.starts_with("wss://") => {
                Err(bad(text, "boards speak no TLS on their WebREPL"))
            }
            _ => Ok(shortcut(text).map_or_else(|| Self::Port(text.to_string()), Self::Port)),
        }
    }

    /// Whether opening it can need the list of serial ports.
    pub(crate) fn is_network(&self) -> bool {
        matches!(
            self,
            Self::Tcp(_)
                | Self::Rfc2217(_)
                | Self::Telnet(_)
                | Self::WebSocket(_)
                | Self::Replay(_)
                | Self::Sim(_)
        )
    }
}

/// `a0` → `/dev/ttyACM0`, `u1` → `/dev/ttyUSB1`, `c3` → `COM3`; any number.
pub(crate) fn shortcut(text: &str) -> Option<String> {
    let (kind, number) = text.split_at_checked(1)?;
    if number.is_empty() || number.len() > 3 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match kind {
        "a" => Some(format!("/dev/ttyACM{number}")),
        "u" => Some(format!("/dev/ttyUSB{number}")),
        "c" => Some(format!("COM{number}")),
        _ => None,
    }
}

fn usb(text: &str, rest: &str) -> Result<Selector> {
    let hex = |digits: &str| {
        u16::from_str_radix(digits.trim_start_matches("0x"), 16).map_err(|_| {
            bad(
                text,
                &format!("`{digits}` is no hexadecimal number up to ffff"),
            )
        })
    };
    match rest.split_once(':') {
        Some((vid, pid)) => Ok(Selector::Usb(hex(vid)?, Some(hex(pid)?))),
        None => Ok(Selector::Usb(hex(rest)?, None)),
    }
}

fn bad(text: &str, why: &str) -> Error {
    Error::new(Code::Usage, format!("`{text}` chooses no board: {why}")).hint(
        "Give a port (`/dev/ttyACM0`, `COM3`), `id:SERIAL`, `vid:2e8a:0005`, `name:NAME`, `tcp://HOST:PORT`, \
         `rfc2217://HOST:PORT`, `telnet://USER:PASSWORD@HOST`, `ws://:PASSWORD@HOST`, `sim` or `sim:NAME`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_understood() {
        let port = |text: &str| Selector::Port(text.into());
        for (text, selector) in [
            ("auto", Selector::Auto),
            ("/dev/ttyACM0", port("/dev/ttyACM0")),
            ("port:/dev/x", port("/dev/x")),
            ("COM3", port("COM3")),
            ("a0", port("/dev/ttyACM0")),
            ("u12", port("/dev/ttyUSB12")),
            ("c3", port("COM3")),
            ("id:e661", Selector::Serial("e661".into())),
            ("vid:2e8a", Selector::Usb(0x2e8a, None)),
            ("vid:2E8A:0005", Selector::Usb(0x2e8a, Some(5))),
            ("name:greenhouse", Selector::Name("greenhouse".into())),
            ("tcp:localhost:4000", Selector::Tcp("localhost:4000".into())),
            (
                "tcp://localhost:4000",
                Selector::Tcp("localhost:4000".into()),
            ),
            (
                "socket://localhost:4000",
                Selector::Tcp("localhost:4000".into()),
            ),
            ("rfc2217://h:1", Selector::Rfc2217("h:1".into())),
            ("telnet://a:b@h", Selector::Telnet("a:b@h".into())),
            ("ws://h", Selector::WebSocket("h".into())),
            ("sim", Selector::Sim("default".into())),
            ("sim:lab", Selector::Sim("lab".into())),
        ] {
            assert_eq!(Selector::parse(text).unwrap(), selector, "{text}");
        }
    }

    #[test]
    fn malformed_selectors_err() {
        for text in ["", "id:", "vid:xyz", "vid:2e8a:12345", "tcp://", "wss://h"] {
            assert_eq!(
                Selector::parse(text).unwrap_err().code(),
                Code::Usage,
                "{text}"
            );
        }
    }
}
