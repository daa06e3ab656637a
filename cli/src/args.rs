//! The command line: several commands in a row, global options anywhere, mpremote's spelling.
//!
//! `ucli [GLOBAL] COMMAND [ARGS] [+] COMMAND …`. A command with a fixed number of arguments ends by
//! itself; one that takes any number is ended by `+`. The splitting is done here, by asking clap
//! what each command takes; clap then reads every piece. No I/O.

use clap::{ArgAction, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::command;
use crate::device::selector::shortcut;
use crate::error::{Code, Error, Result};

/// Options that every command understands.
#[derive(Clone, Debug, Default, Parser)]
#[command(name = "ucli", no_binary_name = false)]
pub(crate) struct Globals {
    /// The board: a port, `id:SERIAL`, `vid:VID:PID`, `name:NAME`, `tcp://…`, `ws://…`, `sim` (repeatable for fleets)
    #[arg(
        short = 'p',
        long,
        value_name = "BOARD",
        help_heading = "Global options"
    )]
    pub(crate) port: Vec<String>,
    /// Print one JSON object per line instead of text
    #[arg(long, help_heading = "Global options")]
    pub(crate) json: bool,
    /// Say only what was asked for
    #[arg(short, long, help_heading = "Global options")]
    pub(crate) quiet: bool,
    /// Show the bytes on the wire
    #[arg(short, long, help_heading = "Global options")]
    pub(crate) verbose: bool,
    /// No colour
    #[arg(long, help_heading = "Global options")]
    pub(crate) no_color: bool,
    /// Seconds the board may take to answer [default: 10]
    #[arg(long, value_name = "SECONDS", help_heading = "Global options")]
    pub(crate) timeout: Option<f64>,
    /// Baud rate of a serial port [default: 115200]
    #[arg(long, value_name = "RATE", help_heading = "Global options")]
    pub(crate) baud: Option<u32>,
    /// State of the DTR line while connected (0 or 1) [default: 1]
    #[arg(long, value_name = "0|1", value_parser = line_state, help_heading = "Global options")]
    pub(crate) dtr: Option<bool>,
    /// State of the RTS line while connected (0 or 1) [default: 1]
    #[arg(long, value_name = "0|1", value_parser = line_state, help_heading = "Global options")]
    pub(crate) rts: Option<bool>,
    /// Yes to every question
    #[arg(short = 'y', long, help_heading = "Global options")]
    pub(crate) yes: bool,
    /// Write the session to FILE, for `replay:FILE`
    #[arg(
        long,
        value_name = "FILE",
        hide = true,
        help_heading = "Global options"
    )]
    pub(crate) record: Option<std::path::PathBuf>,
}

fn line_state(text: &str) -> core::result::Result<bool, String> {
    match text {
        "0" | "off" => Ok(false),
        "1" | "on" => Ok(true),
        _ => Err("0 or 1 is wanted".to_string()),
    }
}

