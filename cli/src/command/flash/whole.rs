//! `ucli flash backup` and `flash restore`: the whole flash, whatever stands in it.

use std::path::Path;

use serde_json::json;

use super::{Args, way};
use crate::command::Context;
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::files::local;
use crate::flash::Wish;
use crate::flash::image::{Content, Firmware};
use crate::flash::report::Report;
use crate::output::bytes::human;

/// Reads the whole flash into a file.
pub(super) fn backup(args: &Args, file: &Path, context: &mut Context) -> Result<Exit> {
    let mut way = way(&args.how, context)?;
    let mut report = Report::new(&context.printer);
    let family = way.family(None, None, None);
    let mut flasher = way.open(family)?;
    let found = flasher.found().clone();
    context.printer.say(&format!("found      {}", found.line()));
    let bytes = flasher.read(&mut report)?;
    local::write_atomic(file, &bytes)?;
    match args.no_reset {
        true => flasher.stay()?,
        false => flasher.start()?,
    }
    context.printer.data(&format!(
        "{} of flash in `{}`",
        human(bytes.len() as u64),
        file.display()
    ))?;
    let record = json!({ "found": found, "image": file, "bytes": bytes.len(), "sha256": crate::package::sha256(&bytes) });
    context.printer.done("flash backup", record)?;
    Ok(Exit::Done)
}

/// Writes a whole flash from a file.
pub(super) fn restore(args: &Args, file: &Path, context: &mut Context) -> Result<Exit> {
    let bytes = local::read(file)?;
    let name = file.display().to_string();
    let len_bytes = bytes.len() as u64;
    if bytes.is_empty() {
        return Err(Error::new(Code::BadFirmware, format!("`{name}` is empty")));
    }
    // An image of a flash is taken as it is, whatever stands in it.
    let firmware = Firmware {
        name: name.clone(),
        bytes,
        content: Content::Bin(None),
    };
    let mut way = way(&args.how, context)?;
    let mut report = Report::new(&context.printer);
    let family = way.family(None, None, None);
    let mut flasher = way.open(family)?;
    let found = flasher.found().clone();
    context.printer.say(&format!("found      {}", found.line()));
    let base = if found.family == "dfu" {
        0x0800_0000
    } else {
        0
    };
    if found.flash_bytes.is_some_and(|size| len_bytes > size) {
        return Err(Error::new(
            Code::TooLarge,
            format!(
                "`{name}` has {len_bytes} bytes; the flash of {} has {}",
                found.place,
                found.flash_bytes.unwrap_or(0)
            ),
        )
        .hint("Nothing was written"));
    }
    let plan = flasher.plan(
        &firmware,
        Wish {
            offset: Some(base),
            erase: false,
        },
    )?;
    context.confirm(&format!(
        "The whole flash of {} will be replaced",
        found.place
    ))?;
    flasher.write(&plan, &mut report)?;
    let verified = flasher.verify(&plan, &mut report)?;
    match args.no_reset {
        true => flasher.stay()?,
        false => flasher.start()?,
    }
    context
        .printer
        .data(&format!("{} written from `{name}`", human(len_bytes)))?;
    let record = json!({ "found": found, "image": file, "bytes": len_bytes, "verified": verified });
    context.printer.done("flash restore", record)?;
    Ok(Exit::Done)
}
