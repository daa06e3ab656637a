//! `ucli test`: a project's tests, on a board or on a simulated one of their own.
//!
//! Each file gets a fresh interpreter with the project mounted as its current directory. A file with `TestCase`
//! classes or functions named `test…` is imported and its tests are run one by one; any other file is run as a program,
//! and its exit status is the verdict. Nothing of a test is stored on the board.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use console::Style;
use serde_json::json;

use super::Context;
use crate::client::fs::quoted;
use crate::client::program::{Program, system_exit};
use crate::client::session::{Outcome, Output, Patience};
use crate::device::sim::{self, Order};
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::output::sanitise;

/// What the board runs.
const RUNNER: &str = include_str!("test_runner.py");
/// Begins a line in which the runner says something; [`FIELD`] stands between its words.
const MARK: &str = "\x1eT";
const FIELD: char = '\x1f';
/// Stands for a line break in such a line.
const BREAK: char = '\x1d';

/// Arguments of `ucli test`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without a chosen board (`-p`, UCLI_PORT) the tests get a simulated board of their own.\n\
                  Example: ucli test tests --junit report.xml"
)]
pub(crate) struct Args {
    /// Files, or directories whose `test_*.py` and `*_test.py` are wanted [default: tests, else .]
    paths: Vec<PathBuf>,
    /// Only tests whose name contains this
    #[arg(short = 'k', value_name = "TEXT")]
    only: Option<String>,
    /// The project: mounted as the board's current directory
    #[arg(long, value_name = "DIR", default_value = ".")]
    root: PathBuf,
    /// Write a report in JUnit's XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Interrupt a file after this many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300.0)]
    limit: f64,
    /// Bytes of the simulated board's heap: 192K, 2M
    #[arg(long, value_name = "SIZE")]
    heap: Option<String>,
}

/// How one test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed,
    Skipped,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Verdict::Passed => "passed",
            Verdict::Failed => "failed",
            Verdict::Skipped => "skipped",
        }
    }
}

/// One test.
#[derive(Clone, Debug)]
struct Test {
    file: String,
    name: String,
    verdict: Verdict,
    seconds: f64,
    /// A traceback, or why it was skipped.
    message: String,
    /// What the test has printed.
    output: String,
}

/// Runs the tests.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    if !args.limit.is_finite() || args.limit <= 0.0 || args.limit > 1e6 {
        return Err(Error::new(
            Code::Usage,
            format!(
                "`--limit` is `{}`, but a number of seconds above 0 is wanted",
                args.limit
            ),
        ));
    }
    let files = files(args)?;
    let own = match context.selector_text() {
        "" | "auto" => Some(own_board(args, context)?),
        _ => None,
    };
    let outcome = all(args, &files, context);
    if let Some(name) = own {
        context.disconnect()?;
        if let Some(running) = sim::find(&name)? {
            sim::order(&running, &Order::Stop)?;
        }
        sim::forget(&name)?;
    }
    let tests = outcome?;
    if let Some(path) = &args.junit {
        std::fs::write(path, junit(&tests)).map_err(|error| Error::local("write", path, &error))?;
    }
    report(&tests, context)
}

/// Switches on a simulated board that nobody else uses.
fn own_board(args: &Args, context: &mut Context) -> Result<String> {
    let name = format!("test-{}", std::process::id());
    let mut options = vec!["--fresh".to_string()];
    if let Some(heap) = &args.heap {
        options.extend(["--heap".to_string(), heap.clone()]);
    }
    sim::start(&name, &options)?;
    context.choose(&format!("sim:{name}"))?;
    Ok(name)
}

/// The test files, in the order of their names.
fn files(args: &Args) -> Result<Vec<PathBuf>> {
    let mut wanted = args.paths.clone();
    if wanted.is_empty() {
        let usual = args.root.join("tests");
        wanted.push(if usual.is_dir() {
            usual
        } else {
            args.root.clone()
        });
    }
    let mut files = Vec::new();
    for path in &wanted {
        if path.is_dir() {
            collect(path, &mut files)?;
        } else if path.is_file() {
            files.push(path.clone());
        } else {
            return Err(Error::new(
                Code::NotFound,
                format!("`{}` does not exist", path.display()),
            ));
        }
    }
    files.sort();
    files.dedup();
    if files.is_empty() {
        return Err(Error::new(Code::NotFound, "There are no tests")
            .hint("Tests are files named `test_*.py` or `*_test.py`"));
    }
    Ok(files)
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let failed = |error: std::io::Error| Error::local("read", directory, &error);
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if !name.starts_with('.') && name != "__pycache__" {
                collect(&path, files)?;
            }
        } else if name.ends_with(".py") && (name.starts_with("test_") || name.ends_with("_test.py"))
        {
            files.push(path);
        }
    }
    Ok(())
}

