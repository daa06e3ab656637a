//! `ucli doctor`: why a board does not answer, step by step.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use super::Context;
use crate::client::session::Session;
use crate::device::selector::Selector;
use crate::device::{self, list};
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::output::sanitise;
use crate::transport::{OpenOptions, Transport};

/// Baud rates a board's boot text may come at; Espressif's ROM speaks at the odd one.
const OTHER_RATES: [u32; 4] = [74_880, 9_600, 460_800, 921_600];
/// How long to listen for something.
const LISTEN: Duration = Duration::from_millis(700);

/// Arguments of `ucli doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli doctor -p /dev/ttyUSB0")]
pub(crate) struct Args {}

/// One finding.
struct Finding {
    good: bool,
    what: String,
    advice: Vec<String>,
}

struct Report {
    findings: Vec<Finding>,
}

impl Report {
    fn good(&mut self, what: impl Into<String>) {
        self.findings.push(Finding {
            good: true,
            what: what.into(),
            advice: Vec::new(),
        });
    }

    fn bad(&mut self, what: impl Into<String>, advice: &[&str]) {
        let advice = advice.iter().map(|text| (*text).to_string()).collect();
        self.findings.push(Finding {
            good: false,
            what: what.into(),
            advice,
        });
    }

    fn error(&mut self, error: &Error) {
        self.findings.push(Finding {
            good: false,
            what: error.message().to_string(),
            advice: error.hints().to_vec(),
        });
    }
}

/// Examines what is connected and says what to do.
pub(super) fn run(_args: &Args, context: &mut Context) -> Result<Exit> {
    let mut report = Report {
        findings: Vec::new(),
    };
    examine(context, &mut report)?;
    let healthy = report.findings.iter().all(|finding| finding.good);
    for finding in &report.findings {
        let mark = if finding.good { "ok  " } else { "bad " };
        context.printer.data(&format!("{mark} {}", finding.what))?;
        for advice in &finding.advice {
            context.printer.data(&format!("     → {advice}"))?;
        }
    }
    let findings: Vec<Json> = report
        .findings
        .iter()
        .map(|finding| json!({ "ok": finding.good, "finding": finding.what, "advice": finding.advice }))
        .collect();
    if healthy {
        context
            .printer
            .done("doctor", json!({ "findings": findings }))?;
        return Ok(Exit::Done);
    }
    context
        .printer
        .event("findings", json!({ "findings": findings }))?;
    Err(Error::reported(
        Code::NoAnswer,
        Exit::Failed,
        "Something is wrong; see the findings",
    ))
}

fn examine(context: &mut Context, report: &mut Report) -> Result<()> {
    let selector = Selector::parse(context.selector_text())?;
    let ports = list::ports();
    let usb = ports.iter().filter(|port| port.is_usb()).count();
    if !selector.is_network() {
        match (usb, ports.len()) {
            (0, 0) => report.bad(
                "There is no serial port at all",
                &[
                    "Plug the board in; many cables carry only power: try another one",
                    "In a virtual machine, container or WSL the USB device must be passed through",
                ],
            ),
            (0, n) if selector == Selector::Auto => report.bad(
                format!("{n} serial ports, none of them on USB"),
                &["Plug the board in; many cables carry only power: try another one"],
            ),
            (n, _) => report.good(format!("{n} USB serial ports")),
        }
    }
    let target = match device::resolve(&selector, &context.config.boards.value) {
        Ok(target) => target,
        Err(error) => {
            report.error(&error);
            return Ok(());
        }
    };
    if let Some(info) = &target.info {
        report.good(format!(
            "`{}` is {} ({})",
            info.port,
            sanitise::line(&info.describe()),
            info.vid_pid()
        ));
    }
    let options = context.options();
    let transport = match target.open(&options) {
        Ok(transport) => transport,
        Err(error) => {
            report.error(&error);
            return Ok(());
        }
    };
    report.good(format!("`{}` can be opened", target.name()));
    drop(transport);
    let quick = OpenOptions {
        timeout: Duration::from_secs(4),
        ..options
    };
    let mut session = Session::open(target.clone(), quick, &context.printer, None)?;
    match session.enter_raw() {
        Ok(()) => {
            report.good("It answers at the raw prompt");
            let info = super::info::ask(&mut session)?;
            report.good(info.summary());
            session.close()?;
            return Ok(());
        }
        Err(error) => report.error(&error),
    }
    drop(session);
    if target.info.is_some() {
        other_rates(&target, &options, report);
    }
    Ok(())
}

/// Listens at other baud rates for readable text.
fn other_rates(target: &device::Target, options: &OpenOptions, report: &mut Report) {
    for baud in OTHER_RATES {
        let Ok(mut transport) = target.open(&OpenOptions { baud, ..*options }) else {
            continue;
        };
        if let Some(text) = listen(transport.as_mut()) {
            report.bad(
                format!("At {baud} baud it says `{}`", sanitise::line(&text)),
                &["If that is readable, use this `--baud`; text of a boot loader means that no firmware runs: flash one"],
            );
            return;
        }
    }
}

/// Readable text that comes after a return key, if any.
fn listen(transport: &mut dyn Transport) -> Option<String> {
    let deadline = Instant::now() + LISTEN;
    transport.write(b"\r\x03\r", deadline).ok()?;
    let mut heard = Vec::new();
    let mut buffer = [0; 512];
    while Instant::now() < deadline && heard.len() < 200 {
        let len = transport.read(&mut buffer, deadline).ok()?;
        heard.extend_from_slice(&buffer[..len]);
    }
    let readable = heard
        .iter()
        .filter(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
        .count();
    let text = sanitise::lossy(&heard).trim().to_string();
    (heard.len() > 3 && readable * 10 > heard.len() * 9).then_some(text)
}