/// Find, drive and feed MicroPython boards
#[derive(Debug, Parser)]
#[command(
    name = "ucli",
    version,
    disable_help_subcommand = true,
    infer_long_args = false,
    after_help = "Several commands run one after the other on one connection: `ucli cp main.py : + reset + repl`.\n\
                  Without a command, `ucli` opens the REPL. A board path begins with `:`."
)]
pub(crate) struct Cli {
    /// Global options.
    #[command(flatten)]
    pub(crate) globals: Globals,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Every command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the boards that are connected
    #[command(visible_alias = "devices")]
    Devs(command::devs::Args),
    /// Use the given board for the commands that follow
    Connect(command::connect::Args),
    /// Close the connection; the next command opens a new one
    #[command(after_help = "Example: ucli connect a0 ls + disconnect + connect a1 ls")]
    Disconnect,
    /// Do not soft-reset the board (the default; accepted for mpremote's sake)
    #[command(after_help = "Example: ucli connect a0 resume exec 'print(x)'")]
    Resume,
    /// What the board is: firmware, chip, memory, disks
    Info(command::info::Args),
    /// Find out why a board does not answer
    Doctor(command::doctor::Args),
    /// Wait until the board is connected and answers
    Wait(command::wait::Args),
    /// Talk to the board's prompt (Ctrl-] leaves)
    Repl(command::repl::Args),
    /// Print the value of an expression
    Eval(command::exec::EvalArgs),
    /// Run a statement
    Exec(command::exec::ExecArgs),
    /// Run a local program on the board without copying it there
    Run(command::exec::RunArgs),
    /// Copy files and directories to, from and on the board
    Cp(command::cp::Args),
    /// Make a directory of the board equal to a local one, or its packages to the lock
    Sync(command::sync::Args),
    /// Sync, restart and show the output whenever a local file changes
    Watch(command::watch::Args),
    /// List directories of the board
    Ls(command::ls::Args),
    /// Show a directory of the board as a tree
    Tree(command::ls::TreeArgs),
    /// Print files of the board
    Cat(command::files::CatArgs),
    /// Rename or move files on the board
    Mv(command::files::MvArgs),
    /// Remove files of the board
    Rm(command::rm::Args),
    /// Make directories on the board
    Mkdir(command::files::MkdirArgs),
    /// Remove empty directories of the board
    #[command(after_help = "Example: ucli rmdir :old")]
    Rmdir(command::files::PathsArgs),
    /// Create empty files on the board
    #[command(after_help = "Example: ucli touch :marker")]
    Touch(command::files::PathsArgs),
    /// Print SHA-256 digests of files of the board
    #[command(after_help = "Example: ucli sha256sum :main.py")]
    Sha256sum(command::files::PathsArgs),
    /// Print digests of another kind of files of the board
    #[command(hide = true)]
    Hashsum(command::files::HashArgs),
    /// Edit files of the board with $VISUAL or $EDITOR
    Edit(command::edit::Args),
    /// Show how full the board's file systems are
    #[command(after_help = "Example: ucli df")]
    Df,
    /// Show or set the board's clock
    Rtc(command::rtc::Args),
    /// Mount a local directory on the board as /remote
    Mount(command::mount::Args),
    /// Take the mounted directory away
    #[command(after_help = "Example: ucli mount . exec 'import a' + umount + ls")]
    Umount,
    /// Query, build or deploy ROM file systems
    Romfs(command::romfs::Args),
    /// Compile Python source to .mpy, as mpy-cross does
    Compile(command::compile::Args),
    /// Install packages on the board
    Install(command::install::Args),
    /// Remove packages from the board
    Uninstall(command::packages::UninstallArgs),
    /// List the packages on the board
    List(command::packages::ListArgs),
    /// Show what the index says about packages
    Show(command::show::Args),
    /// Install packages as mpremote does: `mip install PACKAGE…`
    Mip(command::mip::Args),
    /// Make a project for board packages of this directory
    Init(command::project::InitArgs),
    /// Enter packages into the project and its lock
    Add(command::project::AddArgs),
    /// Take packages out of the project and its lock
    Remove(command::project::RemoveArgs),
    /// Write down which packages the project has, with the SHA-256 of every file
    Lock(command::project::LockArgs),
    /// Move the project's packages to newer versions
    Upgrade(command::project::UpgradeArgs),
    /// Print the lock as requirements.txt, package.json or manifest.py
    Export(command::exchange::ExportArgs),
    /// Bring the project's packages and files onto the board and restart it
    Deploy(command::deploy::Args),
    /// Show packages and what they need as a tree
    Deps(command::graph::DepsArgs),
    /// Show which packages need one
    Why(command::graph::WhyArgs),
    /// List packages of which there are newer versions
    Outdated(command::graph::OutdatedArgs),
    /// Print the board's packages with their versions
    Freeze(command::graph::FreezeArgs),
    /// Look for packages in the index
    Search(command::graph::SearchArgs),
    /// Show or empty the cache of downloads
    Cache(command::cache::Args),
    /// Fetch descriptions of the board's modules for editors
    Stubs(command::stubs::Args),
    /// Put firmware on a board, from a blank chip to a prompt
    Flash(command::flash::Args),
    /// Erase a board's flash: firmware and files
    Erase(command::erase::Args),
    /// Search the catalogue of firmware
    Boards(command::boards::Args),
    /// Restart the interpreter: boot.py runs, main.py does not
    SoftReset(command::reset::SoftArgs),
    /// Restart the board as if it had been switched on
    Reset(command::reset::Args),
    /// Put the board into its boot loader
    #[command(after_help = "Example: ucli bootloader")]
    Bootloader,
    /// Switch simulated boards on and off (`-p sim`, `-p sim:NAME`)
    Sim(command::sim::Args),
    /// Run a project's tests on a board, or on a simulated one
    Test(command::test::Args),
    /// Wait for some seconds
    Sleep(command::sleep::Args),
    /// Show every setting and where it comes from
    #[command(after_help = "Example: ucli -p a0 config")]
    Config,
    /// Print a completion script for a shell
    Completions(command::completions::Args),
    /// Print help
    #[command(after_help = "Example: ucli help cp")]
    Help(command::help::Args),
    /// Print the version
    #[command(after_help = "Example: ucli --json version")]
    Version,
}

