//! `ucli sim start|stop|list|reset`: simulated boards.

use serde_json::json;

use super::Context;
use crate::device::sim::{self, DEFAULT_NAME, Order, Running};
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::output;

/// Arguments of `ucli sim`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "`-p sim` and `-p sim:NAME` use such a board, and start it when it does not run.\n\
                  Example: ucli sim start lab --heap 192K + -p sim:lab exec 'print(1)'"
)]
pub(crate) struct Args {
    /// What to do
    #[arg(value_enum)]
    job: Job,
    /// The board's name
    #[arg(default_value = DEFAULT_NAME)]
    name: String,
    /// Bytes of its heap, exactly: 192K, 2M
    #[arg(long, value_name = "SIZE")]
    heap: Option<String>,
    /// Time moves only as the program waits
    #[arg(long)]
    virtual_time: bool,
    /// Don't run boot.py and main.py
    #[arg(long)]
    safe: bool,
    /// Its console is a TCP port at this address, such as 127.0.0.1:0
    #[arg(long, value_name = "HOST:PORT")]
    tcp: Option<String>,
    /// Harm one byte on its line: in|out:drop|flip|cut|reset@BYTE
    #[arg(long, value_name = "FAULT")]
    fault: Vec<String>,
}

/// What to do with simulated boards.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Job {
    /// Switch a board on
    Start,
    /// Switch a board off
    Stop,
    /// List the boards that run
    List,
    /// Press a board's reset button
    Reset,
}

/// Does the job.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    sim::check_name(&args.name)?;
    match args.job {
        Job::Start => start(args, context),
        Job::Stop => told(args, Order::Stop, "sim stop", context),
        Job::Reset => told(args, Order::Reset, "sim reset", context),
        Job::List => list(context),
    }
}

impl Args {
    /// The options for the board's own process.
    fn options(&self) -> Vec<String> {
        let mut words = Vec::new();
        for (option, value) in [("--heap", &self.heap), ("--tcp", &self.tcp)] {
            if let Some(value) = value {
                words.extend([option.to_string(), value.clone()]);
            }
        }
        for (option, is_set) in [("--virtual-time", self.virtual_time), ("--safe", self.safe)] {
            if is_set {
                words.push(option.to_string());
            }
        }
        for fault in &self.fault {
            words.extend(["--fault".to_string(), fault.clone()]);
        }
        words
    }
}

fn start(args: &Args, context: &mut Context) -> Result<Exit> {
    let name = &args.name;
    if let Some(running) = sim::find(name)? {
        return Err(Error::new(
            Code::Exists,
            format!(
                "The simulated board `{name}` runs already, at {}",
                running.address
            ),
        )
        .hint(format!("Switch it off first: `ucli sim stop {name}`")));
    }
    let running = sim::start(name, &args.options())?;
    context.printer.data(&running.address)?;
    context.printer.done("sim start", record(&running))?;
    Ok(Exit::Done)
}

fn told(args: &Args, order: Order, command: &str, context: &mut Context) -> Result<Exit> {
    let name = &args.name;
    let running = sim::find(name)?.ok_or_else(|| {
        Error::new(
            Code::NoBoard,
            format!("No simulated board named `{name}` runs"),
        )
        .hint("`ucli sim list` shows those that do")
    })?;
    if order == Order::Stop {
        // It may be the board that is open.
        context.disconnect()?;
    }
    sim::order(&running, order)?;
    context.printer.done(command, json!({ "name": name }))?;
    Ok(Exit::Done)
}

fn list(context: &mut Context) -> Result<Exit> {
    let boards = sim::list()?;
    if boards.is_empty() {
        context.printer.say("No simulated board runs");
    } else {
        let mut rows = vec![["BOARD", "CONSOLE", "PROCESS"].map(str::to_string).to_vec()];
        rows.extend(boards.iter().map(|running| {
            vec![
                format!("sim:{}", running.name),
                running.address.clone(),
                running.pid.to_string(),
            ]
        }));
        for line in output::table(&rows) {
            context.printer.data(&line)?;
        }
    }
    let boards: Vec<_> = boards.iter().map(record).collect();
    context
        .printer
        .done("sim list", json!({ "boards": boards }))?;
    Ok(Exit::Done)
}

fn record(running: &Running) -> serde_json::Value {
    json!({
        "name": running.name,
        "address": running.address,
        "pid": running.pid,
    })
}
