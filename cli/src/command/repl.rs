//! `ucli repl`: a person talks to the board.
//!
//! Keys go to the board from their own thread, so nothing that is shown can hold them up; what the
//! board says is shown as it comes, requests of a mounted directory are answered in between, and a
//! board that restarts is found again.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::Context;
use crate::client::interrupt;
use crate::client::mount;
use crate::client::program::Program;
use crate::client::session::{Output, Patience, Session};
use crate::error::{Code, Error, Result};
use crate::exit::Exit;
use crate::output::Printer;
use crate::terminal::{RawMode, keys};

/// Ctrl-].
const LEAVE: u8 = 0x1d;
/// Ctrl-x, mpremote's other way out.
const LEAVE_TOO: u8 = 0x18;
/// Ctrl-J.
const INJECT_CODE: u8 = 0x0a;
/// Ctrl-K.
const INJECT_FILE: u8 = 0x0b;
/// Piped input is over and the board has been quiet for this long: the end.
const AFTER_END: Duration = Duration::from_millis(500);
/// How long a board that went away may take to come back.
const COME_BACK: Duration = Duration::from_secs(60);

/// Arguments of `ucli repl`.
#[derive(Debug, Default, clap::Args)]
#[command(
    after_help = "Ctrl-] leaves, Ctrl-C stops the program, Ctrl-D soft-resets.\nExample: ucli repl --capture session.txt"
)]
pub(crate) struct Args {
    /// Show bytes that cannot be printed as `[xx]`
    #[arg(short, long, overrides_with = "no_escape_non_printable")]
    escape_non_printable: bool,
    #[arg(long, hide = true)]
    no_escape_non_printable: bool,
    /// Keep a copy of what is shown
    #[arg(long, value_name = "FILE")]
    capture: Option<PathBuf>,
    /// Code that Ctrl-J runs
    #[arg(long, value_name = "CODE")]
    inject_code: Option<String>,
    /// File that Ctrl-K runs
    #[arg(long, value_name = "FILE")]
    inject_file: Option<PathBuf>,
    /// End when the board goes away, instead of waiting for it to come back
    #[arg(long)]
    no_reconnect: bool,
}

/// What the keyboard asks of the terminal itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Leave,
    InjectCode,
    InjectFile,
    EndOfInput,
}

/// The way of the keys to the board; replaced when the board comes back.
type Line = Arc<Mutex<Option<Box<dyn Write + Send>>>>;

/// Opens the terminal.
pub(crate) fn run(args: &Args, context: &mut Context) -> Result<Exit> {
    if context.printer.is_json() {
        return Err(
            Error::new(Code::Usage, "`repl` is for people and has no `--json`")
                .hint("`ucli exec` and `ucli run` have"),
        );
    }
    let capture = match &args.capture {
        Some(path) => Some(
            std::fs::File::create(path).map_err(|error| Error::local("create", path, &error))?,
        ),
        None => None,
    };
    let interactive = std::io::stdin().is_terminal();
    let printer = context.printer.clone();
    let session = context.open()?;
    session.leave()?;
    printer.say(&format!("Connected to MicroPython at {}", session.name()));
    if interactive {
        printer.say("Use Ctrl-] or Ctrl-x to exit this shell");
    }
    let line: Line = Arc::new(Mutex::new(Some(session.wire().transport().writer()?)));
    let (sender, orders) = mpsc::channel();
    let raw = if interactive {
        Some(RawMode::enter()?)
    } else {
        None
    };
    listen_to_keys(&line, sender, interactive);
    let mut screen = Screen {
        args,
        printer: printer.clone(),
        capture,
        tail: Vec::new(),
    };
    let result = talk(args, session, &line, &orders, &mut screen, interactive);
    // The keyboard thread may outlive us: it must not write to the board any more.
    if let Ok(mut line) = line.lock() {
        *line = None;
    }
    session.forget_state();
    drop(raw);
    if interactive {
        printer.say("");
    }
    result
}

