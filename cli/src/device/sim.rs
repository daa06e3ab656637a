//! Simulated boards: `-p sim`, `-p sim:NAME`.
//!
//! A simulated board is this program once more, in the background. While it runs it holds a lock on
//! `NAME.lock` in the state directory; `NAME.json` beside it says where its console is and where it takes
//! orders. Orders come over a loopback port together with a secret that only the owner of the file knows.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use upy_sim::board::{Board, Options};

use crate::env;
use crate::error::{Code, Error, Result};

/// The board of `-p sim`.
pub(crate) const DEFAULT_NAME: &str = "default";
/// The first word of the command line of a board's own process.
pub(crate) const BOARD_PROCESS: &str = "__board";
/// How long a board may take to obey.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest order, and the longest answer.
const ORDER_BYTES: u64 = 64 * 1024;
const ANSWER_BYTES: u64 = 16 * 1024 * 1024;

/// What is known of a board that runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Running {
    /// Its name.
    #[serde(default)]
    pub(crate) name: String,
    /// Its console: the name of a terminal, or `tcp://HOST:PORT`.
    pub(crate) address: String,
    /// Where others play with its pins and buses, as `HOST:PORT`, if that was asked for.
    #[serde(default)]
    pub(crate) control: Option<String>,
    /// The number of its process.
    pub(crate) pid: u32,
    /// Where it takes orders.
    orders: SocketAddr,
    secret: String,
}

/// What a board can be told from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// End.
    Stop,
    /// Begin anew, as after its reset button.
    Reset,
    /// Something for its pins and buses, in JSON on one line.
    Pins(String),
    /// Tell of every change at its pins; see [`watch`].
    Watch,
}

impl Order {
    /// How it goes over the wire: words with a blank between them.
    fn text(&self) -> String {
        match self {
            Self::Stop => "stop".to_string(),
            Self::Reset => "reset".to_string(),
            Self::Pins(order) => format!("pins {order}"),
            Self::Watch => "watch".to_string(),
        }
    }
}

/// Where simulated boards are kept: `UCLI_STATE_DIR`, or the user's state directory.
fn directory() -> Result<PathBuf> {
    use etcetera::BaseStrategy as _;
    if let Some(path) = env::get(env::STATE_DIR) {
        return Ok(PathBuf::from(path).join("sim"));
    }
    let base = etcetera::choose_base_strategy().map_err(|_| {
        Error::new(
            Code::Io,
            "There is no home directory to keep simulated boards in",
        )
        .hint("Set `UCLI_STATE_DIR`")
    })?;
    let state = base.state_dir().unwrap_or_else(|| base.data_dir());
    Ok(state.join("ucli").join("sim"))
}

/// Refuses names that are no plain file names.
///
/// # Errors
/// [`Code::Usage`].
pub(crate) fn check_name(name: &str) -> Result<()> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let good = (1..=64).contains(&name.len())
        && name.bytes().all(is_plain)
        && !name.starts_with(['.', '-']);
    if good {
        return Ok(());
    }
    Err(Error::new(
        Code::Usage,
        format!("`{name}` can't name a simulated board"),
    )
    .hint("A name has up to 64 letters, digits, `-`, `_` and `.`"))
}

fn file(name: &str, ending: &str) -> Result<PathBuf> {
    Ok(directory()?.join(format!("{name}.{ending}")))
}

/// Removes everything that is kept of a board, its flash too. It must not run.
///
/// # Errors
/// Those of the file system.
pub(crate) fn forget(name: &str) -> Result<()> {
    for ending in ["flash", "json", "lock"] {
        let path = file(name, ending)?;
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::local("remove", &path, &error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn open_lock(path: &Path) -> Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|error| Error::local("open", path, &error))
}

/// Whether a process holds the lock.
fn is_held(path: &Path) -> bool {
    match File::open(path) {
        Ok(lock) => matches!(lock.try_lock(), Err(TryLockError::WouldBlock)),
        Err(_) => false,
    }
}

/// The board of that name, if it runs.
///
/// # Errors
/// [`Code::Io`] when there is no place to look.
pub(crate) fn find(name: &str) -> Result<Option<Running>> {
    if !is_held(&file(name, "lock")?) {
        return Ok(None);
    }
    let Ok(text) = fs::read(file(name, "json")?) else {
        // It is only starting, or ending.
        return Ok(None);
    };
    let running: Option<Running> = serde_json::from_slice(&text).ok();
    Ok(running.map(|running| Running {
        name: name.to_string(),
        ..running
    }))
}

/// All boards that run, by name.
///
/// # Errors
/// [`Code::Io`] when the directory can't be read.
pub(crate) fn list() -> Result<Vec<Running>> {
    let directory = directory()?;
    let entries = match fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::local("list", &directory, &error)),
    };
    let mut names: Vec<String> = entries
        .filter_map(core::result::Result::ok)
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter_map(|file| file.strip_suffix(".lock").map(str::to_string))
        .collect();
    names.sort();
    let mut running = Vec::new();
    for name in names {
        running.extend(find(&name)?);
    }
    Ok(running)
}

