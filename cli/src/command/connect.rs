//! `ucli connect`, `disconnect`, `resume`: which board the commands after it use.

use serde_json::json;

use super::Context;
use crate::device::list;
use crate::error::Result;
use crate::exit::Exit;

/// Arguments of `ucli connect`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli connect id:e6614103e7452d2f ls :lib")]
pub(crate) struct Args {
    /// A port, `id:SERIAL`, `vid:VID:PID`, `auto`, an address; or `list`
    device: String,
}

/// Chooses the board and opens it; `list` prints the ports as mpremote does.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    if args.device == "list" {
        context.acted = true;
        return ports(context);
    }
    context.choose(&args.device)?;
    let port = context.open()?.name().to_string();
    context.printer.done("connect", json!({ "port": port }))?;
    Ok(Exit::Done)
}

/// One line per port: `device serial vid:pid manufacturer product`.
pub(super) fn ports(context: &mut Context) -> Result<Exit> {
    let ports = list::ports();
    for port in &ports {
        let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "None".to_string());
        context.printer.data(&format!(
            "{} {} {} {} {}",
            port.port,
            or_none(&port.serial),
            port.vid_pid(),
            or_none(&port.manufacturer),
            or_none(&port.product)
        ))?;
    }
    context
        .printer
        .done("connect list", json!({ "boards": ports }))?;
    Ok(Exit::Done)
}

/// Closes the board.
pub(super) fn disconnect(context: &mut Context) -> Result<Exit> {
    context.disconnect()?;
    context.printer.done("disconnect", json!({}))?;
    Ok(Exit::Done)
}

/// Nothing: no soft reset is what happens anyway.
pub(super) fn resume(context: &mut Context) -> Result<Exit> {
    context.skip_soft_reset();
    context.printer.done("resume", json!({}))?;
    Ok(Exit::Done)
}
