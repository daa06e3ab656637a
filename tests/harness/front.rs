//! The side of a board that clients see: a serial port, or a TCP socket with or without a protocol.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;

use crate::pty::Pty;

/// What lies between the socket and the REPL.
pub trait Codec: Send {
    /// A client has connected; returns what it is greeted with.
    fn connected(&mut self) -> Vec<u8>;

    /// Reads what the client sent: REPL bytes go to `data`, answers of the protocol to `reply`.
    /// False ends the connection, after `reply` is sent.
    fn receive(&mut self, bytes: &[u8], data: &mut Vec<u8>, reply: &mut Vec<u8>) -> bool;

    /// REPL bytes as they go to the client; empty before the login is done.
    fn wrap(&mut self, bytes: &[u8]) -> Vec<u8>;
}

/// No protocol: the bytes themselves.
#[derive(Debug, Default)]
pub struct Plain;

impl Codec for Plain {
    fn connected(&mut self) -> Vec<u8> {
        Vec::new()
    }

    fn receive(&mut self, bytes: &[u8], data: &mut Vec<u8>, _reply: &mut Vec<u8>) -> bool {
        data.extend_from_slice(bytes);
        true
    }

    fn wrap(&mut self, bytes: &[u8]) -> Vec<u8> {
        bytes.to_vec()
    }
}

const IAC: u8 = 255;

/// The telnet server of Pycom boards: asks for a user and a password, then is the REPL.
#[derive(Debug)]
pub struct Telnet {
    user: String,
    password: String,
    line: Vec<u8>,
    given: Vec<String>,
    command: Vec<u8>,
}

impl Telnet {
    /// Lets `user` in with `password`.
    pub fn new(user: &str, password: &str) -> Self {
        let (user, password) = (user.to_string(), password.to_string());
        Self {
            user,
            password,
            line: Vec::new(),
            given: Vec::new(),
            command: Vec::new(),
        }
    }

    fn is_in(&self) -> bool {
        self.given.len() == 2
    }

    /// Takes the telnet commands out of the stream.
    fn unwrap(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut data = Vec::new();
        for &byte in bytes {
            match self.command[..] {
                [] if byte == IAC => self.command.push(byte),
                [] => data.push(byte),
                [IAC] if byte == IAC => {
                    data.push(byte);
                    self.command.clear();
                }
                // WILL, WONT, DO and DONT have one more byte; nobody sends this server others.
                [IAC] if (251..=254).contains(&byte) => self.command.push(byte),
                _ => self.command.clear(),
            }
        }
        data
    }
}

impl Codec for Telnet {
    fn connected(&mut self) -> Vec<u8> {
        self.line.clear();
        self.given.clear();
        self.command.clear();
        // WILL ECHO, WILL SUPPRESS-GO-AHEAD, WONT LINEMODE.
        let mut greeting = vec![IAC, 251, 1, IAC, 251, 3, IAC, 252, 34];
        greeting.extend_from_slice(b"\r\nMicroPython Board with a login\r\n\r\nLogin as: ");
        greeting
    }

    fn receive(&mut self, bytes: &[u8], data: &mut Vec<u8>, reply: &mut Vec<u8>) -> bool {
        for byte in self.unwrap(bytes) {
            if self.is_in() {
                data.push(byte);
                continue;
            }
            if byte != b'\r' && byte != b'\n' {
                self.line.push(byte);
                continue;
            }
            if self.line.is_empty() {
                continue;
            }
            self.given
                .push(String::from_utf8_lossy(&core::mem::take(&mut self.line)).into_owned());
            if !self.is_in() {
                reply.extend_from_slice(b"\r\nPassword: ");
            } else if self.given == [self.user.as_str(), self.password.as_str()] {
                reply.extend_from_slice(
                    b"\r\nLogin succeeded!\r\nType \"help()\" for more information.\r\n>>> ",
                );
            } else {
                reply.extend_from_slice(b"\r\nInvalid credentials, try again.\r\n\r\nLogin as: ");
                self.given.clear();
            }
        }
        true
    }

    fn wrap(&mut self, bytes: &[u8]) -> Vec<u8> {
        if !self.is_in() {
            return Vec::new();
        }
        let mut out = Vec::with_capacity(bytes.len());
        for &byte in bytes {
            out.push(byte);
            if byte == IAC {
                out.push(IAC);
            }
        }
        out
    }
}

/// A serial port with a link that has a steady name.
pub(crate) struct Serial {
    link: PathBuf,
    pty: Option<Pty>,
}

