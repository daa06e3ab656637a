//! `ucli mount` and `umount`.

use std::path::PathBuf;

use serde_json::json;

use super::Context;
use crate::client::mount::MOUNT_POINT;
use crate::error::Result;
use crate::exit::Exit;

/// Arguments of `ucli mount`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli mount . run main.py")]
pub(crate) struct Args {
    /// Follow symbolic links out of the directory too
    #[arg(short = 'l', long)]
    unsafe_links: bool,
    /// The local directory
    path: PathBuf,
}

/// Mounts a directory.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    context
        .session()?
        .mount_directory(&args.path, args.unsafe_links)?;
    let text = format!(
        "Local directory {} is mounted at {MOUNT_POINT}",
        args.path.display()
    );
    context.printer.data(&text)?;
    context.printer.done(
        "mount",
        json!({ "path": args.path, "mounted_on": MOUNT_POINT }),
    )?;
    Ok(Exit::Done)
}

/// Takes it away.
pub(super) fn umount(context: &mut Context) -> Result<Exit> {
    context.session()?.unmount_directory()?;
    context.printer.done("umount", json!({}))?;
    Ok(Exit::Done)
}
