//! `ucli romfs query|build|deploy`: read-only file systems in a board's flash.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::Context;
use crate::client::agent::Agent;
use crate::client::snippet;
use crate::client::value::{self, Value};
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::files::local::{self, Exclude};
use crate::files::mpy::{self, Choice};
use crate::files::romfs::{HEADER, Tree, image_size};
use crate::output::bytes::grouped;
use crate::output::progress::Progress;
use crate::output::sanitise;

/// How much is written at once.
const CHUNK_BYTES: usize = 4096;

/// Arguments of `ucli romfs`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli romfs deploy lib")]
pub(crate) struct Args {
    /// Compile .py to .mpy (default)
    #[arg(short, long, overrides_with = "no_mpy")]
    mpy: bool,
    /// Keep .py as they are
    #[arg(long)]
    no_mpy: bool,
    /// The partition
    #[arg(short, long, default_value_t = 0)]
    partition: u32,
    /// Where `build` writes the image [default: DIR.romfs]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// What to do
    #[arg(value_enum)]
    job: Job,
    /// The directory to build or deploy, or an image (.romfs, .img) to deploy
    path: Option<PathBuf>,
}

/// What to do with ROM partitions.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Job {
    /// Show the board's ROM partitions
    Query,
    /// Make an image of a directory
    Build,
    /// Write an image, or a directory as one, to the board
    Deploy,
}

/// One ROM partition of a board.
struct Partition {
    is_device: bool,
    size: u64,
    block_bytes: u64,
    start: Vec<u8>,
}

/// Does the job.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    let path = || {
        args.path.as_deref().ok_or_else(|| {
            Error::new(Code::Usage, "romfs: source path not given")
                .hint("`ucli romfs build DIR`, `ucli romfs deploy DIR`")
        })
    };
    match args.job {
        Job::Query => query(context),
        Job::Build => build(args, path()?, context),
        Job::Deploy => deploy(args, path()?, context),
    }
}

fn partitions(context: &mut Context) -> Result<Option<Vec<Partition>>> {
    let answer = context.session()?.ask(snippet::ROMFS_QUERY)?;
    let mut found = Vec::new();
    for line in answer.split(|&byte| byte == b'\n') {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let value = value::parse(line)?;
        if value == Value::None {
            return Ok(None);
        }
        let number = |index: usize| value.at(index).int().and_then(|n| u64::try_from(n).ok());
        let size = number(1).unwrap_or(0);
        found.push(Partition {
            is_device: value.at(0).int() == Some(1),
            size,
            block_bytes: number(2).filter(|&bytes| bytes > 0).unwrap_or(size).max(1),
            start: value.at(3).bytes().unwrap_or_default().to_vec(),
        });
    }
    Ok(Some(found))
}

fn query(context: &mut Context) -> Result<Exit> {
    let found = partitions(context)?;
    let printer = context.printer.clone();
    match &found {
        None => printer.data("ROMFS is not enabled on this device")?,
        Some(found) if found.is_empty() => printer.data("No ROMFS partitions available")?,
        Some(_) => {}
    }
    let mut facts = Vec::new();
    for (number, partition) in found.iter().flatten().enumerate() {
        let Partition {
            size,
            block_bytes,
            start,
            ..
        } = partition;
        printer.data(&format!(
            "ROMFS{number} partition has size {size} bytes ({} blocks of {block_bytes} bytes each)",
            size / block_bytes
        ))?;
        let raw: Vec<String> = start.iter().map(|byte| format!("{byte:02x}")).collect();
        printer.data(&format!("  Raw contents: {} ...", raw.join(":")))?;
        let used = image_size(start).ok();
        match used {
            Some(used) => printer.data(&format!("  ROMFS image size: {used}"))?,
            None => printer.data("  Not a valid ROMFS")?,
        }
        facts.push(json!({ "partition": number, "size": size, "block_size": block_bytes, "image_size": used }));
    }
    printer.done(
        "romfs query",
        json!({ "enabled": found.is_some(), "partitions": facts }),
    )?;
    Ok(Exit::Done)
}

/// The image of a directory, with what was put into it said on the way.
fn make(args: &Args, directory: &Path, context: &Context) -> Result<Vec<u8>> {
    let exclude = Exclude::new(&context.config.exclude.value)?;
    let mut tree = Tree::default();
    if !directory.is_dir() {
        let error = std::io::Error::from(std::io::ErrorKind::NotFound);
        return Err(Error::local("read the directory", directory, &error));
    }
    for entry in local::scan(directory, &exclude)? {
        if entry.directory {
            tree.add_directory(&entry.name);
            continue;
        }
        let data = local::read(&entry.path)?;
        if mpy::is_source(&entry.name) && !args.no_mpy {
            let image = mpy::to_mpy(&data, &entry.name, Choice::default())?;
            let name = format!("{}.mpy", entry.name.trim_end_matches(".py"));
            context.printer.say(&format!("  {} -> .mpy", entry.name));
            tree.add(&name, image);
        } else {
            context.printer.say(&format!("  {}", entry.name));
            tree.add(&entry.name, data);
        }
    }
    Ok(tree.image())
}

