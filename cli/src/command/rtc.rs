//! `ucli rtc`: the board's clock.

use chrono::{DateTime, Datelike, Local, Timelike, Utc};
use serde_json::json;

use super::Context;
use crate::client::snippet;
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::output::sanitise;

/// Arguments of `ucli rtc`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli rtc --set")]
pub(crate) struct Args {
    /// Set it to this computer's local time
    #[arg(short, long)]
    set: bool,
    /// Set it to universal time
    #[arg(long, conflicts_with = "set")]
    set_utc: bool,
}

/// Shows or sets the clock.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    let session = context.session()?;
    let no_clock = |error: Error| {
        if error.code() == Code::BoardException {
            return Error::new(
                Code::Unsupported,
                format!("The board has no clock: {}", error.message()),
            );
        }
        error
    };
    if args.set || args.set_utc {
        let time = if args.set {
            tuple_of(&Local::now())
        } else {
            tuple_of(&Utc::now())
        };
        session
            .ask(&snippet::RTC_SET.replace("{t}", &time))
            .map_err(no_clock)?;
        context.printer.done("rtc", json!({ "set": time }))?;
        return Ok(Exit::Done);
    }
    let answer = session.ask(snippet::RTC_GET).map_err(no_clock)?;
    let text = sanitise::line(sanitise::lossy(&answer).trim());
    context.printer.data(&text)?;
    context.printer.done("rtc", json!({ "datetime": text }))?;
    Ok(Exit::Done)
}

/// `(year, month, day, weekday, hour, minute, second, 0)`, Monday 0, as `machine.RTC` wants it.
fn tuple_of<Z: chrono::TimeZone>(time: &DateTime<Z>) -> String {
    format!(
        "({}, {}, {}, {}, {}, {}, {}, 0)",
        time.year(),
        time.month(),
        time.day(),
        time.weekday().num_days_from_monday(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tuples_count_weekdays_from_monday() {
        let time = |seconds| tuple_of(&DateTime::<Utc>::from_timestamp(seconds, 0).unwrap());
        assert_eq!(time(0), "(1970, 1, 1, 3, 0, 0, 0, 0)");
        assert_eq!(time(1_709_164_800), "(2024, 2, 29, 3, 0, 0, 0, 0)");
    }
}
