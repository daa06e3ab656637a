//! `ucli boards`: what the catalogue of firmware has.

use serde_json::json;

use super::{Context, flash};
use crate::error::Result;
use crate::exit::Exit;
use crate::flash::catalogue::{Board, Request};
use crate::output::{sanitise, table};

/// Arguments of `ucli boards`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The catalogue's address is set with `--index`, UCLI_FIRMWARE_INDEX or the setting firmware_index; its format\n\
                  is in cli/README.md. `boards update` asks its server again.\n\
                  Example: ucli boards esp32 c3"
)]
pub(crate) struct Args {
    /// Words to search for in id, name, maker and chip; or `update`
    #[arg(value_name = "WORD")]
    words: Vec<String>,
    #[command(flatten)]
    source: flash::Source,
}

/// The newest stable version of MicroPython, or of what else there is.
fn newest(board: &Board) -> String {
    let latest =
        |name: &str| Request::parse(name).and_then(|request| board.choose(&request, "").ok());
    let found = ["latest", "circuitpython", "upy"]
        .into_iter()
        .find_map(latest);
    found.map_or_else(String::new, |release| {
        format!("{} {}", release.implementation, release.version)
    })
}

/// Lists boards.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    let catalogue = args.source.catalogue(context);
    let is_update = args.words.first().is_some_and(|word| word == "update");
    let words = &args.words[usize::from(is_update)..];
    let index = catalogue.load(is_update)?;
    let found = if is_update && words.is_empty() {
        Vec::new()
    } else {
        index.search(words)
    };
    let mut rows = Vec::new();
    for board in &found {
        let cells =
            [&board.id, &board.mcu, &board.vendor, &board.name].map(|text| sanitise::line(text));
        let mut row = cells.to_vec();
        row.insert(2, sanitise::line(&newest(board)));
        rows.push(row);
    }
    for line in table(&rows) {
        context.printer.data(&line)?;
    }
    if is_update {
        context.printer.say(&format!(
            "{} boards in {}",
            index.boards.len(),
            catalogue.place()
        ));
    } else if found.is_empty() {
        context.printer.say(&format!(
            "none of {} boards has these words",
            index.boards.len()
        ));
    }
    let list: Vec<_> = found
        .iter()
        .map(|board| {
            let firmware = board.firmware.iter().map(|release| {
                json!({ "implementation": release.implementation, "version": release.version,
                    "channel": release.channel, "variant": release.variant })
            });
            json!({ "id": board.id, "name": board.name, "vendor": board.vendor, "mcu": board.mcu,
                "firmware": firmware.collect::<Vec<_>>() })
        })
        .collect();
    context.printer.done(
        "boards",
        json!({ "index": catalogue.place(), "total": index.boards.len(), "boards": list }),
    )?;
    Ok(Exit::Done)
}