impl Serial {
    pub(crate) fn new(link: PathBuf) -> io::Result<Self> {
        let mut serial = Self { link, pty: None };
        serial.plug()?;
        Ok(serial)
    }

    pub(crate) fn plug(&mut self) -> io::Result<()> {
        let pty = Pty::open()?;
        let fresh = self.link.with_extension("new");
        std::os::unix::fs::symlink(&pty.path, &fresh)?;
        std::fs::rename(fresh, &self.link)?;
        self.pty = Some(pty);
        Ok(())
    }

    pub(crate) fn unplug(&mut self) {
        if self.pty.take().is_some() {
            // The device node goes with the device; the test would say if it did not.
            let _ = std::fs::remove_file(&self.link);
        }
    }
}

/// A listening socket with at most one client.
pub(crate) struct Network {
    listener: TcpListener,
    client: Option<TcpStream>,
    codec: Box<dyn Codec>,
}

impl Network {
    pub(crate) fn new(codec: Box<dyn Codec>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        Ok(Self {
            listener,
            client: None,
            codec,
        })
    }

    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The rest of a message, or the greeting of a new client, that must get out whole.
    fn send_all(&mut self, bytes: &[u8]) {
        let Some(client) = &mut self.client else {
            return;
        };
        let mut rest = bytes;
        while !rest.is_empty() {
            match client.write(rest) {
                Ok(len) => rest = &rest[len..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    std::thread::sleep(std::time::Duration::from_millis(1));
                }
                Err(_) => {
                    self.client = None;
                    return;
                }
            }
        }
    }
}

/// Any of them.
pub(crate) enum Front {
    Serial(Serial),
    Network(Network),
}

impl Front {
    /// What to wait on.
    pub(crate) fn fd(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Serial(serial) => serial.pty.as_ref().map(|pty| pty.master.as_fd()),
            Self::Network(network) => Some(
                network
                    .client
                    .as_ref()
                    .map_or_else(|| network.listener.as_fd(), AsFd::as_fd),
            ),
        }
    }

    /// Whether anybody is there to be written to.
    pub(crate) fn is_connected(&self) -> bool {
        match self {
            Self::Serial(serial) => serial.pty.is_some(),
            Self::Network(network) => network.client.is_some(),
        }
    }

    /// The REPL bytes that clients have sent.
    pub(crate) fn read(&mut self) -> Vec<u8> {
        let mut buffer = [0; 16384];
        match self {
            Self::Serial(serial) => {
                let Some(pty) = &serial.pty else {
                    return Vec::new();
                };
                let len = rustix::io::read(&pty.master, &mut buffer).unwrap_or(0);
                buffer[..len].to_vec()
            }
            Self::Network(network) => network.read(&mut buffer),
        }
    }

    /// Sends REPL bytes and returns how many of them were taken.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> usize {
        match self {
            Self::Serial(serial) => match &serial.pty {
                // A port that was pulled swallows everything.
                None => bytes.len(),
                Some(pty) => match rustix::io::write(&pty.master, bytes) {
                    Ok(len) => len,
                    Err(rustix::io::Errno::AGAIN) => 0,
                    Err(_) => bytes.len(),
                },
            },
            Self::Network(network) => {
                let wrapped = network.codec.wrap(bytes);
                network.send_all(&wrapped);
                bytes.len()
            }
        }
    }

    /// The cable is pulled.
    pub(crate) fn unplug(&mut self) {
        match self {
            Self::Serial(serial) => serial.unplug(),
            Self::Network(network) => network.client = None,
        }
    }

    /// The cable is back.
    pub(crate) fn plug(&mut self) -> io::Result<()> {
        match self {
            Self::Serial(serial) => serial.plug(),
            Self::Network(_) => Ok(()),
        }
    }
}

impl Network {
    fn read(&mut self, buffer: &mut [u8]) -> Vec<u8> {
        let Some(client) = &mut self.client else {
            if let Ok((client, _)) = self.listener.accept()
                && client.set_nonblocking(true).is_ok()
                && client.set_nodelay(true).is_ok()
            {
                self.client = Some(client);
                let greeting = self.codec.connected();
                self.send_all(&greeting);
            }
            return Vec::new();
        };
        let len = match client.read(buffer) {
            Ok(0) => {
                self.client = None;
                return Vec::new();
            }
            Ok(len) => len,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Vec::new(),
            Err(_) => {
                self.client = None;
                return Vec::new();
            }
        };
        let (mut data, mut reply) = (Vec::new(), Vec::new());
        let goes_on = self.codec.receive(&buffer[..len], &mut data, &mut reply);
        self.send_all(&reply);
        if !goes_on {
            self.client = None;
        }
        data
    }
}
