//! Runs `ucli` and the peers, each with a deadline, in a directory of its own.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::board::Board;
use crate::paths;

/// No command of a test takes so long, even on a machine that does ten other things.
pub const DEADLINE: Duration = Duration::from_secs(120);

/// How a program ended.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The command line, for messages.
    pub line: String,
    /// The exit status; `None` when a signal ended it.
    pub status: Option<i32>,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// What it said.
    pub stderr: Vec<u8>,
}

impl Finished {
    /// Standard output as text.
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard error as text.
    pub fn err(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// Asserts that it did what was asked.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.status_is(0)
    }

    /// Asserts the exit status, and that nothing panicked.
    ///
    /// # Panics
    /// When it is another one.
    #[track_caller]
    pub fn status_is(self, status: i32) -> Self {
        assert_eq!(self.status, Some(status), "{self}");
        assert!(!self.err().contains("panicked"), "{self}");
        self
    }

    /// Asserts a failure with this status that says `text` in an `error:` line of its own.
    ///
    /// # Panics
    /// When it is otherwise.
    #[track_caller]
    pub fn fails(self, status: i32, text: &str) -> Self {
        let finished = self.status_is(status);
        let said = finished.err();
        let errors: Vec<&str> = said
            .lines()
            .filter(|line| line.starts_with("error: "))
            .collect();
        assert_eq!(errors.len(), 1, "one error line: {finished}");
        assert!(
            errors[0].contains(text),
            "an error with {text:?}: {finished}"
        );
        finished
    }
}

impl core::fmt::Display for Finished {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let cut = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes).into_owned();
            if text.len() > 6000 {
                format!("{}…", text.chars().take(6000).collect::<String>())
            } else {
                text
            }
        };
        write!(
            formatter,
            "`{}` ended with {:?}\n--- stdout\n{}\n--- stderr\n{}\n---",
            self.line,
            self.status,
            cut(&self.stdout),
            cut(&self.stderr)
        )
    }
}

/// A directory to work in, as a user's project would be.
#[derive(Debug)]
pub struct Desk {
    directory: TempDir,
}

impl Default for Desk {
    fn default() -> Self {
        Self::new()
    }
}

impl Desk {
    /// An empty one.
    pub fn new() -> Self {
        let directory = paths::scratch();
        std::fs::create_dir(directory.path().join("work")).expect("a directory of ours");
        std::fs::create_dir(directory.path().join("home")).expect("a directory of ours");
        Self { directory }
    }

    /// The working directory.
    pub fn path(&self) -> PathBuf {
        self.directory.path().join("work")
    }

    /// The home directory.
    pub fn home(&self) -> PathBuf {
        self.directory.path().join("home")
    }

    /// Writes a file.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("inside the desk"))
            .expect("a directory of ours");
        std::fs::write(path, content).expect("a file of ours");
    }

    /// Reads a file.
    ///
    /// # Panics
    /// When it is not there.
    pub fn get(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path().join(name))
            .unwrap_or_else(|error| panic!("{name} on the desk: {error}"))
    }

    /// Every path with its content.
    pub fn contents(&self) -> Vec<(String, Option<Vec<u8>>)> {
        crate::sample::contents(&self.path())
    }

    /// `ucli` with no board chosen.
    pub fn ucli<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Call {
        self.program(paths::ucli(), arguments)
    }

    /// `ucli` for `board`.
    pub fn ucli_on<S: AsRef<OsStr>>(&self, board: &Board, arguments: &[S]) -> Call {
        let mut call = self.ucli(&["-p", board.address()]);
        call.arguments(arguments);
        call
    }

    /// `mpremote` for `board`.
    pub fn mpremote<S: AsRef<OsStr>>(&self, board: &Board, arguments: &[S]) -> Call {
        let mut call = self.peer("mpremote", &["connect", board.address()]);
        call.arguments(arguments);
        call
    }

    /// Any program of the peers' environment.
    pub fn peer<S: AsRef<OsStr>>(&self, name: &str, arguments: &[S]) -> Call {
        self.program(&paths::peers().join(name), arguments)
    }

    /// Any program.
    pub fn program<S: AsRef<OsStr>>(&self, program: &Path, arguments: &[S]) -> Call {
        let mut command = Command::new(program);
        command.current_dir(self.path());
        for name in [
            "UCLI_PORT",
            "UCLI_BAUD",
            "UCLI_TIMEOUT",
            "UCLI_CONFIG",
            "UCLI_PASSWORD",
            "NO_COLOR",
            "EDITOR",
            "VISUAL",
        ] {
            command.env_remove(name);
        }
        command
            .env("HOME", self.home())
            .env("XDG_CONFIG_HOME", self.home().join(".config"));
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        let mut call = Call {
            command,
            line: program.display().to_string(),
            input: Vec::new(),
            deadline: DEADLINE,
        };
        call.arguments(arguments);
        call
    }
}