/// A whole command line.
#[derive(Debug)]
pub(crate) struct Line {
    /// Options of all commands.
    pub(crate) globals: Globals,
    /// The commands in order.
    pub(crate) commands: Vec<Command>,
}

/// What came instead of a command line to be run.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Help or the version was asked for, or clap has a complaint of its own.
    Clap(Box<clap::Error>),
    /// One of ours.
    Error(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<clap::Error> for Refusal {
    fn from(error: clap::Error) -> Self {
        Self::Clap(Box::new(error))
    }
}

/// Reads a command line without the program's name.
///
/// # Errors
/// [`Refusal`] when there is nothing to run.
pub(crate) fn parse(words: &[String]) -> core::result::Result<Line, Refusal> {
    let root = Cli::command();
    let mut splitter = Splitter {
        root: &root,
        words,
        at: 0,
        globals: Vec::new(),
    };
    let mut pieces = Vec::new();
    splitter.leading_globals();
    while let Some(piece) = splitter.next_piece()? {
        pieces.push(piece);
    }
    let line = core::iter::once("ucli".to_string()).chain(splitter.globals.iter().cloned());
    // Switched off here and not in the attributes: those would be flattened into `Cli` with the options.
    let only_globals = Globals::command()
        .disable_help_flag(true)
        .disable_version_flag(true);
    let globals = Globals::from_arg_matches(&only_globals.try_get_matches_from(line)?)?;
    let mut commands = Vec::new();
    for piece in pieces {
        let line = core::iter::once("ucli".to_string()).chain(piece);
        let cli = Cli::try_parse_from(line)?;
        commands.extend(cli.command);
    }
    Ok(Line { globals, commands })
}

/// File commands that `fs` may stand before.
const FS: [&str; 12] = [
    "cat",
    "cp",
    "ls",
    "mkdir",
    "rm",
    "rmdir",
    "sha256sum",
    "touch",
    "tree",
    "mv",
    "df",
    "edit",
];

struct Splitter<'a> {
    root: &'a clap::Command,
    words: &'a [String],
    at: usize,
    globals: Vec<String>,
}

