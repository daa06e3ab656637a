//! `ucli mip install`: mpremote's command, with mpremote's files as the result.
//!
//! Nothing is compiled, no name leads elsewhere, and no record is kept where there was none; hashes and
//! paths are checked all the same. It prints mpremote's lines.

use super::Context;
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::package::install::{Fetching, Job, Place};
use crate::package::spec::Spec;

/// Arguments of `ucli mip`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli mip install --target /lib requests")]
pub(crate) struct Args {
    /// `install`
    #[arg(value_name = "COMMAND")]
    command: String,
    /// What to install
    #[arg(value_name = "PACKAGE")]
    packages: Vec<String>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    fetching: Fetching,
    /// Take compiled files where the index has them (the default)
    #[arg(short, long, overrides_with = "no_mpy")]
    mpy: bool,
    /// Take source
    #[arg(long)]
    no_mpy: bool,
}

/// Installs as mpremote does.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    if args.command != "install" {
        return Err(Error::new(
            Code::Usage,
            format!("mip: `{}` is no command", args.command),
        )
        .hint("There is `mip install`"));
    }
    if args.packages.is_empty() {
        return Err(Error::new(Code::Usage, "mip install: no package is named"));
    }
    let specs: Vec<Spec> = args
        .packages
        .iter()
        .map(|text| Spec::parse(text))
        .collect::<Result<_>>()?;
    let printer = context.printer.clone();
    Job {
        command: "mip",
        specs,
        place: args.place.clone(),
        fetching: args.fetching.clone(),
        no_mpy: args.no_mpy,
        dry_run: false,
        upgrade: false,
        force: false,
        as_mip: Some(args.packages.clone()),
    }
    .run(context.session()?, &printer)?;
    Ok(Exit::Done)
}