/// The board of that name; started as it comes when it does not run.
///
/// # Errors
/// Those of starting it.
pub(crate) fn find_or_start(name: &str) -> Result<Running> {
    match find(name)? {
        Some(running) => Ok(running),
        None => start(name, &[]),
    }
}

/// Starts a board with options of `upy board`.
///
/// # Errors
/// [`Code::Busy`] when it runs already, [`Code::Usage`] for options it does not understand.
pub(crate) fn start(name: &str, options: &[String]) -> Result<Running> {
    check_name(name)?;
    let program = std::env::current_exe().map_err(|error| {
        Error::new(Code::Io, format!("This program can't find itself: {error}"))
    })?;
    let mut command = Command::new(program);
    command.arg(BOARD_PROCESS).arg(name).args(options);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    #[cfg(windows)]
    {
        use std::os::windows::process::CommandExt as _;
        // A process group of its own, and no console.
        command.creation_flags(0x0000_0200 | 0x0000_0008);
    }
    let mut child = command.spawn().map_err(|error| {
        Error::new(
            Code::Io,
            format!("The simulated board `{name}` can't be started: {error}"),
        )
    })?;
    let mut said = String::new();
    if let Some(stdout) = child.stdout.take() {
        // Without a word it has died; that is said below.
        let _ = BufReader::new(stdout).read_line(&mut said);
    }
    match said.trim_end().split_once(' ') {
        Some(("usage", why)) => Err(Error::new(Code::Usage, why)),
        Some(("error", why)) => Err(Error::new(
            Code::Io,
            format!("The simulated board `{name}` does not start: {why}"),
        )),
        Some(("busy", _)) => find(name)?.ok_or_else(|| {
            Error::new(
                Code::Busy,
                format!("The simulated board `{name}` is just starting or ending"),
            )
        }),
        Some(("ready", _)) => find(name)?.ok_or_else(|| vanished(name)),
        _ => Err(vanished(name)),
    }
}

fn vanished(name: &str) -> Error {
    Error::new(
        Code::ConnectionLost,
        format!("The simulated board `{name}` has ended as soon as it was started"),
    )
}

/// Tells a board something, waits until it is done, and returns what it has to show.
///
/// # Errors
/// [`Code::ConnectionLost`] when it does not obey, [`Code::Usage`] for an order that makes no sense.
pub(crate) fn order(running: &Running, order: &Order) -> Result<String> {
    let text = order.text();
    let failed = |error: std::io::Error| {
        let name = &running.name;
        Error::new(
            Code::ConnectionLost,
            format!("The simulated board `{name}` does not take the order `{text}`: {error}"),
        )
        .hint(format!("Its process is {}", running.pid))
    };
    let talk = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&running.orders, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        writeln!(stream, "{} {text}", running.secret)?;
        let mut answer = String::new();
        stream.take(ANSWER_BYTES).read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = talk().map_err(failed)?;
    let answer = match answer.trim_end().split_once(' ') {
        Some(("done", shown)) => shown.to_string(),
        Some(("usage", why)) => return Err(Error::new(Code::Usage, why)),
        _ => return Err(failed(std::io::ErrorKind::InvalidData.into())),
    };
    if *order == Order::Stop {
        // The lock goes with the process.
        let lock = open_lock(&file(&running.name, "lock")?)?;
        lock.lock().map_err(failed)?;
    }
    Ok(answer)
}

/// The changes at a board's pins, as they come.
pub(crate) struct Watch {
    name: String,
    lines: BufReader<TcpStream>,
    /// What has come of the next line.
    line: String,
}

/// Starts to watch a board's pins.
///
/// # Errors
/// [`Code::ConnectionLost`] when it does not answer.
pub(crate) fn watch(running: &Running) -> Result<Watch> {
    let name = running.name.clone();
    let failed = |error: std::io::Error| {
        Error::new(
            Code::ConnectionLost,
            format!("The simulated board `{name}` can't be watched: {error}"),
        )
    };
    let mut stream = TcpStream::connect_timeout(&running.orders, PATIENCE).map_err(failed)?;
    writeln!(stream, "{} {}", running.secret, Order::Watch.text()).map_err(failed)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
    let mut lines = BufReader::new(stream);
    let mut line = String::new();
    lines.read_line(&mut line).map_err(failed)?;
    if !line.starts_with("done") {
        return Err(failed(std::io::ErrorKind::InvalidData.into()));
    }
    line.clear();
    Ok(Watch { name, lines, line })
}

impl Watch {
    /// The next change in JSON; `None` if none came in that time.
    ///
    /// # Errors
    /// [`Code::ConnectionLost`] when the board is switched off.
    pub(crate) fn next(&mut self, limit: Duration) -> Result<Option<String>> {
        use std::io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
        let set = self.lines.get_ref().set_read_timeout(Some(limit));
        match set.and_then(|()| self.lines.read_line(&mut self.line)) {
            Ok(length) if length > 0 => Ok(Some(std::mem::take(&mut self.line))),
            // Half a line stays until the rest of it comes.
            Err(error) if matches!(error.kind(), Interrupted | TimedOut | WouldBlock) => Ok(None),
            _ => Err(Error::new(
                Code::ConnectionLost,
                format!("The simulated board `{}` was switched off", self.name),
            )),
        }
    }
}