impl Splitter<'_> {
    /// Options before the first command.
    fn leading_globals(&mut self) {
        while let Some(word) = self.words.get(self.at) {
            if !word.starts_with('-')
                || word == "-"
                || is_root_only(word)
                || !self.take_global(None)
            {
                return;
            }
        }
    }

    /// Takes the option at hand if it is a global one that `command` does not have itself.
    fn take_global(&mut self, command: Option<&clap::Command>) -> bool {
        let word = &self.words[self.at];
        if command.is_some_and(|command| find_option(command, word).is_some()) {
            return false;
        }
        let globals = Globals::command();
        let Some(takes_value) = find_option(&globals, word) else {
            return false;
        };
        self.globals.push(word.clone());
        self.at += 1;
        if takes_value && !has_value(word) {
            self.globals.extend(self.words.get(self.at).cloned());
            self.at += 1;
        }
        true
    }

    /// The words of the next command, its name first.
    fn next_piece(&mut self) -> Result<Option<Vec<String>>> {
        while self.words.get(self.at).is_some_and(|word| word == "+") {
            self.at += 1;
        }
        let Some(word) = self.words.get(self.at).cloned() else {
            return Ok(None);
        };
        self.at += 1;
        if word.starts_with('-') && word != "-" {
            // `--help`, `--version` and unknown options are clap's business.
            self.at = self.words.len();
            return Ok(Some(vec![word]));
        }
        if let Some(port) = shortcut(&word) {
            return Ok(Some(vec!["connect".into(), port]));
        }
        let mut piece = self.name(word)?;
        let Some(command) = self.root.find_subcommand(&piece[0]) else {
            // Clap says so, with a suggestion.
            self.at = self.words.len();
            return Ok(Some(piece));
        };
        self.arguments(command, &mut piece);
        Ok(Some(piece))
    }

    /// The command's own name: `fs cp` → `cp`, `md5sum` → `hashsum md5`.
    fn name(&mut self, word: String) -> Result<Vec<String>> {
        let mut name = word;
        if name == "fs" {
            let options_first = self.words[self.at.min(self.words.len())..].iter();
            let Some(offset) = options_first
                .clone()
                .position(|word| !word.starts_with('-'))
            else {
                return Err(Error::new(Code::Usage, "`fs` needs a file command")
                    .hint(format!("There are: {}", FS.join(", "))));
            };
            let sub = self.words[self.at + offset].clone();
            if !FS.contains(&sub.as_str()) && hash_of(&sub).is_none() {
                return Err(
                    Error::new(Code::Usage, format!("`fs {sub}` is no file command"))
                        .hint(format!("There are: {}", FS.join(", "))),
                );
            }
            // Options before the word belong to it.
            let mut piece = self.expand(sub);
            piece.extend(self.words[self.at..self.at + offset].iter().cloned());
            self.at += offset + 1;
            return Ok(piece);
        }
        if name == "devices" {
            name = "devs".into();
        }
        Ok(self.expand(name))
    }

    fn expand(&self, name: String) -> Vec<String> {
        match hash_of(&name) {
            Some(algorithm) if name != "sha256sum" => vec!["hashsum".into(), algorithm.into()],
            _ => vec![name],
        }
    }

    /// Takes what belongs to `command`.
    fn arguments(&mut self, command: &clap::Command, piece: &mut Vec<String>) {
        let already = piece.len().saturating_sub(1);
        let most = most_positionals(command);
        let mut taken = if piece[0] == "hashsum" { already } else { 0 };
        while let Some(word) = self.words.get(self.at) {
            if word == "+" {
                return;
            }
            if word == "--" {
                let end = self.words[self.at..].iter().position(|word| word == "+");
                let end = end.map_or(self.words.len(), |offset| self.at + offset);
                piece.extend(self.words[self.at..end].iter().cloned());
                self.at = end;
                return;
            }
            if let Some(level) = bare_level(word).filter(|_| piece[0] == "compile") {
                piece.push(level);
                self.at += 1;
                continue;
            }
            if word.starts_with('-') && word != "-" && !is_number(word) {
                if self.take_global(Some(command)) {
                    continue;
                }
                let takes_value = find_option(command, word) == Some(true) && !has_value(word);
                piece.push(word.clone());
                self.at += 1;
                if takes_value {
                    piece.extend(self.words.get(self.at).cloned());
                    self.at += 1;
                }
                continue;
            }
            if most.is_some_and(|most| taken >= most) {
                return;
            }
            piece.push(word.clone());
            taken += 1;
            self.at += 1;
        }
    }
}

fn is_root_only(word: &str) -> bool {
    matches!(word, "--help" | "-h" | "--version" | "-V")
}

fn is_number(word: &str) -> bool {
    word.parse::<f64>().is_ok()
}

/// `-O2` for `-OO`, as mpy-cross counts; clap would take the next word for the number.
fn bare_level(word: &str) -> Option<String> {
    let letters = word.strip_prefix('-')?;
    let is_bare = !letters.is_empty() && letters.bytes().all(|byte| byte == b'O');
    is_bare.then(|| format!("-O{}", letters.len()))
}

/// `sha1` of `sha1sum`, as mpremote accepts for any algorithm that ends in a digit.
fn hash_of(word: &str) -> Option<&str> {
    let algorithm = word.strip_suffix("sum")?;
    let known = algorithm.starts_with(|c: char| c.is_ascii_lowercase())
        && algorithm.ends_with(|c: char| c.is_ascii_digit())
        && algorithm.bytes().all(|byte| byte.is_ascii_alphanumeric());
    known.then_some(algorithm)
}

/// Whether the option of this word takes a value; `None` for an unknown option.
fn find_option(command: &clap::Command, word: &str) -> Option<bool> {
    if let Some(long) = word.strip_prefix("--") {
        let name = long.split('=').next().unwrap_or(long);
        let found = command.get_arguments().find(|argument| {
            argument.get_long() == Some(name)
                || argument
                    .get_all_aliases()
                    .is_some_and(|aliases| aliases.contains(&name))
        });
        return match found {
            Some(argument) => Some(takes_value(argument)),
            None if name == "help" => Some(false),
            None => None,
        };
    }
    let mut letters = word.chars().skip(1);
    let first = letters.next()?;
    let found = command
        .get_arguments()
        .find(|argument| argument.get_short() == Some(first));
    match found {
        // In `-rf` only the last letter could want the next word, and then it is not known here.
        Some(argument) => Some(takes_value(argument)),
        None if first == 'h' => Some(false),
        None => None,
    }
}

/// Whether its value is the next word; one after `=` only is part of the option's own word.
fn takes_value(argument: &clap::Arg) -> bool {
    matches!(argument.get_action(), ArgAction::Set | ArgAction::Append)
        && !argument.is_require_equals_set()
}

