//! `ucli info`: what a board is and how full it is.

use serde_json::{Value as Json, json};

use super::Context;
use crate::client::session::Session;
use crate::client::snippet;
use crate::client::value::{self, Value};
use crate::error::Result;
use crate::exit::Exit;
use crate::output::bytes::{exact, human};
use crate::output::sanitise;

/// Arguments of `ucli info`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli info --json")]
pub(crate) struct Args {}

/// What a board says about itself.
#[derive(Debug)]
pub(super) struct Info {
    implementation: String,
    version: String,
    machine: String,
    platform: String,
    mpy: i64,
    heap_used_bytes: i64,
    heap_free_bytes: i64,
    disk_bytes: i64,
    disk_free_bytes: i64,
    unique_id: String,
    clock_hz: i64,
    build: String,
    path: Vec<String>,
}

/// Asks the board.
///
/// # Errors
/// Those of the board and of the connection.
pub(super) fn ask(session: &mut Session) -> Result<Info> {
    let answer = value::parse(session.ask(snippet::INFO)?.trim_ascii())?;
    let text = |index: usize| {
        answer
            .at(index)
            .str()
            .map(sanitise::line)
            .unwrap_or_default()
    };
    let pair = |index: usize| {
        let pair = answer.at(index);
        (pair.at(0).int().unwrap_or(0), pair.at(1).int().unwrap_or(0))
    };
    let (heap_used_bytes, heap_free_bytes) = pair(5);
    let (disk_bytes, disk_free_bytes) = pair(6);
    let unique_id = answer.at(7).bytes().unwrap_or_default();
    Ok(Info {
        implementation: text(0),
        version: version(answer.at(1)),
        machine: text(2),
        platform: text(3),
        mpy: answer.at(4).int().unwrap_or(0),
        heap_used_bytes,
        heap_free_bytes,
        disk_bytes,
        disk_free_bytes,
        unique_id: unique_id.iter().map(|byte| format!("{byte:02x}")).collect(),
        clock_hz: answer.at(8).int().unwrap_or(0),
        build: text(9),
        path: answer
            .at(10)
            .items()
            .iter()
            .filter_map(|item| item.str().map(sanitise::line))
            .collect(),
    })
}

/// `(1, 29, 0, 'preview')` as `1.29.0-preview`.
fn version(value: &Value) -> String {
    let mut text = String::new();
    for item in value.items() {
        match item {
            Value::Int(number) if text.is_empty() => text = number.to_string(),
            Value::Int(number) => text.push_str(&format!(".{number}")),
            Value::Str(tag) if !tag.is_empty() => {
                text.push_str(&format!("-{}", sanitise::line(tag)))
            }
            _ => {}
        }
    }
    text
}

impl Info {
    /// `MicroPython 1.29.0`.
    pub(super) fn firmware(&self) -> String {
        let name = match self.implementation.as_str() {
            "micropython" => "MicroPython",
            "circuitpython" => "CircuitPython",
            other => other,
        };
        format!("{name} {}", self.version)
    }

    /// One line for a table.
    pub(super) fn summary(&self) -> String {
        let free = u64::try_from(self.disk_free_bytes).unwrap_or(0);
        format!(
            "{}, {}, {} free",
            self.firmware(),
            self.machine,
            human(free)
        )
    }

    /// The same facts for `--json`.
    pub(super) fn json(&self) -> Json {
        json!({
            "implementation": self.implementation,
            "version": self.version,
            "build": self.build,
            "machine": self.machine,
            "platform": self.platform,
            "mpy_version": self.mpy & 0xff,
            "mpy_arch": architecture(self.mpy),
            "unique_id": self.unique_id,
            "clock_hz": self.clock_hz,
            "heap_used": self.heap_used_bytes,
            "heap_free": self.heap_free_bytes,
            "disk_size": self.disk_bytes,
            "disk_free": self.disk_free_bytes,
            "path": self.path,
        })
    }
}

/// The native architecture of `sys.implementation._mpy`, in the words of `mpy-cross -march`.
fn architecture(mpy: i64) -> Option<&'static str> {
    const NAMES: [&str; 12] = [
        "x86",
        "x64",
        "armv6",
        "armv6m",
        "armv7m",
        "armv7em",
        "armv7emsp",
        "armv7emdp",
        "xtensa",
        "xtensawin",
        "rv32imc",
        "rv64imc",
    ];
    let number = usize::try_from((mpy >> 10) & 0xf).ok()?;
    NAMES.get(number.checked_sub(1)?).copied()
}

/// Prints what the board is.
pub(super) fn run(_args: &Args, context: &mut Context) -> Result<Exit> {
    let session = context.session()?;
    let info = ask(session)?;
    let port = session.name().to_string();
    let positive = |number: i64| u64::try_from(number).unwrap_or(0);
    let path: Vec<&str> = info
        .path
        .iter()
        // The working directory; nothing would show nothing.
        .map(|entry| if entry.is_empty() { "''" } else { entry })
        .collect();
    let mut rows = vec![
        ("port", port.clone()),
        ("firmware", info.firmware()),
        ("build", info.build.clone()),
        ("machine", info.machine.clone()),
        ("platform", info.platform.clone()),
        ("mpy", {
            let arch = architecture(info.mpy)
                .map(|arch| format!(", {arch}"))
                .unwrap_or_default();
            format!("version {}{arch}", info.mpy & 0xff)
        }),
        ("unique id", info.unique_id.clone()),
        (
            "clock",
            if info.clock_hz > 0 {
                format!("{} MHz", info.clock_hz / 1_000_000)
            } else {
                String::new()
            },
        ),
        (
            "heap",
            format!(
                "{} used, {} free",
                exact(positive(info.heap_used_bytes)),
                exact(positive(info.heap_free_bytes))
            ),
        ),
        (
            "disk",
            format!(
                "{} of {} free",
                human(positive(info.disk_free_bytes)),
                human(positive(info.disk_bytes))
            ),
        ),
        ("path", path.join(" ")),
    ];
    rows.retain(|(_, text)| !text.is_empty());
    for (name, text) in rows {
        context.printer.data(&format!("{name:<10} {text}"))?;
    }
    let mut fields = info.json();
    fields["port"] = port.into();
    context.printer.done("info", fields)?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_architectures_are_spelt() {
        assert_eq!(version(&value::parse(b"(1, 29, 0, '')").unwrap()), "1.29.0");
        assert_eq!(
            version(&value::parse(b"(1, 30, 0, 'preview')").unwrap()),
            "1.30.0-preview"
        );
        assert_eq!(architecture(0x0106 | 3 << 10), Some("armv6"));
        assert_eq!(architecture(6), None);
    }
}
