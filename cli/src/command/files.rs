//! The small file commands: `cat`, `mv`, `mkdir`, `rmdir`, `touch`, `sha256sum` and its kin.

use serde_json::json;

use super::Context;
use crate::client::fs::{NO_SIZE, Stat, join, quoted};
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::output::sanitise;

/// Flags that all of mpremote's file commands accept.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Flags {
    /// Directories with all that is in them
    #[arg(short, long, overrides_with = "no_recursive")]
    pub(crate) recursive: bool,
    #[arg(long, hide = true)]
    no_recursive: bool,
    /// Copy even what is the same already
    #[arg(short, long, overrides_with = "no_force")]
    pub(crate) force: bool,
    #[arg(long, hide = true)]
    no_force: bool,
    /// Print what is done (default for all but cat)
    #[arg(short, long, overrides_with = "no_verbose")]
    pub(crate) verbose: bool,
    /// Do not print what is done
    #[arg(long)]
    no_verbose: bool,
    #[arg(short = 's', long, hide = true)]
    pub(crate) size: bool,
    #[arg(long, hide = true)]
    pub(crate) human: bool,
}

impl Flags {
    /// Whether the command says what it does; `default` without a flag.
    pub(crate) fn is_verbose(&self, default: bool) -> bool {
        (default || self.verbose) && !self.no_verbose
    }
}

/// A path of the board: the `:` in front is optional where only the board can be meant.
pub(super) fn board(path: &str) -> &str {
    path.strip_prefix(':').unwrap_or(path)
}

/// Arguments of `ucli cat`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli cat :boot.py")]
pub(crate) struct CatArgs {
    #[command(flatten)]
    flags: Flags,
    /// Files of the board
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,
}

/// Arguments of the commands that take paths of the board and nothing else.
#[derive(Debug, clap::Args)]
pub(crate) struct PathsArgs {
    #[command(flatten)]
    flags: Flags,
    /// Paths of the board
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,
}

/// Arguments of `ucli mkdir`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli mkdir -p :lib/sensors")]
pub(crate) struct MkdirArgs {
    #[command(flatten)]
    flags: Flags,
    /// Make missing parents too; what exists is fine (give `-p` behind `mkdir`)
    #[arg(short, long)]
    parents: bool,
    /// Directories of the board
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,
}

/// Arguments of `ucli mv`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ucli mv :main.py :old/")]
pub(crate) struct MvArgs {
    #[command(flatten)]
    flags: Flags,
    /// What to move, then where to
    #[arg(required = true, num_args = 2.., value_name = "PATH")]
    paths: Vec<String>,
}

/// Arguments of `ucli md5sum` and the like.
#[derive(Debug, clap::Args)]
pub(crate) struct HashArgs {
    #[command(flatten)]
    flags: Flags,
    /// The algorithm, as `hashlib` calls it
    algorithm: String,
    /// Files of the board
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,
}

fn announce(context: &Context, flags: &Flags, command: &str, path: &str) -> Result<()> {
    if flags.is_verbose(true) {
        context
            .printer
            .data(&format!("{command} :{}", sanitise::line(path)))?;
    }
    Ok(())
}

/// Prints files as they are.
pub(super) fn cat(args: &CatArgs, context: &mut Context) -> Result<Exit> {
    let printer = context.printer.clone();
    let session = context.session()?;
    let verbose = args.flags.is_verbose(false);
    let mut total = 0;
    session.with_agent(|agent| {
        for path in &args.paths {
            let path = board(path);
            if verbose {
                printer.data(&format!("cat :{}", sanitise::line(path)))?;
            }
            total += agent.get(path, &mut |piece| match printer.is_json() {
                true if !piece.is_empty() => printer.event(
                    "content",
                    json!({ "path": path, "text": sanitise::lossy(piece) }),
                ),
                true => Ok(()),
                false => printer.raw(piece),
            })?;
        }
        Ok(())
    })?;
    printer.done("cat", json!({ "bytes": total }))?;
    Ok(Exit::Done)
}

/// Makes directories.
pub(super) fn mkdir(args: &MkdirArgs, context: &mut Context) -> Result<Exit> {
    let printer = context.printer.clone();
    for path in &args.paths {
        announce(context, &args.flags, "mkdir", board(path))?;
    }
    context.session()?.with_agent(|agent| {
        for path in &args.paths {
            let path = board(path).trim_end_matches('/');
            if args.parents {
                let ends = path
                    .match_indices('/')
                    .map(|(at, _)| at)
                    .filter(|at| *at > 0)
                    .chain([path.len()]);
                let parts: Vec<&str> = ends.map(|end| &path[..end]).collect();
                agent.make_directories(&parts)?;
            } else {
                agent.statement(&format!("os.mkdir({})\n", quoted(path)), "create", path)?;
            }
        }
        Ok(())
    })?;
    printer.done("mkdir", json!({ "paths": args.paths }))?;
    Ok(Exit::Done)
}

/// Removes empty directories.
pub(super) fn rmdir(args: &PathsArgs, context: &mut Context) -> Result<Exit> {
    each(args, "rmdir", "remove", context, |path| {
        format!("os.rmdir({path})\n")
    })
}

/// Creates empty files; what exists stays as it is.
pub(super) fn touch(args: &PathsArgs, context: &mut Context) -> Result<Exit> {
    each(args, "touch", "create", context, |path| {
        format!("open({path},'a').close()\n")
    })
}

