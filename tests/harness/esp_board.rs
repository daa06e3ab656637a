//! A board with an Espressif chip: the loader of [`crate::esp_rom`] on a terminal or behind an RFC 2217
//! server with DTR and RTS, and a real MicroPython that runs when the flash holds an image.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::board::{Board, Options, Reach};
use crate::pty::Pty;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::esp_rom::{Mode, Rom};

/// How long the boot pin is looked at after reset: the capacitor of the reset line.
const RISE: Duration = Duration::from_millis(3);

/// The wire to the client.
enum Wire {
    Terminal(Pty),
    Network {
        listener: TcpListener,
        stream: Option<TcpStream>,
        telnet: Vec<u8>,
    },
}

/// The chip on its board. The loader's state is shared with the test.
#[derive(Debug)]
pub struct Chip {
    /// What `-p` takes.
    pub address: String,
    rom: Arc<Mutex<Rom>>,
    lines: Arc<Mutex<Vec<(bool, bool)>>>,
    ends: Arc<AtomicBool>,
    slow: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Chip {
    /// On a terminal, which has no lines: the chip waits in its loader, as after a press of BOOT.
    pub fn on_terminal(mut rom: Rom) -> Self {
        rom.start(Mode::Rom);
        let pty = Pty::open().expect("a free terminal");
        let address = pty.path.to_string_lossy().into_owned();
        Self::serve(address, Wire::Terminal(pty), rom, &[])
    }

    /// The same on a line that is as slow as its baud rate.
    pub fn on_slow_terminal(rom: Rom) -> Self {
        let chip = Self::on_terminal(rom);
        chip.slow.store(true, Ordering::Relaxed);
        chip
    }

    /// Behind an RFC 2217 server with lines; the chip runs what it has.
    pub fn with_lines(rom: Rom) -> Self {
        Self::with_programs(rom, &[])
    }

    /// The same; each start of its program runs the next of `boots` first, and the last from then on.
    pub fn with_programs(rom: Rom, boots: &[String]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("an option");
        let address = format!("rfc2217://{}", listener.local_addr().expect("it listens"));
        Self::serve(
            address,
            Wire::Network {
                listener,
                stream: None,
                telnet: Vec::new(),
            },
            rom,
            boots,
        )
    }

    fn serve(address: String, wire: Wire, rom: Rom, boots: &[String]) -> Self {
        let rom = Arc::new(Mutex::new(rom));
        let (lines, ends) = (
            Arc::new(Mutex::new(Vec::new())),
            Arc::new(AtomicBool::new(false)),
        );
        let slow = Arc::new(AtomicBool::new(false));
        let mut board = Running {
            slow: Arc::clone(&slow),
            clocks: [Instant::now(); 2],
            wire,
            rom: Arc::clone(&rom),
            lines: Arc::clone(&lines),
            state: (false, false),
            rises: None,
            frame: Vec::new(),
            open: false,
            escaped: false,
            program: None,
            boots: boots.to_vec(),
        };
        let stop = Arc::clone(&ends);
        let thread = std::thread::spawn(move || {
            if board.rom().mode == Mode::Program {
                board.boot(Mode::Program);
            }
            while !stop.load(Ordering::Relaxed) && !board.rom().is_cut {
                board.turn();
            }
        });
        Self {
            address,
            rom,
            lines,
            ends,
            slow,
            thread: Some(thread),
        }
    }

    /// The loader.
    pub fn rom(&self) -> MutexGuard<'_, Rom> {
        self.rom.lock().expect("no test panics with it")
    }

    /// DTR and RTS each time one changed.
    pub fn lines(&self) -> Vec<(bool, bool)> {
        self.lines.lock().expect("no test panics with it").clone()
    }

    /// Unplugs it; what the chip is then.
    pub fn unplug(mut self) -> Rom {
        self.stop();
        let rom = Arc::clone(&self.rom);
        drop(self);
        let mut rom = Arc::try_unwrap(rom)
            .expect("nobody else has it")
            .into_inner()
            .expect("no test panics with it");
        rom.is_cut = false;
        rom
    }

    fn stop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the board's thread ends well");
        }
    }
}

impl Drop for Chip {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed; a second one would hide the test's own.
            let _ = thread.join();
        }
    }
}

struct Running {
    wire: Wire,
    slow: Arc<AtomicBool>,
    /// Until when the line is busy: to the chip, from it.
    clocks: [Instant; 2],
    rom: Arc<Mutex<Rom>>,
    lines: Arc<Mutex<Vec<(bool, bool)>>>,
    /// DTR, RTS.
    state: (bool, bool),
    rises: Option<Instant>,
    frame: Vec<u8>,
    open: bool,
    escaped: bool,
    program: Option<(Board, TcpStream)>,
    boots: Vec<String>,
}

