//! `ucli df`: how full the board's file systems are.

use serde_json::json;

use super::Context;
use crate::client::snippet;
use crate::client::value;
use crate::error::Result;
use crate::exit::Exit;
use crate::output::sanitise;

/// Prints the table.
pub(super) fn run(context: &mut Context) -> Result<Exit> {
    let session = context.session()?;
    let answer = session.ask(snippet::DISKS)?;
    let mut disks = Vec::new();
    context.printer.data(&format!(
        "{:<10} {:>8} {:>8} {:>8} {:>4} {}",
        "filesystem", "size", "used", "avail", "use%", "mounted on"
    ))?;
    for line in answer.split(|&byte| byte == b'\n') {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let disk = value::parse(line)?;
        let number = |index: usize| disk.at(index).int().unwrap_or(0);
        let text = |index: usize| disk.at(index).str().map(sanitise::line).unwrap_or_default();
        let (size, free) = (number(2), number(3));
        let used = size - free;
        let name = match text(0) {
            name if name.is_empty() => "<unknown>".to_string(),
            name => name,
        };
        let percent = if size > 0 { 100 * used / size } else { 0 };
        context.printer.data(&format!(
            "{name:<10} {size:>8} {used:>8} {free:>8} {percent:>4} {}",
            text(1)
        ))?;
        disks.push(json!({ "filesystem": name, "size": size, "used": used, "free": free, "mounted_on": text(1) }));
    }
    context.printer.done("df", json!({ "disks": disks }))?;
    Ok(Exit::Done)
}