fn all(args: &Args, files: &[PathBuf], context: &mut Context) -> Result<Vec<Test>> {
    let mut tests = Vec::new();
    for path in files {
        let source = std::fs::read(path).map_err(|error| Error::local("read", path, &error))?;
        let file = path.to_string_lossy().replace('\\', "/");
        let file = file.trim_start_matches("./").to_string();
        fresh(args, context)?;
        let listener = Listener::new(&file, args.only.as_deref(), context);
        tests.extend(if has_tests(&source) {
            module(args, path, listener, context)?
        } else {
            program(args, &source, listener, context)?
        });
    }
    Ok(tests)
}

/// Whether a file has tests to be called, and is no program that is a test itself.
fn has_tests(source: &[u8]) -> bool {
    let text = String::from_utf8_lossy(source);
    text.lines().any(|line| {
        let line = line.trim_start_matches("async ");
        line.starts_with("def test")
            || line.trim_start().starts_with("import unittest")
            || line.trim_start().starts_with("from unittest")
    })
}

/// A fresh interpreter with the project mounted.
fn fresh(args: &Args, context: &mut Context) -> Result<()> {
    let session = context.session()?;
    session.set_mount(None);
    session.soft_reset_raw(&mut |_| Ok(()))?;
    session.mount_directory(&args.root, false)
}

/// Listens to what the board prints while tests run.
struct Listener {
    file: String,
    only: Option<String>,
    printer: crate::output::Printer,
    pending: Vec<u8>,
    printed: String,
    running: Option<(String, Instant)>,
    tests: Vec<Test>,
}

impl Listener {
    fn new(file: &str, only: Option<&str>, context: &Context) -> Self {
        Self {
            file: file.to_string(),
            only: only.map(str::to_string),
            printer: context.printer.clone(),
            pending: Vec::new(),
            printed: String::new(),
            running: None,
            tests: Vec::new(),
        }
    }

    fn hear(&mut self, piece: &Output<'_>) -> Result<()> {
        let Output::Stdout(text) = piece else {
            return Ok(());
        };
        self.pending.extend_from_slice(text);
        while let Some(end) = self.pending.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.pending.drain(..=end).collect();
            self.line(&sanitise_line(&line))?;
        }
        Ok(())
    }

    fn line(&mut self, line: &str) -> Result<()> {
        let Some((before, said)) = line.split_once(MARK) else {
            self.printed.push_str(line);
            self.printed.push('\n');
            return Ok(());
        };
        self.printed.push_str(before);
        let mut words = said.split(FIELD);
        let (kind, name) = (
            words.next().unwrap_or_default(),
            words.next().unwrap_or_default().to_string(),
        );
        let verdict = match kind {
            "begin" => {
                self.printed.clear();
                self.running = Some((name, Instant::now()));
                return Ok(());
            }
            "passed" => Verdict::Passed,
            "skipped" => Verdict::Skipped,
            _ => Verdict::Failed,
        };
        let milliseconds: f64 = words
            .next()
            .and_then(|word| word.parse().ok())
            .unwrap_or(0.0);
        let message = without_runner(words.next().unwrap_or_default());
        self.running = None;
        self.end(name, verdict, milliseconds / 1000.0, message)
    }

    fn end(&mut self, name: String, verdict: Verdict, seconds: f64, message: String) -> Result<()> {
        if self
            .only
            .as_ref()
            .is_some_and(|only| !name.contains(only.as_str()))
        {
            self.printed.clear();
            return Ok(());
        }
        let test = Test {
            file: self.file.clone(),
            name,
            verdict,
            seconds,
            message,
            output: core::mem::take(&mut self.printed),
        };
        show(&test, &self.printer)?;
        self.tests.push(test);
        Ok(())
    }
}

/// A traceback as the test's author knows it: the runner is not in it.
fn without_runner(text: &str) -> String {
    let own = |line: &&str| !line.trim_start().starts_with("File \"<stdin>\"");
    let lines: Vec<&str> = text.split(BREAK).filter(own).collect();
    lines.join("\n")
}

