//! The chip on a board: its serial lines on TCP ports, its reset and boot pins on DTR and RTS, its flash in a file.
//!
//! It runs in a thread of its own, as fast as it can; while the chip waits, time passes as it does outside.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::bus::FLASH_BYTES;
use crate::chip::{Chip, State};
use crate::devices::Memory;
use crate::devices::Reset;
use crate::modem::{Modem, escaped};
use crate::rom;

/// Instructions between two looks at the outside.
const SLICE: u32 = 100_000;
/// How long the boot pin is looked at after reset: the capacitor of the reset line.
const RISE: Duration = Duration::from_millis(3);
/// The longest wait: it is looked as often whether all is over.
const WAIT: Duration = Duration::from_millis(20);
/// How much of a client's bytes waits here.
const QUEUE_BYTES: usize = 64 << 10;

/// How a board is made.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where the flash is kept; made when it is not there.
    pub flash: PathBuf,
    /// BOOT is held down while it is switched on.
    pub downloads: bool,
    /// The power goes before this erase or write.
    pub cut_at: Option<u64>,
    /// Pins that are joined.
    pub wires: Vec<Vec<u8>>,
    /// Millivolts at the channels of the converter.
    pub inputs_mv: [u32; 5],
    /// A memory of 256 bytes on a two-wire bus: address, clock, data.
    pub memory: Option<(u8, u8, u8)>,
}

/// The ways into the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Port {
    /// The UART as it is.
    Uart,
    /// The UART with the lines of a modem.
    Modem,
    /// The chip's USB device.
    Usb,
}

enum Event {
    Opened(Port, TcpStream),
    Bytes(Port, Vec<u8>),
    Closed(Port),
}

/// A board that runs until it is dropped.
#[derive(Debug)]
pub struct Board {
    /// The UART, as `HOST:PORT`.
    pub uart: String,
    /// The UART by RFC 2217.
    pub modem: String,
    /// The USB device.
    pub usb: String,
    stop: Arc<AtomicBool>,
    operations: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Board {
    /// Switches a board on.
    ///
    /// # Errors
    /// A sentence: there is no ROM, the flash can't be used, no port is free.
    pub fn start(options: &Options) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", options.flash.display());
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&options.flash)
            .map_err(failed)?;
        let mut content = Vec::new();
        file.read_to_end(&mut content).map_err(failed)?;
        if content.len() < FLASH_BYTES {
            content.resize(FLASH_BYTES, 0xff);
            file.rewind()
                .and_then(|()| file.write_all(&content))
                .map_err(failed)?;
        }
        let mut chip = Chip::new(rom::find()?, &content);
        chip.boots_low = options.downloads;
        chip.bus.flash.cut_at = options.cut_at;
        chip.bus.adc.inputs_mv = options.inputs_mv;
        chip.bus.i2c.memory = options
            .memory
            .map(|(address, clock, data)| Memory::new(address, [clock.into(), data.into()]));
        let nets = options
            .wires
            .iter()
            .map(|net| net.iter().fold(0, |all, pin| all | 1 << (pin & 31)));
        chip.bus.pins.nets = nets.collect();
        chip.reset(Reset::Power);
        let (sender, events) = channel();
        let queued = [(); 3].map(|()| Arc::new(AtomicUsize::new(0)));
        let stop = Arc::new(AtomicBool::new(false));
        let mut addresses = Vec::new();
        for port in [Port::Uart, Port::Modem, Port::Usb] {
            let address = listen(port, &sender, &queued[port as usize], &stop);
            addresses.push(address.map_err(|error| format!("127.0.0.1: {error}"))?);
        }
        let operations = Arc::new(AtomicU64::new(0));
        let mut running = Running {
            chip,
            file,
            events,
            queued,
            streams: [None, None, None],
            modem: Modem::new(),
            lines: (true, true),
            rises: None,
            is_held: false,
            stop: Arc::clone(&stop),
            operations: Arc::clone(&operations),
        };
        let thread = std::thread::spawn(move || running.run());
        let [uart, modem, usb] = <[String; 3]>::try_from(addresses).map_err(|_| "three ports")?;
        Ok(Self {
            uart,
            modem,
            usb,
            stop,
            operations,
            thread: Some(thread),
        })
    }

    /// How often its flash was written or erased.
    pub fn operations(&self) -> u64 {
        self.operations.load(Ordering::Relaxed)
    }

    /// Waits until it ends by itself: its power was cut.
    pub fn wait(&mut self) {
        if let Some(thread) = self.thread.take() {
            // A panic of it has been printed.
            let _ = thread.join();
        }
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.wait();
    }
}

/// Takes clients of a port, one after the other.
fn listen(
    port: Port,
    sender: &Sender<Event>,
    queued: &Arc<AtomicUsize>,
    stop: &Arc<AtomicBool>,
) -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?.to_string();
    let (sender, queued, stop) = (sender.clone(), Arc::clone(queued), Arc::clone(stop));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if stop.load(Ordering::Relaxed) || serve(port, stream, &sender, &queued).is_none() {
                return;
            }
        }
    });
    Ok(address)
}