fn listen_to_keys(line: &Line, orders: Sender<Order>, interactive: bool) {
    let line = Arc::clone(line);
    std::thread::spawn(move || {
        while let Some(bytes) = keys::read() {
            for (plain, order) in split_orders(&bytes, interactive) {
                if !plain.is_empty()
                    && let Ok(mut line) = line.lock()
                    && let Some(writer) = line.as_mut()
                {
                    // A board that went away is noticed by the reading side.
                    let _ = writer.write_all(plain).and_then(|()| writer.flush());
                }
                if let Some(order) = order
                    && orders.send(order).is_err()
                {
                    return;
                }
            }
        }
        // The other side is gone only when the command is over.
        let _ = orders.send(Order::EndOfInput);
    });
}

/// Cuts keys at those that are orders to us; piped text has none.
fn split_orders(bytes: &[u8], interactive: bool) -> Vec<(&[u8], Option<Order>)> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for (index, byte) in bytes.iter().enumerate() {
        let order = match *byte {
            LEAVE | LEAVE_TOO => Order::Leave,
            INJECT_CODE => Order::InjectCode,
            INJECT_FILE => Order::InjectFile,
            _ => continue,
        };
        if interactive {
            pieces.push((&bytes[start..index], Some(order)));
            start = index + 1;
        }
    }
    pieces.push((&bytes[start..], None));
    pieces
}