fn sanitise_line(line: &[u8]) -> String {
    // Marks are control characters, which are otherwise taken out; they are looked for first.
    let text = String::from_utf8_lossy(line);
    text.trim_end_matches(['\r', '\n']).to_string()
}

/// One line for each test, and the traceback of one that has failed.
fn show(test: &Test, printer: &crate::output::Printer) -> Result<()> {
    if printer.is_json() {
        return Ok(());
    }
    let style = match test.verdict {
        Verdict::Passed => Style::new().green(),
        Verdict::Failed => Style::new().red().bold(),
        Verdict::Skipped => Style::new().yellow(),
    };
    let word = printer.paint(test.verdict.word(), &style);
    let mut line = format!(
        "{word:<7} {}::{}",
        test.file,
        sanitise::lossy(test.name.as_bytes())
    );
    if test.verdict == Verdict::Skipped && !test.message.is_empty() {
        let _ = write!(line, " ({})", sanitise::lossy(test.message.as_bytes()));
    }
    printer.data(&line)?;
    if test.verdict == Verdict::Failed {
        for text in [&test.output, &test.message] {
            for line in text.lines() {
                printer.data(&format!("    {}", sanitise::lossy(line.as_bytes())))?;
            }
        }
    }
    Ok(())
}

/// Runs the tests of a module.
fn module(
    args: &Args,
    path: &Path,
    mut listener: Listener,
    context: &mut Context,
) -> Result<Vec<Test>> {
    let place = board_directory(&args.root, path)?;
    let stem = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let source = format!(
        "{RUNNER}sys.path[1:1]=[{}]\n_module({})\n",
        quoted(&place),
        quoted(&stem)
    );
    let outcome = followed(args, source.as_bytes(), &mut listener, context)?;
    let trace = sanitise::lossy(&outcome.traceback).replace("\r\n", "\n");
    let trace = without_runner(&trace.replace('\n', "\u{1d}"));
    if outcome.traceback.is_empty() && !outcome.timed_out {
        return Ok(listener.tests);
    }
    // The module could not be imported, or a test has ended the program.
    let (name, seconds) = match listener.running.take() {
        Some((name, started)) => (name, started.elapsed().as_secs_f64()),
        None => (stem, 0.0),
    };
    let message = if outcome.timed_out {
        format!("it took longer than {} s", args.limit)
    } else {
        trace
    };
    listener.only = None;
    listener.end(name, Verdict::Failed, seconds, message)?;
    Ok(listener.tests)
}

/// The directory of a test file as the board sees it.
fn board_directory(root: &Path, path: &Path) -> Result<String> {
    let real = |path: &Path| {
        path.canonicalize()
            .map_err(|error| Error::local("read", path, &error))
    };
    let (root_path, file) = (real(root)?, real(path)?);
    let inside = file.strip_prefix(&root_path).map_err(|_| {
        Error::new(
            Code::Usage,
            format!(
                "`{}` is outside of the project `{}`",
                path.display(),
                root.display()
            ),
        )
        .hint("Name the project's directory with `--root`")
    })?;
    let directory = inside.parent().unwrap_or(Path::new(""));
    Ok(directory.to_string_lossy().replace('\\', "/"))
}

/// Runs a file that is a test itself.
fn program(
    args: &Args,
    source: &[u8],
    mut listener: Listener,
    context: &mut Context,
) -> Result<Vec<Test>> {
    let program = Program::new(source);
    let started = Instant::now();
    let outcome = followed(args, &program.source, &mut listener, context)?;
    let seconds = started.elapsed().as_secs_f64();
    let rest = String::from_utf8_lossy(&listener.pending).into_owned();
    listener.printed.push_str(&rest);
    let text = sanitise::lossy(&outcome.traceback);
    let skipped = listener.printed.trim_end().lines().last() == Some("SKIP");
    let (verdict, message) = if outcome.timed_out {
        let message = format!("it took longer than {} s", args.limit);
        (Verdict::Failed, message)
    } else if let Some((code, message)) = system_exit(&text) {
        let message = message.unwrap_or_else(|| format!("it ended with status {code}"));
        match (code, skipped) {
            (0, true) => (Verdict::Skipped, String::new()),
            (0, false) => (Verdict::Passed, String::new()),
            _ => (Verdict::Failed, message),
        }
    } else if !outcome.traceback.is_empty() {
        let shown = program.traceback(&text, &listener.file);
        (Verdict::Failed, shown.replace("\r\n", "\n"))
    } else if skipped {
        (Verdict::Skipped, String::new())
    } else {
        (Verdict::Passed, String::new())
    };
    let name = Path::new(&listener.file).file_stem().unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    listener.end(name, verdict, seconds, message)?;
    Ok(listener.tests)
}