fn each(
    args: &PathsArgs,
    command: &str,
    action: &str,
    context: &mut Context,
    source: impl Fn(&str) -> String,
) -> Result<Exit> {
    let printer = context.printer.clone();
    let verbose = args.flags.is_verbose(true);
    context.session()?.with_agent(|agent| {
        for path in &args.paths {
            let path = board(path);
            if verbose {
                printer.data(&format!("{command} :{}", sanitise::line(path)))?;
            }
            agent.statement(&source(&quoted(path)), action, path)?;
        }
        Ok(())
    })?;
    printer.done(command, json!({ "paths": args.paths }))?;
    Ok(Exit::Done)
}

/// Renames or moves.
pub(super) fn mv(args: &MvArgs, context: &mut Context) -> Result<Exit> {
    let printer = context.printer.clone();
    let Some((target, sources)) = args.paths.split_last() else {
        return Err(Error::new(Code::Usage, "mv: missing destination path"));
    };
    if args.paths.iter().any(|path| !path.starts_with(':'))
        && sources.iter().any(|path| path.starts_with(':'))
    {
        return Err(Error::new(
            Code::Usage,
            "mv moves on the board only: write `:` before every path",
        )
        .hint("To bring a file here: `ucli cp :file .` and then `ucli rm :file`"));
    }
    let target = board(target);
    let verbose = args.flags.is_verbose(true);
    context.session()?.with_agent(|agent| {
        let trimmed = target.trim_end_matches('/');
        let here = if trimmed.is_empty() && target.starts_with('/') {
            "/"
        } else {
            trimmed
        };
        let directory = here.len() < 2 && !here.chars().any(char::is_alphanumeric)
            || agent.stat(&[(here, Some(NO_SIZE))])?.remove(0) == Stat::Directory;
        if !directory && (sources.len() > 1 || target.ends_with('/')) {
            return Err(Error::new(
                Code::NotDirectory,
                format!("`:{}` is no directory", sanitise::line(target)),
            ));
        }
        for source in sources {
            let source = board(source).trim_end_matches('/');
            let name = source.rsplit('/').next().unwrap_or(source);
            let to = if directory {
                join(if here == "." { "" } else { here }, name)
            } else {
                here.to_string()
            };
            if verbose {
                printer.data(&format!(
                    "mv :{} :{}",
                    sanitise::line(source),
                    sanitise::line(&to)
                ))?;
            }
            // Where the file system does not rename over a file, nothing is lost: it says so.
            agent.statement(
                &format!("os.rename({},{})\n", quoted(source), quoted(&to)),
                "move",
                source,
            )?;
        }
        Ok(())
    })?;
    printer.done("mv", json!({ "paths": args.paths }))?;
    Ok(Exit::Done)
}

/// Prints SHA-256 digests.
pub(super) fn sha256sum(args: &PathsArgs, context: &mut Context) -> Result<Exit> {
    hashes("sha256", &args.flags, &args.paths, context)
}

/// Prints other digests.
pub(super) fn hashsum(args: &HashArgs, context: &mut Context) -> Result<Exit> {
    hashes(&args.algorithm, &args.flags, &args.paths, context)
}

/// The board's own digest where it has the algorithm, else the file is read and hashed here.
fn hashes(algorithm: &str, flags: &Flags, paths: &[String], context: &mut Context) -> Result<Exit> {
    let printer = context.printer.clone();
    let verbose = flags.is_verbose(true);
    let mut digests = Vec::new();
    context.session()?.with_agent(|agent| {
        for path in paths {
            let path = board(path);
            if verbose {
                printer.data(&format!("{algorithm}sum :{}", sanitise::line(path)))?;
            }
            let source = format!(
                "import hashlib\ntry:a=hashlib.{algorithm}()\nexcept AttributeError:a=None\nif a:\n g=open({},'rb')\n b=bytearray(512);m=memoryview(b)\n \
                 while 1:\n  n=g.readinto(b)\n  if not n:break\n  a.update(m[:n])\n g.close();f(68,repr(a.digest()).encode())\n",
                quoted(path)
            );
            let on_board = agent.call(&source, "hash", path);
            let digest = match on_board {
                Ok(values) => values.first().and_then(|value| value.bytes().map(<[u8]>::to_vec)),
                Err(error) if error.code() == Code::BoardException => None,
                Err(error) => return Err(error),
            };
            let digest = match digest {
                Some(digest) => digest,
                None => hash_here(algorithm, &agent.read(path)?)?,
            };
            let text: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            printer.data(&text)?;
            digests.push(json!({ "path": path, "digest": text }));
        }
        Ok(())
    })?;
    printer.done(
        "hash",
        json!({ "algorithm": algorithm, "digests": digests }),
    )?;
    Ok(Exit::Done)
}

fn hash_here(algorithm: &str, data: &[u8]) -> Result<Vec<u8>> {
    use sha2::Digest as _;
    Ok(match algorithm {
        "md5" => md5::Md5::digest(data).to_vec(),
        "sha1" => sha1::Sha1::digest(data).to_vec(),
        "sha224" => sha2::Sha224::digest(data).to_vec(),
        "sha256" => sha2::Sha256::digest(data).to_vec(),
        "sha384" => sha2::Sha384::digest(data).to_vec(),
        "sha512" => sha2::Sha512::digest(data).to_vec(),
        _ => {
            return Err(Error::new(
                Code::Unsupported,
                format!("Neither the board nor ucli knows the digest `{algorithm}`"),
            )
            .hint("There are md5, sha1, sha224, sha256, sha384 and sha512"));
        }
    })
}