impl Running {
    fn rom(&self) -> MutexGuard<'_, Rom> {
        self.rom.lock().expect("no test panics with it")
    }

    fn boot(&mut self, mode: Mode) {
        self.program = None;
        let said = self.rom().start(mode);
        self.send(&said);
        if mode == Mode::Program && self.rom().has_program() {
            let boot = match self.boots.len() {
                0 => String::new(),
                1 => self.boots[0].clone(),
                _ => self.boots.remove(0),
            };
            let board = Board::with(&Options {
                reach: Reach::Tcp,
                boot,
                ..Options::default()
            });
            let address = board.address().trim_start_matches("tcp://").to_string();
            let stream = TcpStream::connect(address).expect("the board listens");
            stream.set_nonblocking(true).expect("an option");
            self.program = Some((board, stream));
        }
    }

    /// Waits a little for bytes of either side and passes them on.
    fn turn(&mut self) {
        self.wait();
        if self.rises.is_some_and(|at| Instant::now() >= at) {
            self.rises = None;
            // DTR alone holds the boot pin low.
            let mode = if self.state == (true, false) {
                Mode::Rom
            } else {
                Mode::Program
            };
            self.boot(mode);
        }
        let bytes = self.receive();
        self.pace(0, bytes.len());
        self.hear(&bytes);
        let mut buffer = [0; 4096];
        if let Some((_, stream)) = &mut self.program
            && let Ok(len @ 1..) = stream.read(&mut buffer)
        {
            self.send(&buffer[..len]);
        }
        let next = self.rom().next.take();
        if let Some(mode) = next {
            self.boot(mode);
        }
    }

    fn wait(&self) {
        let mut fds = Vec::new();
        match &self.wire {
            Wire::Terminal(pty) => fds.push(PollFd::new(&pty.master, PollFlags::IN)),
            Wire::Network {
                listener, stream, ..
            } => fds.push(match stream {
                Some(stream) => PollFd::new(stream, PollFlags::IN),
                None => PollFd::new(listener, PollFlags::IN),
            }),
        }
        if let Some((_, stream)) = &self.program {
            fds.push(PollFd::new(stream, PollFlags::IN));
        }
        let time = Timespec {
            tv_sec: 0,
            tv_nsec: 5_000_000,
        };
        // An interrupted wait is a short one.
        let _ = poll(&mut fds, Some(&time));
    }

    fn receive(&mut self) -> Vec<u8> {
        let mut buffer = [0; 16 << 10];
        match &mut self.wire {
            Wire::Terminal(pty) => {
                let most = if self.slow.load(Ordering::Relaxed) {
                    64
                } else {
                    buffer.len()
                };
                let len = rustix::io::read(pty.master.as_fd(), &mut buffer[..most]).unwrap_or(0);
                let speed =
                    rustix::termios::tcgetattr(&pty.slave).map_or(0, |modes| modes.output_speed());
                let rom = self.rom();
                // Another rate than the chip's is noise to it.
                if rom.mode != Mode::Program && speed != rom.baud
                    || rom.faults.deaf_above.is_some_and(|most| speed > most)
                {
                    return Vec::new();
                }
                buffer[..len].to_vec()
            }
            Wire::Network {
                listener,
                stream,
                telnet,
            } => {
                if stream.is_none()
                    && let Ok((new, _)) = listener.accept()
                {
                    new.set_nonblocking(true).expect("an option");
                    *stream = Some(new);
                    telnet.clear();
                    // As servers do, both lines are asserted with the port.
                    self.state = (true, true);
                }
                let Some(open) = stream else {
                    return Vec::new();
                };
                match open.read(&mut buffer) {
                    Ok(0) => *stream = None,
                    Ok(len) => telnet.extend_from_slice(&buffer[..len]),
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                    Err(_) => *stream = None,
                }
                self.telnet()
            }
        }
    }

    /// Takes telnet's own commands out of what came.
    fn telnet(&mut self) -> Vec<u8> {
        let Wire::Network { telnet, .. } = &mut self.wire else {
            return Vec::new();
        };
        let bytes = core::mem::take(telnet);
        let (mut plain, mut at) = (Vec::new(), 0);
        while at < bytes.len() {
            let rest = &bytes[at..];
            let used = match rest {
                [255, 255, ..] => {
                    plain.push(255);
                    2
                }
                [255, 250, ..] => match rest.windows(2).position(|two| two == [255, 240]) {
                    Some(end) => {
                        self.com_port(&rest[2..end]);
                        end + 2
                    }
                    None => break,
                },
                [255, verb @ 251..=254, option, ..] => {
                    let answer = match verb {
                        251 => [255, 253, *option],
                        253 => [255, 251, *option],
                        _ => [255, 254, *option],
                    };
                    if matches!(verb, 251 | 253) {
                        self.send_raw(&answer);
                    }
                    3
                }
                [255, ..] => break,
                [byte, ..] => {
                    plain.push(*byte);
                    1
                }
                [] => break,
            };
            at += used;
        }
        if let Wire::Network { telnet, .. } = &mut self.wire {
            *telnet = bytes[at..].to_vec();
        }
        plain
    }

    fn com_port(&mut self, command: &[u8]) {
        let [44, number, value @ ..] = command else {
            return;
        };
        let mut answer = vec![255, 250, 44, number + 100];
        answer.extend(value);
        answer.extend([255, 240]);
        if *number != 5 {
            self.send_raw(&answer);
            return;
        }
        let (dtr, rts) = self.state;
        let new = match value {
            [8] => (true, rts),
            [9] => (false, rts),
            [11] => (dtr, true),
            [12] => (dtr, false),
            _ => (dtr, rts),
        };
        if value == [1] {
            self.send_raw(&answer);
        }
        if new != self.state {
            self.lines.lock().expect("no test panics with it").push(new);
        }
        let was_held = self.state == (false, true);
        self.state = new;
        match (was_held, new == (false, true)) {
            // RTS alone holds the chip in reset.
            (false, true) => {
                self.program = None;
                self.rises = None;
                self.rom().mode = Mode::Program;
            }
            (true, false) => self.rises = Some(Instant::now() + RISE),
            _ => {}
        }
    }

    fn hear(&mut self, bytes: &[u8]) {
        if let Some((_, stream)) = &mut self.program {
            // The board's own end is the proxy's business.
            let _ = stream.write_all(bytes);
            return;
        }
        for &byte in bytes {
            let Some(frame) = self.slip(byte) else {
                continue;
            };
            let answer = self.rom().frame(&frame);
            self.send(&answer);
        }
    }

    fn slip(&mut self, byte: u8) -> Option<Vec<u8>> {
        match byte {
            0xc0 => {
                let frame = core::mem::take(&mut self.frame);
                self.open = frame.is_empty();
                self.escaped = false;
                return (!frame.is_empty()).then_some(frame);
            }
            _ if !self.open => {}
            0xdb if !self.escaped => self.escaped = true,
            _ => {
                let plain = match (self.escaped, byte) {
                    (true, 0xdc) => 0xc0,
                    (true, 0xdd) => 0xdb,
                    (_, byte) => byte,
                };
                self.escaped = false;
                self.frame.push(plain);
            }
        }
        None
    }

    fn send(&mut self, bytes: &[u8]) {
        if let Wire::Network { .. } = self.wire {
            let escaped: Vec<u8> = bytes
                .iter()
                .flat_map(|&byte| {
                    if byte == 255 {
                        vec![255, 255]
                    } else {
                        vec![byte]
                    }
                })
                .collect();
            return self.send_raw(&escaped);
        }
        self.send_raw(bytes);
    }

    /// Waits as long as `len` bytes are on a slow line.
    fn pace(&mut self, direction: usize, len: usize) {
        if !self.slow.load(Ordering::Relaxed) || len == 0 {
            return;
        }
        let baud = f64::from(self.rom().baud);
        let clock = self.clocks[direction].max(Instant::now());
        // The clock is absolute, so that sleeping too long once is made good; a byte has ten bits.
        let late = Instant::now().saturating_duration_since(self.clocks[direction]);
        let clock = if late < Duration::from_millis(20) {
            self.clocks[direction]
        } else {
            clock
        };
        self.clocks[direction] = clock + Duration::from_secs_f64(len as f64 * 10.0 / baud);
        std::thread::sleep(self.clocks[direction].saturating_duration_since(Instant::now()));
    }

    fn send_raw(&mut self, mut bytes: &[u8]) {
        self.pace(1, bytes.len());
        let deadline = Instant::now() + Duration::from_secs(20);
        while !bytes.is_empty() && Instant::now() < deadline {
            let sent = match &mut self.wire {
                Wire::Terminal(pty) => write_fd(&pty.master, bytes),
                Wire::Network {
                    stream: Some(stream),
                    ..
                } => stream.write(bytes).ok(),
                Wire::Network { .. } => return,
            };
            match sent {
                Some(len) => bytes = &bytes[len..],
                None => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }
}

fn write_fd(fd: &OwnedFd, bytes: &[u8]) -> Option<usize> {
    rustix::io::write(fd, bytes).ok()
}
