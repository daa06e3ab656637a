//! `ucli sim start|stop|list|reset|pins`: simulated boards.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::Context;
use crate::client::interrupt;
use crate::device::sim::{self, DEFAULT_NAME, Order, Running};
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::output;

/// Arguments of `ucli sim`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "`-p sim` and `-p sim:NAME` use such a board, and start it when it does not run.\n\
                  `ucli sim pins --watch` shows what a program does to its pins, with the board's time.\n\
                  Example: ucli sim start lab --heap 192K"
)]
pub(crate) struct Args {
    /// What to do
    #[arg(value_enum)]
    job: Job,
    /// The board's name [default: default]; for `pins` also what to change: `5=1`, `adc0=30000`, `i2c0:0x48=1950`, JSON
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
    /// Take orders for its pins and buses, JSON one a line, at this address, such as 127.0.0.1:0
    #[arg(long, value_name = "HOST:PORT")]
    control: Option<String>,
    /// Give the orders in this file, each at its `at_ms` after the start
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// With `pins`: print each change at a pin as it happens, until Ctrl-C
    #[arg(long)]
    watch: bool,
    /// With `--watch`: end after N changes
    #[arg(long, value_name = "N", requires = "watch")]
    count: Option<u64>,
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
    let is_name = |word: &&String| !word.contains(['=', '{']);
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
    if args.watch && !matches!(args.job, Job::Pins) {
        return Err(Error::new(
            Code::Usage,
            "`--watch` goes with `ucli sim pins` alone",
        ));
    }
    match args.job {
        Job::Start => start(name, args, context),
        Job::Stop => told(name, &Order::Stop, "sim stop", context),
        Job::Reset => told(name, &Order::Reset, "sim reset", context),
        Job::List => list(context),
        Job::Pins => pins(name, changes, args, context),
    }
}

