//! `ucli erase`: a blank flash.

use serde_json::json;

use super::{Context, flash};
use crate::error::Result;
use crate::exit::Exit;
use crate::flash::report::Report;

/// Arguments of `ucli erase`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli -p u0 erase --yes")]
pub(crate) struct Args {
    #[command(flatten)]
    how: flash::How,
}

/// Erases everything: firmware, files, settings.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    let mut way = flash::way(&args.how, context)?;
    let family = way.family(None, None, None);
    let mut flasher = way.open(family)?;
    let found = flasher.found().clone();
    context.printer.say(&format!("found      {}", found.line()));
    let asked = context.confirm(&format!(
        "Firmware and files of the {} on {} will be erased",
        found.chip, found.place
    ));
    if let Err(error) = asked {
        // Nothing was done to it, so it goes on; the refusal is what the user hears.
        let _ = flasher.start();
        return Err(error);
    }
    flasher.erase(&mut Report::new(&context.printer))?;
    flasher.stay()?;
    context
        .printer
        .data("erased; `ucli flash` makes the board work again")?;
    context.printer.done("erase", json!({ "found": found }))?;
    Ok(Exit::Done)
}
