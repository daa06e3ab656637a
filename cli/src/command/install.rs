//! `ucli install`: packages onto the board, as one transaction.

use super::Context;
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::package::install::{Fetching, Job, Place};

/// Arguments of `ucli install`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "PACKAGE is NAME, NAME@VERSION, NAME>=VERSION, pypi:NAME, github:ORG/REPO[/PATH][@REF], gitlab:…,\n\
                  codeberg:…, https://…, or a local path. A name is looked for in the index first.\n\
                  Example: ucli install requests"
)]
pub(crate) struct Args {
    /// What to install
    #[arg(value_name = "PACKAGE")]
    packages: Vec<String>,
    /// What a requirements.txt, package.json, manifest.py or Belay project lists (repeatable)
    #[arg(short, long, value_name = "FILE")]
    requirements: Vec<std::path::PathBuf>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    fetching: Fetching,
    /// Copy source; do not compile and do not take compiled files
    #[arg(long)]
    no_mpy: bool,
    /// Say what would be done
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Bring what is installed to its newest version
    #[arg(short = 'U', long)]
    upgrade: bool,
    /// Take over files of other packages, install what the firmware has, ignore missing imports
    #[arg(short, long)]
    force: bool,
}

/// Installs.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    let printer = context.printer.clone();
    if args.packages.is_empty() && args.requirements.is_empty() && !args.upgrade {
        return Err(Error::new(Code::Usage, "install: no package is named")
            .hint("`ucli install --upgrade` brings everything that is installed to its newest version"));
    }
    let specs = super::project::specs_of(&args.packages, &args.requirements)?;
    Job {
        command: "install",
        specs,
        place: args.place.clone(),
        fetching: args.fetching.clone(),
        no_mpy: args.no_mpy,
        dry_run: args.dry_run,
        upgrade: args.upgrade,
        force: args.force,
        as_mip: None,
    }
    .run(context.session()?, &printer)?;
    Ok(Exit::Done)
}