/// Whether the word holds its value itself: `--port=x`, `-px`.
fn has_value(word: &str) -> bool {
    if word.starts_with("--") {
        word.contains('=')
    } else {
        word.len() > 2
    }
}

/// How many arguments a command takes at most; `None`: any number.
fn most_positionals(command: &clap::Command) -> Option<usize> {
    let mut most = 0;
    for argument in command.get_positionals() {
        if argument.is_last_set() {
            continue;
        }
        if matches!(argument.get_action(), ArgAction::Append) {
            return None;
        }
        most += 1;
    }
    Some(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(line: &str) -> Vec<String> {
        let words: Vec<String> = line.split(' ').map(str::to_string).collect();
        let line = parse(&words).unwrap_or_else(|refusal| panic!("{line}: {refusal:?}"));
        line.commands
            .iter()
            .map(|command| {
                format!("{command:?}")
                    .split(['(', ' '])
                    .next()
                    .unwrap_or_default()
                    .to_string()
            })
            .collect()
    }

    #[test]
    fn clap_accepts_its_own_description() {
        Cli::command().debug_assert();
    }

    #[test]
    fn mpremote_lines_split_as_they_always_did() {
        for (line, expected) in [
            ("exec print(1) eval 1+1 ls", &["Exec", "Eval", "Ls"][..]),
            (
                "connect /dev/ttyACM0 resume exec x repl",
                &["Connect", "Resume", "Exec", "Repl"],
            ),
            ("a0 ls", &["Connect", "Ls"]),
            ("cp a.py b.py : + repl", &["Cp", "Repl"]),
            ("fs cp -r dir : + fs ls", &["Cp", "Ls"]),
            ("fs -r cp dir :", &["Cp"]),
            ("mount . exec x", &["Mount", "Exec"]),
            (
                "run --no-follow a.py sleep 0.5 reset",
                &["Run", "Sleep", "Reset"],
            ),
            (
                "resume touch :a.py + touch :b.py",
                &["Resume", "Touch", "Touch"],
            ),
            ("exec --no-follow x + soft-reset", &["Exec", "SoftReset"]),
            ("md5sum a b", &["Hashsum"]),
            ("tree -h :", &["Tree"]),
            ("tree", &["Tree"]),
            ("romfs -o x.romfs build dir", &["Romfs"]),
            ("romfs query ls", &["Romfs"]),
            ("rtc --set", &["Rtc"]),
            ("compile -O a.py + ls", &["Compile", "Ls"]),
            ("compile -OO a.py", &["Compile"]),
            ("soft-reset --main + ls", &["SoftReset", "Ls"]),
            ("soft-reset --main=3 ls", &["SoftReset", "Ls"]),
            ("mount -l dir ls", &["Mount", "Ls"]),
            ("devs", &["Devs"]),
            ("disconnect connect u1 df", &["Disconnect", "Connect", "Df"]),
        ] {
            assert_eq!(names(line), expected, "{line}");
        }
    }

    #[test]
    fn globals_stand_anywhere() {
        for line in [
            "--json -p a0 ls :",
            "ls --json -p a0 :",
            "ls : -p=a0 --json",
            "ls : + df --json --port a0",
        ] {
            let words: Vec<String> = line.split(' ').map(str::to_string).collect();
            let line = parse(&words).unwrap();
            assert!(line.globals.json);
            assert_eq!(
                line.globals.port,
                [if words.contains(&"-p=a0".to_string()) {
                    "=a0"
                } else {
                    "a0"
                }
                .trim_start_matches('=')
                .to_string()]
            );
        }
    }

    #[test]
    fn unknown_words_are_usage_errors() {
        for line in [
            "frobnicate",
            "fs nonsense x",
            "ls --nonsense",
            "--nonsense",
            "sleep",
        ] {
            let words: Vec<String> = line.split(' ').map(str::to_string).collect();
            assert!(parse(&words).is_err(), "{line}");
        }
    }

    #[test]
    fn arguments_of_a_program_follow_two_dashes() {
        let words: Vec<String> = ["run", "a.py", "--", "-x", "1", "+", "ls"]
            .map(str::to_string)
            .to_vec();
        let line = parse(&words).unwrap();
        let Command::Run(run) = &line.commands[0] else {
            panic!("no run")
        };
        assert_eq!(run.arguments, ["-x", "1"]);
        assert_eq!(line.commands.len(), 2);
    }
}
