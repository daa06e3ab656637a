//! `ucli sim start|stop|list|reset|pins`: simulated boards.

use serde_json::{Value, json};

use super::Context;
use crate::device::sim::{self, DEFAULT_NAME, Order, Running};
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::output;

/// Arguments of `ucli sim`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "`-p sim` and `-p sim:NAME` use such a board, and start it when it does not run.\n\
                  Example: ucli sim start lab --heap 192K"
)]
pub(crate) struct Args {
    /// What to do
    #[arg(value_enum)]
    job: Job,
    /// The board's name [default: default]; for `pins` also what to change: `5=1`, `adc0=30000`, `i2c:0x48=1950`
    words: Vec<String>,
    /// Bytes of its heap, exactly: 192K, 2M
    #[arg(long, value_name = "SIZE")]
    heap: Option<String>,
    /// Bytes of its flash, a multiple of 4096
    #[arg(long, value_name = "SIZE")]
    flash_size: Option<String>,
    /// Erase its flash first
    #[arg(long)]
    fresh: bool,
    /// Cut the power in the middle of the operation on the flash that follows N others
    #[arg(long, value_name = "N")]
    power_cut: Option<String>,
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
    /// Show a board's pins, or change what is on them
    Pins,
}

/// Does the job.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    let is_name = |word: &&String| !word.contains('=');
    let name = args.words.first().filter(is_name);
    let changes = &args.words[usize::from(name.is_some())..];
    let name = name.map_or(DEFAULT_NAME, String::as_str);
    sim::check_name(name)?;
    if let Some(word) = changes.first()
        && !matches!(args.job, Job::Pins)
    {
        return Err(Error::new(
            Code::Usage,
            format!("`{word}` is one word too many"),
        ));
    }
    match args.job {
        Job::Start => start(name, args, context),
        Job::Stop => told(name, &Order::Stop, "sim stop", context),
        Job::Reset => told(name, &Order::Reset, "sim reset", context),
        Job::List => list(context),
        Job::Pins => pins(name, changes, context),
    }
}

impl Args {
    /// The options for the board's own process.
    fn options(&self) -> Vec<String> {
        let mut words = Vec::new();
        for (option, value) in [
            ("--heap", &self.heap),
            ("--flash-size", &self.flash_size),
            ("--power-cut", &self.power_cut),
            ("--tcp", &self.tcp),
        ] {
            if let Some(value) = value {
                words.extend([option.to_string(), value.clone()]);
            }
        }
        for (option, is_set) in [
            ("--virtual-time", self.virtual_time),
            ("--safe", self.safe),
            ("--fresh", self.fresh),
        ] {
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

fn start(name: &str, args: &Args, context: &mut Context) -> Result<Exit> {
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

fn running(name: &str) -> Result<Running> {
    sim::find(name)?.ok_or_else(|| {
        Error::new(
            Code::NoBoard,
            format!("No simulated board named `{name}` runs"),
        )
        .hint("`ucli sim list` shows those that do")
    })
}

fn told(name: &str, order: &Order, command: &str, context: &mut Context) -> Result<Exit> {
    let running = running(name)?;
    if *order == Order::Stop {
        // It may be the board that is open.
        context.disconnect()?;
    }
    sim::order(&running, order)?;
    context.printer.done(command, json!({ "name": name }))?;
    Ok(Exit::Done)
}

/// Changes what is on the pins, or shows it.
fn pins(name: &str, changes: &[String], context: &mut Context) -> Result<Exit> {
    let running = running(name)?;
    if !changes.is_empty() {
        sim::order(&running, &Order::Set(changes.to_vec()))?;
    }
    let shown = sim::order(&running, &Order::View)?;
    let view: Value = serde_json::from_str(&shown).map_err(|error| {
        Error::new(
            Code::Protocol,
            format!("The simulated board `{name}` shows nothing sensible: {error}"),
        )
    })?;
    if changes.is_empty() {
        for line in output::table(&rows(&view)) {
            context.printer.data(&line)?;
        }
    }
    let mut fields = json!({ "name": name });
    if let (Some(fields), Some(view)) = (fields.as_object_mut(), view.as_object()) {
        fields.extend(view.clone());
    }
    context.printer.done("sim pins", fields)?;
    Ok(Exit::Done)
}

/// A table of the pins that somebody uses, and of the rest what is there.
fn rows(view: &Value) -> Vec<Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_string(),
        other => other.to_string(),
    };
    let list = |name: &str| view[name].as_array().cloned().unwrap_or_default();
    let mut rows = vec![
        ["WHAT", "MODE", "PULL", "LEVEL", "DRIVEN", "PWM"]
            .map(str::to_string)
            .to_vec(),
    ];
    let is_used =
        |pin: &&Value| pin["mode"] != "input" || pin["pull"] != "none" || !pin["driven"].is_null();
    for pin in list("pins").iter().filter(is_used) {
        let pwm = match pin["pwm"].as_object() {
            Some(pwm) => format!("{} Hz, {}/65535", text(&pwm["hz"]), text(&pwm["duty_u16"])),
            None => "-".to_string(),
        };
        rows.push(vec![
            format!("pin {}", pin["pin"]),
            text(&pin["mode"]),
            text(&pin["pull"]),
            text(&pin["level"]),
            text(&pin["driven"]),
            pwm,
        ]);
    }
    for (channel, level) in list("adc").iter().enumerate() {
        let mut row = vec![format!("adc {channel}"), "analog".to_string()];
        row.extend([
            "-".to_string(),
            text(level),
            "-".to_string(),
            "-".to_string(),
        ]);
        rows.push(row);
    }
    for device in list("i2c") {
        let count = device["written"].as_array().map_or(0, Vec::len);
        let mut row = vec![format!("i2c {}", device["address"])];
        row.extend(["device", "-", "-", "-"].map(str::to_string));
        row.push(format!("{count} writes"));
        rows.push(row);
    }
    rows
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