/// Passes on what a client sends; `None` when nobody takes it any more.
fn serve(
    port: Port,
    mut stream: TcpStream,
    sender: &Sender<Event>,
    queued: &AtomicUsize,
) -> Option<()> {
    // Without it answers are late, not wrong.
    let _ = stream.set_nodelay(true);
    sender
        .send(Event::Opened(port, stream.try_clone().ok()?))
        .ok()?;
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(len) => {
                queued.fetch_add(len, Ordering::Relaxed);
                sender
                    .send(Event::Bytes(port, buffer[..len].to_vec()))
                    .ok()?;
            }
        }
        while queued.load(Ordering::Relaxed) > QUEUE_BYTES {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    sender.send(Event::Closed(port)).ok()
}

struct Running {
    chip: Chip,
    file: File,
    events: Receiver<Event>,
    queued: [Arc<AtomicUsize>; 3],
    streams: [Option<TcpStream>; 3],
    modem: Modem,
    lines: (bool, bool),
    rises: Option<Instant>,
    is_held: bool,
    stop: Arc<AtomicBool>,
    operations: Arc<AtomicU64>,
}

impl Running {
    fn run(&mut self) {
        while !self.stop.load(Ordering::Relaxed) {
            let state = if self.is_held {
                State::Waiting(None)
            } else {
                self.chip.run(SLICE)
            };
            if self.save().is_err() || state == State::Off {
                break;
            }
            self.send();
            if let State::Waiting(until_us) = state {
                self.wait(until_us);
            }
            while let Ok(event) = self.events.try_recv() {
                self.take(event);
            }
            self.rise();
            self.feed();
        }
        for stream in self.streams.iter().flatten() {
            // The client sees the end, whoever else still has the connection.
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }

    /// The flash's file is written before anybody can know of a change.
    fn save(&mut self) -> std::io::Result<()> {
        self.operations
            .store(self.chip.bus.flash.operations, Ordering::Relaxed);
        for part in std::mem::take(&mut self.chip.bus.flash.changed) {
            self.file.seek(SeekFrom::Start(part.start as u64))?;
            self.file.write_all(&self.chip.bus.flash_bytes()[part])?;
        }
        Ok(())
    }

    fn send(&mut self) {
        let uart = std::mem::take(&mut self.chip.bus.uart[0].sent);
        let usb = std::mem::take(&mut self.chip.bus.usb.sent);
        if !uart.is_empty() {
            self.send_to(Port::Uart, &uart);
            self.send_to(Port::Modem, &escaped(&uart));
        }
        if !usb.is_empty() {
            self.send_to(Port::Usb, &usb);
        }
    }

    fn send_to(&mut self, port: Port, bytes: &[u8]) {
        let place = &mut self.streams[port as usize];
        // What is sent to a client that has gone is lost, as on a cable.
        if place
            .as_mut()
            .is_some_and(|stream| stream.write_all(bytes).is_err())
        {
            *place = None;
        }
    }

    fn wait(&mut self, until_us: Option<u64>) {
        let now_us = self.chip.bus.now_us();
        let left = until_us.map_or(WAIT, |until| {
            Duration::from_micros(until.saturating_sub(now_us))
        });
        let start = Instant::now();
        if let Ok(event) = self.events.recv_timeout(left.min(WAIT)) {
            self.take(event);
        }
        let waited_us = start.elapsed().as_micros() as u64;
        // A wait that took too long does not make the chip's time jump over its alarm.
        self.chip.pass(until_us.map_or(waited_us, |until| {
            waited_us.min(until.saturating_sub(now_us)) + 1
        }));
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Opened(port, stream) => {
                self.streams[port as usize] = Some(stream);
                if port == Port::Modem {
                    self.modem = Modem::new();
                    self.lines = (true, true);
                }
                self.chip.bus.usb.is_plugged |= port == Port::Usb;
            }
            Event::Closed(port) => {
                self.streams[port as usize] = None;
                self.chip.bus.usb.is_plugged &= port != Port::Usb;
            }
            Event::Bytes(Port::Modem, bytes) => {
                self.queued[Port::Modem as usize].fetch_sub(bytes.len(), Ordering::Relaxed);
                let heard = self.modem.hear(&bytes);
                for lines in heard.lines {
                    self.set_lines(lines);
                }
                self.chip.bus.uart[0].incoming.extend(heard.bytes);
                self.send_to(Port::Modem, &heard.answer);
            }
            Event::Bytes(Port::Uart, bytes) => self.chip.bus.uart[0].incoming.extend(bytes),
            Event::Bytes(Port::Usb, bytes) => self.chip.bus.usb.incoming.extend(bytes),
        }
    }

    /// Tells the readers how much still waits here.
    fn feed(&mut self) {
        let waiting = self.chip.bus.uart[0].incoming.len();
        self.queued[Port::Uart as usize].store(waiting, Ordering::Relaxed);
        let waiting = self.chip.bus.usb.incoming.len();
        self.queued[Port::Usb as usize].store(waiting, Ordering::Relaxed);
    }

    fn set_lines(&mut self, (dtr, rts): (bool, bool)) {
        self.lines = (dtr, rts);
        let is_held = rts && !dtr;
        if self.is_held && !is_held {
            self.rises = Some(Instant::now() + RISE);
        } else if is_held {
            self.is_held = true;
            self.rises = None;
        }
    }

    /// The reset line has risen: the boot pin says what starts.
    fn rise(&mut self) {
        if self.rises.is_some_and(|at| Instant::now() >= at) {
            self.rises = None;
            self.is_held = false;
            self.chip.boots_low = self.lines == (true, false);
            self.chip.reset(Reset::Power);
        }
    }
}