impl Args {
    /// The options for the board's own process.
    fn options(&self) -> Result<Vec<String>> {
        let mut words = Vec::new();
        for (option, value) in [
            ("--heap", &self.heap),
            ("--flash-size", &self.flash_size),
            ("--power-cut", &self.power_cut),
            ("--tcp", &self.tcp),
            ("--control", &self.control),
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
        if let Some(script) = &self.script {
            // The board's process may be elsewhere.
            let path = std::path::absolute(script)
                .and_then(std::fs::canonicalize)
                .map_err(|error| Error::local("read", script, &error))?;
            let text = path.into_os_string().into_string().map_err(|_| {
                let shown = script.display();
                Error::new(
                    Code::Usage,
                    format!("`{shown}` has a name that is no UTF-8"),
                )
            })?;
            words.extend(["--script".to_string(), text]);
        }
        Ok(words)
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
    let running = sim::start(name, &args.options()?)?;
    context.printer.data(&running.address)?;
    if let Some(control) = &running.control {
        context.printer.data(&format!("control {control}"))?;
    }
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
fn pins(name: &str, changes: &[String], args: &Args, context: &mut Context) -> Result<Exit> {
    let running = running(name)?;
    let orders: Vec<Value> = changes
        .iter()
        .map(|word| change(word))
        .collect::<Result<_>>()?;
    let mut answers = Vec::new();
    for (word, order) in changes.iter().zip(&orders) {
        let answer = answer_of(&running, order)?;
        if let Some(why) = answer["error"].as_str() {
            return Err(Error::new(Code::Usage, format!("`{word}`: {why}")));
        }
        if word.starts_with('{') {
            context.printer.data(&answer.to_string())?;
        }
        answers.push(answer);
    }
    if args.watch {
        watch(&running, args.count, context)?;
    }
    let view = answer_of(&running, &json!({ "op": "pins" }))?;
    if !args.watch && changes.is_empty() {
        for line in output::table(&rows(&view)) {
            context.printer.data(&line)?;
        }
    }
    let fields = json!({ "name": name, "pins": view["pins"], "answers": answers });
    context.printer.done("sim pins", fields)?;
    Ok(Exit::Done)
}

/// Shows what changes at the pins, as it changes.
fn watch(running: &Running, most: Option<u64>, context: &Context) -> Result<()> {
    let printer = &context.printer;
    let pressed = interrupt::count();
    let mut watch = sim::watch(running)?;
    printer.note(&format!("watching the pins of `{}`", running.name));
    printer.event("watching", json!({ "name": running.name }))?;
    let mut seen = 0;
    while most.is_none_or(|most| seen < most) && interrupt::count() == pressed {
        let Some(change) = watch.next(interrupt::SLICE)? else {
            continue;
        };
        let mut change: Value = serde_json::from_str(&change).map_err(|error| {
            let name = &running.name;
            let text = format!("The simulated board `{name}` tells nothing sensible: {error}");
            Error::new(Code::Protocol, text)
        })?;
        let what = change["event"].as_str().unwrap_or_default().to_string();
        if printer.is_json() {
            if let Some(fields) = change.as_object_mut() {
                fields.remove("event");
            }
            printer.event(&what, change)?;
        } else {
            printer.data(&change_line(&what, &change))?;
        }
        seen += 1;
    }
    Ok(())
}

/// `1.200345 s  pin 25  1`
fn change_line(what: &str, event: &Value) -> String {
    let time_us = event["time_us"].as_u64().unwrap_or(0);
    let at = format!("{}.{:06} s", time_us / 1_000_000, time_us % 1_000_000);
    let pin = &event["pin"];
    if what == "wave" {
        let (frequency_hz, duty_u16) = (&event["frequency_hz"], &event["duty_u16"]);
        return format!("{at}  pin {pin}  {frequency_hz} Hz, {duty_u16}/65535");
    }
    format!("{at}  pin {pin}  {}", event["level"])
}

fn answer_of(running: &Running, order: &Value) -> Result<Value> {
    let answer = sim::order(running, &Order::Pins(order.to_string()))?;
    serde_json::from_str(&answer).map_err(|error| {
        Error::new(
            Code::Protocol,
            format!(
                "The simulated board `{}` answers nothing sensible: {error}",
                running.name
            ),
        )
    })
}

/// The order behind a word: `5=1`, `adc0=30000`, `i2c0:0x48=1950`, `uart0=6869`, `spi0=ff`, or JSON as it is.
fn change(word: &str) -> Result<Value> {
    let wrong = || {
        Error::new(Code::Usage, format!("`{word}` changes nothing on the board")).hint(
            "Write `5=1`, `5=0`, `5=z`, `adc0=30000`, `i2c0:0x48=1950`, `uart0=6869`, `spi0=ff`, or an order in JSON",
        )
    };
    if word.starts_with('{') {
        return serde_json::from_str(word).map_err(|_| wrong());
    }
    let (what, value) = word.split_once('=').ok_or_else(wrong)?;
    let number = |digits: &str| -> Result<u64> {
        match digits.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).map_err(|_| wrong()),
            None => digits.parse().map_err(|_| wrong()),
        }
    };
    if let Some(channel) = what.strip_prefix("adc") {
        return Ok(json!({ "op": "adc", "channel": number(channel)?, "value": number(value)? }));
    }
    if let Some(device) = what.strip_prefix("i2c") {
        let (bus, address) = device.split_once(':').ok_or_else(wrong)?;
        let (bus, address) = (number(bus)?, number(address)?);
        return Ok(json!({ "op": "i2c", "bus": bus, "address": address, "registers": value }));
    }
    if let Some(line) = what.strip_prefix("uart") {
        return Ok(json!({ "op": "uart", "line": number(line)?, "send": value }));
    }
    if let Some(bus) = what.strip_prefix("spi") {
        return Ok(json!({ "op": "spi", "bus": number(bus)?, "reply": value }));
    }
    let level = match value {
        "0" => json!(0),
        "1" => json!(1),
        "z" => Value::Null,
        _ => return Err(wrong()),
    };
    Ok(json!({ "op": "drive", "pin": number(what)?, "level": level }))
}

/// A table of the pins that somebody uses.
fn rows(view: &Value) -> Vec<Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_string(),
        other => other.to_string(),
    };
    let mut rows = vec![
        ["PIN", "MODE", "PULL", "LEVEL", "DRIVEN", "WAVE"]
            .map(str::to_string)
            .to_vec(),
    ];
    let is_used =
        |pin: &&Value| pin["mode"] != "in" || pin["pull"] != "none" || !pin["driven"].is_null();
    for pin in view["pins"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(is_used)
    {
        let wave = match pin["wave"].as_object() {
            Some(wave) => format!(
                "{} Hz, {}/65535",
                text(&wave["frequency_hz"]),
                text(&wave["duty_u16"])
            ),
            None => "-".to_string(),
        };
        let mut row: Vec<String> = ["pin", "mode", "pull", "level", "driven"]
            .map(|name| text(&pin[name]))
            .to_vec();
        row.push(wave);
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
        "control": running.control,
        "pid": running.pid,
    })
}