/// The life of a board's own process: `NAME [OPTIONS…]`. The first word on standard output is for the
/// process that started it.
pub(crate) fn serve(words: &[String]) -> u8 {
    #[cfg(unix)]
    {
        // Away from the terminal it was started in; it has none of its own if this fails.
        let _ = rustix::process::setsid();
    }
    let said = match prepare(words) {
        Ok(Some(ready)) => return ready.live(),
        Ok(None) => "busy -".to_string(),
        Err(error) if error.code() == Code::Usage => format!("usage {}", error.message()),
        Err(error) => format!("error {}", error.message()),
    };
    tell(&said);
    1
}

fn tell(line: &str) {
    let mut stdout = std::io::stdout().lock();
    // Whoever started it may be gone; the board is there all the same.
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

/// A board that runs and is known.
struct Ready {
    board: Board,
    orders: TcpListener,
    secret: String,
    record: PathBuf,
    /// Held as long as the process lives.
    _lock: File,
}

/// Starts the board and writes down where it is; `None` if one of that name runs.
fn prepare(words: &[String]) -> Result<Option<Ready>> {
    let Some((name, options)) = words.split_first() else {
        return Err(Error::new(Code::Usage, "A board needs a name"));
    };
    check_name(name)?;
    let directory = directory()?;
    fs::create_dir_all(&directory).map_err(|error| Error::local("create", &directory, &error))?;
    let lock = open_lock(&file(name, "lock")?)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => {
            return Err(Error::local("lock", &file(name, "lock")?, &error));
        }
    }
    let options = Options::parse(options).map_err(|why| Error::new(Code::Usage, why))?;
    let options = Options {
        name: name.clone(),
        flash: Some(file(name, "flash")?),
        ..options
    };
    let board = Board::start(options).map_err(|why| Error::new(Code::Io, why))?;
    let listen = |error| Error::new(Code::Io, format!("It can't listen for orders: {error}"));
    let orders = TcpListener::bind(("127.0.0.1", 0)).map_err(listen)?;
    let secret = secret()?;
    let running = Running {
        name: name.clone(),
        address: board.address().to_string(),
        control: board.control().map(str::to_string),
        pid: std::process::id(),
        orders: orders.local_addr().map_err(listen)?,
        secret: secret.clone(),
    };
    let record = file(name, "json")?;
    write_private(&record, &running)?;
    Ok(Some(Ready {
        board,
        orders,
        secret,
        record,
        _lock: lock,
    }))
}

impl Ready {
    fn live(self) -> u8 {
        tell("ready -");
        for stream in self.orders.incoming().filter_map(core::result::Result::ok) {
            // Who does not know the secret, or goes away, gets nothing.
            if self.obey(stream).is_ok_and(|is_last| is_last) {
                break;
            }
        }
        // A record without a lock counts for nothing.
        let _ = fs::remove_file(&self.record);
        0
    }

    /// Takes one order; whether it was the last.
    fn obey(&self, mut stream: TcpStream) -> std::io::Result<bool> {
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut line = String::new();
        BufReader::new(stream.try_clone()?.take(ORDER_BYTES)).read_line(&mut line)?;
        let Some((secret, rest)) = line.trim_end().split_once(' ') else {
            return Ok(false);
        };
        if secret != self.secret {
            return Ok(false);
        }
        let answer = match rest.split_once(' ').unwrap_or((rest, "")) {
            ("stop", _) => "done -".to_string(),
            ("reset", _) => {
                self.board.reset();
                "done -".to_string()
            }
            ("pins", order) => format!("done {}", self.board.order(order)),
            ("watch", _) => {
                let changes = self.board.changes();
                writeln!(stream, "done -")?;
                // Others give orders meanwhile. Whoever goes away is noticed with the next change.
                std::thread::spawn(move || {
                    for change in changes {
                        if writeln!(stream, "{change}").is_err() {
                            break;
                        }
                    }
                });
                return Ok(false);
            }
            _ => "usage There is no such order".to_string(),
        };
        writeln!(stream, "{answer}")?;
        Ok(rest == "stop")
    }
}

fn secret() -> Result<String> {
    let mut bytes = [0; 16];
    upy_sim::fill_random(&mut bytes).map_err(|why| Error::new(Code::Io, why))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Writes a file that only its owner can read.
fn write_private(path: &Path, running: &Running) -> Result<()> {
    let failed = |error: std::io::Error| Error::local("write", path, &error);
    let text = serde_json::to_vec(running).map_err(|error| failed(error.into()))?;
    let temporary = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut stream = options.open(&temporary).map_err(failed)?;
    stream.write_all(&text).map_err(failed)?;
    fs::rename(&temporary, path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for name in ["default", "lab-1", "a.b"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", "..", "a/b", "-x", "a b", &"x".repeat(65)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