fn build(args: &Args, directory: &Path, context: &mut Context) -> Result<Exit> {
    let image = make(args, directory, context)?;
    let output = args.output.clone().unwrap_or_else(|| {
        let mut name = directory
            .as_os_str()
            .to_string_lossy()
            .trim_end_matches(['/', '\\'])
            .to_string();
        name.push_str(".romfs");
        PathBuf::from(name)
    });
    local::write_atomic(&output, &image)?;
    context.printer.data(&format!(
        "Writing {} bytes to output file {}",
        image.len(),
        output.display()
    ))?;
    context.printer.done(
        "romfs build",
        json!({ "image": output, "bytes": image.len() }),
    )?;
    Ok(Exit::Done)
}

fn deploy(args: &Args, path: &Path, context: &mut Context) -> Result<Exit> {
    let is_image = path.is_file()
        && path
            .extension()
            .is_some_and(|end| end == "romfs" || end == "img");
    let image = if is_image {
        local::read(path)?
    } else {
        make(args, path, context)?
    };
    if !image.starts_with(&HEADER) {
        return Err(Error::new(
            Code::Config,
            format!("`{}` is no ROMFS image", path.display()),
        ));
    }
    context
        .printer
        .data(&format!("Image size is {} bytes", image.len()))?;
    let found = partitions(context)?
        .ok_or_else(|| Error::new(Code::Unsupported, "ROMFS is not enabled on this device"))?;
    let partition = usize::try_from(args.partition)
        .ok()
        .and_then(|index| found.get(index))
        .ok_or_else(|| {
            Error::new(
                Code::NotFound,
                format!("ROMFS{} partition not found on device", args.partition),
            )
        })?;
    if image.len() as u64 > partition.size {
        return Err(Error::new(
            Code::NoSpace,
            format!(
                "The image is {} bytes; the partition has {}",
                grouped(image.len() as u64),
                grouped(partition.size)
            ),
        ));
    }
    let mut progress = Progress::new(&context.printer, image.len() as u64);
    progress.file(&path.display().to_string());
    let number = args.partition;
    context
        .session()?
        .with_agent(|agent| write(agent, number, partition, &image, &mut progress))?;
    progress.finish();
    context.printer.data("ROMFS image deployed")?;
    context.printer.done(
        "romfs deploy",
        json!({ "partition": number, "bytes": image.len(), "source": sanitise::line(&path.display().to_string()) }),
    )?;
    Ok(Exit::Done)
}

fn write(
    agent: &mut Agent<'_>,
    number: u32,
    partition: &Partition,
    image: &[u8],
    progress: &mut Progress,
) -> Result<()> {
    let python = |state: bool| if state { "True" } else { "False" };
    let in_pieces = partition.block_bytes < partition.size;
    let open = snippet::ROMFS_OPEN
        .replace("{n}", &number.to_string())
        .replace("{object}", python(partition.is_device))
        .replace("{pieces}", python(in_pieces))
        .replace("{block}", &partition.block_bytes.to_string());
    agent.statement(&open, "open the ROM partition of", "/rom")?;
    let whole = image.len() as u64;
    let step = if in_pieces {
        partition.block_bytes
    } else {
        whole
    };
    let mut prepared = 0;
    while prepared < whole {
        agent.statement(&format!("Re({prepared},{step})\n"), "erase", "/rom")?;
        prepared += step;
    }
    // Padding must not reach what was not erased. A port that prepares all at once rounds up itself.
    let end = if in_pieces { prepared } else { partition.size };
    let mut chunk_bytes = CHUNK_BYTES;
    if partition.is_device {
        chunk_bytes = chunk_bytes.min(usize::try_from(partition.block_bytes).unwrap_or(usize::MAX));
    }
    let mut offset = 0_u64;
    for chunk in image.chunks(chunk_bytes) {
        let room = usize::try_from(end.min(partition.size) - offset).unwrap_or(usize::MAX);
        let mut padded = chunk.to_vec();
        padded.resize(chunk_bytes.min(room), 0);
        agent.with_bytes(&padded, &format!("Rw({offset},{{b}})\n"), "write", "/rom")?;
        offset += chunk.len() as u64;
        progress.add(chunk.len() as u64);
    }
    agent.statement("Rc()\nRd=None\n", "finish", "/rom")
}
