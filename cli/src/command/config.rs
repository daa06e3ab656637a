//! `ucli config`: every setting and where it comes from.

use serde_json::{Map, json};

use super::Context;
use crate::error::Result;
use crate::exit::Exit;
use crate::output;

/// Prints the settings.
pub(super) fn run(context: &mut Context) -> Result<Exit> {
    let config = &context.config;
    let line = |state: Option<bool>| match state {
        None | Some(true) => "asserted".to_string(),
        Some(false) => "released".to_string(),
    };
    let boards: Vec<String> = config
        .boards
        .value
        .iter()
        .map(|(name, board)| format!("{name}={board}"))
        .collect();
    let settings = [
        ("port", config.port.value.clone(), &config.port.origin),
        ("baud", config.baud.value.to_string(), &config.baud.origin),
        (
            "timeout",
            format!("{} s", config.timeout.value.as_secs_f64()),
            &config.timeout.origin,
        ),
        ("dtr", line(config.dtr.value), &config.dtr.origin),
        ("rts", line(config.rts.value), &config.rts.origin),
        ("boards", boards.join(" "), &config.boards.origin),
        (
            "exclude",
            config.exclude.value.join(" "),
            &config.exclude.origin,
        ),
        (
            "protect",
            config.protect.value.join(" "),
            &config.protect.origin,
        ),
        (
            "firmware_index",
            config.firmware_index.value.clone().unwrap_or_default(),
            &config.firmware_index.origin,
        ),
    ];
    let mut rows = vec![["SETTING", "VALUE", "FROM"].map(str::to_string).to_vec()];
    let mut fields = Map::new();
    for (name, value, origin) in settings {
        rows.push(vec![name.to_string(), value.clone(), origin.clone()]);
        fields.insert(name.to_string(), json!({ "value": value, "from": origin }));
    }
    for row in output::table(&rows) {
        context.printer.data(&row)?;
    }
    if let Some(path) = crate::config::user_file() {
        let state = if path.is_file() { "" } else { " (not there)" };
        context
            .printer
            .say(&format!("user file: {}{state}", path.display()));
    }
    context
        .printer
        .done("config", json!({ "settings": fields }))?;
    Ok(Exit::Done)
}
