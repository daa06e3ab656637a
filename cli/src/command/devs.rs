//! `ucli devs`: the boards that are connected.

use serde_json::json;

use super::{Context, connect};
use crate::client::session::Session;
use crate::device::list::{self, PortInfo};
use crate::device::selector::Selector;
use crate::error::Result;
use crate::exit::Exit;
use crate::output::{self, sanitise};

/// Arguments of `ucli devs`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli devs --probe")]
pub(crate) struct Args {
    /// Serial ports that are not on USB too
    #[arg(short, long)]
    all: bool,
    /// Ask each board what it runs (this interrupts its program)
    #[arg(long)]
    probe: bool,
}

/// Lists the boards.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    if context.printer.is_mpremote() {
        return connect::ports(context);
    }
    let ports: Vec<PortInfo> = list::ports()
        .into_iter()
        .filter(|port| args.all || port.is_usb())
        .collect();
    let mut rows = vec![
        ["PORT", "BOARD", "FIRMWARE", "VID:PID", "SERIAL"]
            .map(str::to_string)
            .to_vec(),
    ];
    let mut boards = Vec::new();
    for port in &ports {
        let mut board = serde_json::to_value(port).unwrap_or_default();
        let firmware = if args.probe {
            let probed = probe(port, context);
            board["probe"] = probed.as_ref().map_or_else(
                |error| json!({ "error": { "code": error.code().text(), "message": error.message() } }),
                |info| info.json(),
            );
            probed.map_or_else(
                |error| sanitise::line(error.message()),
                |info| info.summary(),
            )
        } else {
            "not asked (--probe)".to_string()
        };
        let name = names_of(port, context).unwrap_or_else(|| port.describe());
        rows.push(vec![
            port.port.clone(),
            sanitise::line(&name),
            firmware,
            port.vid_pid(),
            sanitise::line(port.serial.as_deref().unwrap_or("-")),
        ]);
        boards.push(board);
    }
    if ports.is_empty() {
        context.printer.say("No board is connected");
        if !args.all {
            context.printer.say(
                "`ucli devs --all` lists every serial port, `ucli doctor` says what may be wrong",
            );
        }
    } else {
        for line in output::table(&rows) {
            context.printer.data(&line)?;
        }
    }
    context.printer.done("devs", json!({ "boards": boards }))?;
    Ok(Exit::Done)
}

/// The user's own name for the board on this port.
fn names_of(port: &PortInfo, context: &Context) -> Option<String> {
    let found = context.config.boards.value.iter().find(|(_, selector)| {
        match Selector::parse(selector) {
            Ok(Selector::Serial(serial)) => port.serial.as_deref() == Some(&serial),
            Ok(Selector::Port(path)) => port.port == path,
            _ => false,
        }
    })?;
    Some(format!("{} ({})", found.0, port.describe()))
}

fn probe(port: &PortInfo, context: &Context) -> Result<super::info::Info> {
    let target = crate::device::resolve(
        &Selector::Port(port.port.clone()),
        &std::collections::BTreeMap::new(),
    )?;
    let mut options = context.options();
    options.timeout = options.timeout.min(std::time::Duration::from_secs(4));
    let mut session = Session::open(target, options, &context.printer, None)?;
    let info = super::info::ask(&mut session)?;
    session.close()?;
    Ok(info)
}