/// A program that is about to run.
#[derive(Debug)]
pub struct Call {
    command: Command,
    line: String,
    input: Vec<u8>,
    deadline: Duration,
}

impl Call {
    fn arguments<S: AsRef<OsStr>>(&mut self, arguments: &[S]) {
        for argument in arguments {
            self.line.push(' ');
            self.line.push_str(&argument.as_ref().to_string_lossy());
        }
        self.command.args(arguments);
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// What it reads from standard input.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }

    /// Where it runs instead of the desk.
    #[must_use]
    pub fn within(mut self, directory: &Path) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When it cannot be started or is not done at the deadline.
    #[track_caller]
    pub fn run(self) -> Finished {
        self.spawn(true).finish()
    }

    /// Runs it, asserts success, and returns what it printed.
    ///
    /// # Panics
    /// When it fails.
    #[track_caller]
    pub fn out(self) -> String {
        self.run().ok().out()
    }

    /// Starts it; its input stays open.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(self) -> Running {
        self.spawn(false)
    }

    fn spawn(mut self, closes_input: bool) -> Running {
        self.command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = self
            .command
            .spawn()
            .unwrap_or_else(|error| panic!("`{}`: {error}", self.line));
        let (sender, pieces) = channel();
        for (index, mut pipe) in [
            Box::new(child.stdout.take().expect("piped")) as Box<dyn Read + Send>,
            Box::new(child.stderr.take().expect("piped")),
        ]
        .into_iter()
        .enumerate()
        {
            let sender = sender.clone();
            std::thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(len @ 1..) = pipe.read(&mut buffer) {
                    if sender.send((index, buffer[..len].to_vec())).is_err() {
                        return;
                    }
                }
            });
        }
        let mut stdin = child.stdin.take().expect("piped");
        let input = core::mem::take(&mut self.input);
        let (close, closed) = channel::<Vec<u8>>();
        std::thread::spawn(move || {
            // A program that does not read its input closes the pipe; that is its right.
            let _ = stdin.write_all(&input);
            let _ = stdin.flush();
            if !closes_input {
                while let Ok(more) = closed.recv() {
                    let _ = stdin.write_all(&more);
                    let _ = stdin.flush();
                }
            }
        });
        Running {
            child,
            line: self.line,
            until: Instant::now() + self.deadline,
            pieces,
            typed: Some(close),
            output: [Vec::new(), Vec::new()],
        }
    }
}

/// A program that runs. It is killed with its handle.
#[derive(Debug)]
pub struct Running {
    child: Child,
    line: String,
    until: Instant,
    pieces: Receiver<(usize, Vec<u8>)>,
    typed: Option<std::sync::mpsc::Sender<Vec<u8>>>,
    output: [Vec<u8>; 2],
}

impl Running {
    /// Waits until it has printed `text` on either stream.
    ///
    /// # Panics
    /// When it ends or the deadline passes before.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        while !self
            .output
            .iter()
            .any(|stream| String::from_utf8_lossy(stream).contains(text))
        {
            if !self.take() {
                let finished = self.stop();
                panic!("waiting for {text:?}: {finished}");
            }
        }
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// When it is gone already.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, signal).expect("it runs");
    }

    /// Types into its standard input.
    pub fn type_in(&self, text: &str) {
        if let Some(typed) = &self.typed {
            // It may have ended; the test sees that in its status.
            let _ = typed.send(text.as_bytes().to_vec());
        }
    }

    /// Closes its input and waits for its end.
    ///
    /// # Panics
    /// When it is not done at the deadline.
    #[track_caller]
    pub fn finish(mut self) -> Finished {
        self.typed = None;
        while self.take() {}
        if Instant::now() >= self.until {
            let finished = self.stop();
            panic!("not done in time: {finished}");
        }
        self.stop_gently()
    }

    /// Takes one piece of output; false at the end or at the deadline.
    fn take(&mut self) -> bool {
        match self
            .pieces
            .recv_timeout(self.until.saturating_duration_since(Instant::now()))
        {
            Ok((index, piece)) => {
                // Hostile boards print for ever; the beginning tells enough.
                if self.output[index].len() < 64 << 20 {
                    self.output[index].extend_from_slice(&piece);
                }
                true
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => false,
        }
    }

    fn stop(&mut self) -> Finished {
        // Gone or killed: either is what is wanted.
        let _ = self.child.kill();
        self.stop_gently()
    }

    fn stop_gently(&mut self) -> Finished {
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("our own child") {
                break status.code();
            }
            if Instant::now() >= self.until {
                let _ = self.child.kill();
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        let [stdout, stderr] = self.output.clone();
        Finished {
            line: self.line.clone(),
            status,
            stdout,
            stderr,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