fn talk(
    args: &Args,
    session: &mut Session,
    line: &Line,
    orders: &Receiver<Order>,
    screen: &mut Screen<'_>,
    interactive: bool,
) -> Result<Exit> {
    let mut input_ended = false;
    let pressed = interrupt::count();
    loop {
        match orders.try_recv() {
            Ok(Order::Leave) => return Ok(Exit::Done),
            Ok(Order::EndOfInput) if interactive => return Ok(Exit::Done),
            Ok(Order::EndOfInput) => {
                input_ended = true;
                session.wire().listen_afresh();
            }
            Ok(order) => inject(args, session, order, screen)?,
            Err(_) => {}
        }
        if !interactive && interrupt::count() > pressed {
            return Err(Error::new(Code::Interrupted, "Interrupted"));
        }
        if input_ended && session.wire().silence() > AFTER_END {
            return Ok(Exit::Done);
        }
        match show(session, screen) {
            Ok(rebooted) if rebooted && session.mount().is_some() => mount_again(session, screen)?,
            Ok(_) => {}
            Err(error) if error.code() == Code::ConnectionLost => {
                screen.printer.say("\r\ndevice disconnected");
                if !interactive || args.no_reconnect {
                    return Err(error);
                }
                come_back(session, line, orders, screen)?;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Shows what has come; true when the board has soft-reset and stands at its prompt again.
fn show(session: &mut Session, screen: &mut Screen<'_>) -> Result<bool> {
    session.wire().fill(Instant::now() + interrupt::SLICE)?;
    let text = session.wire().pending().to_vec();
    session.wire().consume(text.len());
    if text.is_empty() {
        return Ok(false);
    }
    let Some(server) = session.mount() else {
        return screen.show(&text);
    };
    let mut reply = Vec::new();
    let mut rebooted = false;
    server.filter(&text, &mut reply, &mut |plain| {
        rebooted |= screen.show(plain)?;
        Ok(())
    })?;
    if !reply.is_empty() {
        session.wire().write_all(&reply, Duration::from_secs(5))?;
    }
    Ok(rebooted)
}

/// After a soft reset the directory has to be mounted again.
fn mount_again(session: &mut Session, screen: &mut Screen<'_>) -> Result<()> {
    if let Some(server) = session.mount() {
        server.restart();
    }
    session.forget_state();
    session.tell(mount::mount_source())?;
    session.leave()?;
    screen.show(b"\r\nLocal directory is mounted again at /remote\r\n>>> ")?;
    Ok(())
}

fn inject(args: &Args, session: &mut Session, order: Order, screen: &mut Screen<'_>) -> Result<()> {
    match (order, &args.inject_code, &args.inject_file) {
        (Order::InjectCode, Some(code), _) => {
            let code = code.replace("\\n", "\r\n");
            session
                .wire()
                .write_all(code.as_bytes(), Duration::from_secs(5))
        }
        (Order::InjectCode, None, _) => session.wire().write_all(b"\n", Duration::from_secs(5)),
        (Order::InjectFile, _, Some(path)) => {
            let source = std::fs::read(path).map_err(|error| Error::local("read", path, &error))?;
            let program = Program::new(&source);
            session.forget_state();
            screen.show(format!("Injecting {}\r\n", path.display()).as_bytes())?;
            let outcome = session.exec(&program.source, Patience::Forever, &mut |piece| {
                let (Output::Stdout(text) | Output::Aside(text)) = piece;
                screen.show(text).map(|_| ())
            })?;
            let trace = program.traceback(
                &crate::output::sanitise::lossy(&outcome.traceback),
                &path.to_string_lossy(),
            );
            screen.show(trace.as_bytes())?;
            session.leave()?;
            screen.show(b">>> ")?;
            Ok(())
        }
        _ => session
            .wire()
            .write_all(&[INJECT_FILE], Duration::from_secs(5)),
    }
}

/// Waits for the board and connects the keyboard to it again.
fn come_back(
    session: &mut Session,
    line: &Line,
    orders: &Receiver<Order>,
    screen: &mut Screen<'_>,
) -> Result<()> {
    screen
        .printer
        .say("waiting for the board to come back (Ctrl-] leaves)\r");
    let deadline = Instant::now() + COME_BACK;
    loop {
        match session.reopen(Duration::from_millis(500)) {
            Ok(()) => break,
            Err(error) if Instant::now() >= deadline => return Err(error),
            Err(_) => {}
        }
        if orders.try_recv() == Ok(Order::Leave) {
            return Err(Error::reported(Code::ConnectionLost, Exit::Done, "left"));
        }
    }
    let writer = session.wire().transport().writer()?;
    if let Ok(mut line) = line.lock() {
        *line = Some(writer);
    }
    screen.printer.say("connected again\r");
    Ok(())
}

/// Where the board's words are shown.
struct Screen<'a> {
    args: &'a Args,
    printer: Printer,
    capture: Option<std::fs::File>,
    tail: Vec<u8>,
}

impl Screen<'_> {
    /// Shows a piece; true when it ends the boot after a soft reset.
    fn show(&mut self, text: &[u8]) -> Result<bool> {
        if let Some(file) = &mut self.capture {
            file.write_all(text).map_err(|error| {
                Error::local(
                    "write",
                    self.args
                        .capture
                        .as_deref()
                        .unwrap_or(std::path::Path::new("capture")),
                    &error,
                )
            })?;
        }
        if self.args.escape_non_printable {
            self.printer.raw(&escaped(text))?;
        } else {
            self.printer.raw(text)?;
        }
        self.tail.extend_from_slice(text);
        let rebooted = self.tail.windows(11).any(|part| part == b"soft reboot")
            && self.tail.ends_with(b">>> ");
        if rebooted || self.tail.len() > 64 * 1024 {
            self.tail.clear();
        }
        if !self.tail.windows(11).any(|part| part == b"soft reboot") && self.tail.len() > 64 {
            self.tail.drain(..self.tail.len() - 16);
        }
        Ok(rebooted)
    }
}

/// Bytes outside printable ASCII and the line ends as `[xx]`.
fn escaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        if matches!(byte, 0x20..=0x7e | b'\r' | b'\n' | b'\t' | 0x08 | 0x1b) {
            out.push(byte);
        } else {
            out.extend_from_slice(format!("[{byte:02x}]").as_bytes());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_cut_out_of_keys() {
        let pieces = split_orders(b"ab\x1dcd", true);
        assert_eq!(
            pieces,
            [(&b"ab"[..], Some(Order::Leave)), (&b"cd"[..], None)]
        );
        assert_eq!(split_orders(b"a\nb", false), [(&b"a\nb"[..], None)]);
    }

    #[test]
    fn unprintable_bytes_are_spelt() {
        assert_eq!(escaped(b"a\xff\x01\r\n"), b"a[ff][01]\r\n");
    }
}
