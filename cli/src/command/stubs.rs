//! `ucli stubs`: descriptions of the board's modules into the project, so that editors complete.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::Context;
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::files::local;
use crate::package::board::Board;
use crate::package::http::Client;
use crate::package::install::Fetching;
use crate::package::project::Project;
use crate::package::stubs::{self, Stubs};

/// Says that a directory is ours to replace.
const MARK: &str = ".ucli-stubs";

/// Arguments of `ucli stubs`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "They come from the Python package index that pip is set up for.\nExample: ucli stubs --board rp2 --firmware 1.28.0"
)]
pub(crate) struct Args {
    /// The platform [default: `board` of the project, or that of the connected board]
    #[arg(long, value_name = "NAME")]
    board: Option<String>,
    /// The version of the firmware [default: that of the connected board, or the newest]
    #[arg(long, value_name = "VERSION")]
    firmware: Option<String>,
    /// Where they are put; editors look in `typings`
    #[arg(short, long, value_name = "DIR", default_value = "typings")]
    output: PathBuf,
    #[command(flatten)]
    fetching: Fetching,
    /// Replace a directory that ucli did not make
    #[arg(short, long)]
    force: bool,
}

/// Fetches stubs.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    let project = Project::find()?;
    let mut pypi = Fetching::pypi();
    let mut root = PathBuf::new();
    let mut platform = args.board.clone();
    if let Some(project) = &project {
        root.clone_from(&project.root);
        pypi = project.indexes()?.pypi.unwrap_or(pypi);
        platform = platform.or(Some(project.platform()?).filter(|text| !text.is_empty()));
    }
    if pypi.is_empty() {
        return Err(
            Error::new(Code::Config, "stubs: no Python package index is set up")
                .hint("Set `UV_INDEX_URL` or `PIP_INDEX_URL` to the index that pip uses"),
        );
    }
    let (platform, firmware) = match (platform, &args.firmware) {
        (Some(platform), firmware) => (platform, firmware.clone().unwrap_or_default()),
        (None, firmware) => {
            let board = Board::ask(context.session()?)?;
            (board.platform, firmware.clone().unwrap_or(board.version))
        }
    };
    let output = root.join(&args.output);
    let taken = output.exists() && !output.join(MARK).exists();
    if taken && !args.force {
        return Err(Error::new(
            Code::Exists,
            format!(
                "`{}` is there already and not made by ucli",
                output.display()
            ),
        )
        .hint("`--output DIR` puts them elsewhere, `--force` replaces it"));
    }
    let client = Client::default();
    let store = args.fetching.store(&client, false)?;
    let found = stubs::fetch(&store, &pypi, &stubs::package_of(&platform)?, &firmware)?;
    if let Some(note) = &found.note {
        context.printer.note(note);
    }
    replace(&output, &found)?;
    for (name, version) in &found.packages {
        context.printer.data(&format!("+ {name} {version}"))?;
    }
    context.printer.say(&format!(
        "{} files in {}",
        found.files.len(),
        args.output.display()
    ));
    let packages: Vec<_> = found
        .packages
        .iter()
        .map(|(name, version)| json!({ "name": name, "version": version }))
        .collect();
    context.printer.done(
        "stubs",
        json!({ "packages": packages, "directory": args.output.display().to_string(), "files": found.files.len() }),
    )?;
    Ok(Exit::Done)
}

/// Puts the whole set beside the old one, and then in its place.
fn replace(output: &Path, stubs: &Stubs) -> Result<()> {
    let above = output.parent().filter(|path| !path.as_os_str().is_empty());
    let above = above.unwrap_or(Path::new("."));
    let fail =
        |action: &'static str| move |error: std::io::Error| Error::local(action, output, &error);
    std::fs::create_dir_all(above).map_err(fail("create"))?;
    let fresh = tempfile::Builder::new()
        .prefix(".ucli-stubs-")
        .tempdir_in(above)
        .map_err(fail("create"))?;
    for (path, bytes) in &stubs.files {
        let place = fresh.path().join(path);
        std::fs::create_dir_all(place.parent().unwrap_or(above)).map_err(fail("create"))?;
        local::write_atomic(&place, bytes)?;
    }
    local::write_atomic(&fresh.path().join(MARK), b"")?;
    if output.exists() {
        std::fs::remove_dir_all(output).map_err(fail("replace"))?;
    }
    let fresh = fresh.keep();
    std::fs::rename(&fresh, output).map_err(fail("write"))
}
