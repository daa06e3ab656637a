//! `ucli compile`: Python source to `.mpy`, with mpy-cross's options.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::Context;
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::files::local;
use crate::files::mpy::{self, Choice};
use crate::output::bytes::exact;

/// Arguments of `ucli compile`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli compile -O2 -o build/sensor.mpy sensor.py")]
pub(crate) struct Args {
    /// Where the image goes [default: the source's name with .mpy]; `-`: stdout
    #[arg(short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The name that tracebacks show [default: the source's name]
    #[arg(short = 's', value_name = "NAME")]
    name: Option<String>,
    /// 0 keeps everything, 1 drops assertions, 3 line numbers too
    #[arg(short = 'O', value_name = "N", num_args = 0..=1, require_equals = false, default_missing_value = "1", value_parser = clap::value_parser!(u8).range(0..=3))]
    level: Option<u8>,
    /// Architecture for native code: marked functions become bytecode instead
    #[arg(short = 'm', value_name = "arch=ARCH")]
    machine: Vec<String>,
    /// Accepted for mpy-cross's sake: emit=bytecode
    #[arg(short = 'X', value_name = "OPTION", value_parser = ["emit=bytecode", "no-source-lines"])]
    extra: Vec<String>,
    /// Sources; `-` is stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Compiles each file.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    if args.files.len() > 1 && (args.output.is_some() || args.name.is_some()) {
        return Err(Error::new(
            Code::Usage,
            "`-o` and `-s` are for one file; several were given",
        ));
    }
    let to_stdout = args.output.as_deref() == Some(Path::new("-"))
        || args.output.is_none() && args.files.iter().any(|file| file == Path::new("-"));
    if to_stdout && context.printer.is_json() {
        return Err(Error::new(
            Code::Usage,
            "`--json` and an image on stdout exclude each other",
        )
        .hint("`-o FILE` writes it to a file"));
    }
    let choice = choice(args)?;
    let mut images = Vec::new();
    for file in &args.files {
        images.push(compile(file, args, choice, context)?);
    }
    context
        .printer
        .done("compile", json!({ "images": images }))?;
    Ok(Exit::Done)
}

/// `-march=…` and `-msmall-int-bits=…`, as mpy-cross spells them.
fn choice(args: &Args) -> Result<Choice> {
    let mut choice = Choice {
        opt_level: args.level.unwrap_or(0),
        ..Choice::default()
    };
    for option in &args.machine {
        if option.starts_with("arch=") {
            choice.native_as_bytecode = true;
        } else if let Some(bits) = option.strip_prefix("small-int-bits=") {
            choice.small_integer_bits = bits
                .parse()
                .ok()
                .filter(|bits| (2..=63).contains(bits))
                .ok_or_else(|| {
                    Error::new(
                        Code::Usage,
                        format!("`-msmall-int-bits={bits}`: 2 to 63 are wanted"),
                    )
                })?;
        } else {
            return Err(Error::new(
                Code::Usage,
                format!("`-m{option}` is no option: `-march=ARCH` is wanted"),
            ));
        }
    }
    Ok(choice)
}

fn compile(
    file: &Path,
    args: &Args,
    choice: Choice,
    context: &Context,
) -> Result<serde_json::Value> {
    let is_stdin = file == Path::new("-");
    let source = if is_stdin {
        let mut source = Vec::new();
        std::io::stdin()
            .read_to_end(&mut source)
            .map_err(|error| Error::local("read", Path::new("stdin"), &error))?;
        source
    } else {
        local::read(file)?
    };
    let name = match &args.name {
        Some(name) => name.clone(),
        None if is_stdin => "<stdin>".to_string(),
        None => file.to_string_lossy().into_owned(),
    };
    let image = mpy::to_mpy(&source, &name, choice)?;
    let target = match &args.output {
        Some(path) => path.clone(),
        None if is_stdin => PathBuf::from("-"),
        None => file.with_extension("mpy"),
    };
    if target == Path::new("-") {
        let mut out = std::io::stdout().lock();
        out.write_all(&image)
            .map_err(|error| Error::local("write", Path::new("stdout"), &error))?;
    } else {
        local::write_atomic(&target, &image)?;
        context.printer.say(&format!(
            "  {}  {} (from {})",
            target.display(),
            exact(image.len() as u64),
            exact(source.len() as u64)
        ));
    }
    Ok(json!({ "source": file, "image": target, "bytes": image.len() }))
}