fn followed(
    args: &Args,
    source: &[u8],
    listener: &mut Listener,
    context: &mut Context,
) -> Result<Outcome> {
    let patience = Patience::Limit(Duration::from_secs_f64(args.limit));
    let outcome = context
        .session()?
        .exec(source, patience, &mut |piece| listener.hear(&piece))?;
    if outcome.interrupted && !outcome.timed_out {
        return Err(Error::reported(
            Code::Interrupted,
            Exit::Interrupted,
            "Interrupted",
        ));
    }
    Ok(outcome)
}

/// The sum, and the exit status.
fn report(tests: &[Test], context: &Context) -> Result<Exit> {
    let count = |verdict| tests.iter().filter(|test| test.verdict == verdict).count();
    let (passed, failed, skipped) = (
        count(Verdict::Passed),
        count(Verdict::Failed),
        count(Verdict::Skipped),
    );
    let seconds: f64 = tests.iter().map(|test| test.seconds).sum();
    let list: Vec<_> = tests
        .iter()
        .map(|test| {
            json!({
                "file": test.file,
                "name": test.name,
                "outcome": test.verdict.word(),
                "seconds": test.seconds,
                "message": test.message,
            })
        })
        .collect();
    context.printer.say(&format!(
        "{passed} passed, {failed} failed, {skipped} skipped in {seconds:.2} s"
    ));
    context.printer.done(
        "test",
        json!({ "tests": list, "passed": passed, "failed": failed, "skipped": skipped }),
    )?;
    Ok(if failed == 0 {
        Exit::Done
    } else {
        Exit::Failed
    })
}

/// The report that CI systems read.
fn junit(tests: &[Test]) -> String {
    let count = |verdict| tests.iter().filter(|test| test.verdict == verdict).count();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let total: f64 = tests.iter().map(|test| test.seconds).sum();
    let _ = writeln!(
        text,
        "<testsuites><testsuite name=\"ucli\" tests=\"{}\" failures=\"{}\" skipped=\"{}\" time=\"{total:.3}\">",
        tests.len(),
        count(Verdict::Failed),
        count(Verdict::Skipped),
    );
    for test in tests {
        let class = test.file.trim_end_matches(".py").replace('/', ".");
        let _ = write!(
            text,
            "<testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\">",
            escaped(&class),
            escaped(&test.name),
            test.seconds
        );
        match test.verdict {
            Verdict::Passed => {}
            Verdict::Failed => {
                let last = test.message.trim_end().lines().last().unwrap_or("failed");
                let _ = write!(
                    text,
                    "<failure message=\"{}\">{}</failure>",
                    escaped(last),
                    escaped(&test.message)
                );
            }
            Verdict::Skipped => {
                let _ = write!(text, "<skipped message=\"{}\"/>", escaped(&test.message));
            }
        }
        if !test.output.is_empty() {
            let _ = write!(text, "<system-out>{}</system-out>", escaped(&test.output));
        }
        text.push_str("</testcase>\n");
    }
    text.push_str("</testsuite></testsuites>\n");
    text
}

/// Text as XML has it; characters that XML can't have become `?`.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(letter),
            '\r' => {}
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => {
                escaped.push('?');
            }
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_keeps_its_shape_whatever_a_test_is_called() {
        let test = Test {
            file: "tests/a<b>.py".into(),
            name: "x\"&\u{0}".into(),
            verdict: Verdict::Failed,
            seconds: 0.5,
            message: "Traceback\nValueError: <1 & 2>".into(),
            output: String::new(),
        };
        let text = junit(&[test]);
        assert!(text.contains("name=\"x&quot;&amp;?\""), "{text}");
        assert!(
            text.contains("message=\"ValueError: &lt;1 &amp; 2&gt;\""),
            "{text}"
        );
    }

    #[test]
    fn files_with_tests_are_told_from_programs() {
        assert!(has_tests(b"import unittest\n"));
        assert!(has_tests(b"x = 1\ndef test_a():\n    pass\n"));
        assert!(!has_tests(b"print('def test')\n"));
    }
}
