//! `rfc2217://host:port`: a serial port of another machine, with its baud rate and its lines.
//!
//! Source: RFC 2217 (Telnet Com Port Control Option). The option number, the commands and the
//! values of SET-CONTROL are those of its sections 3 and 4.

use std::io::Write;
use std::time::{Duration, Instant};

use super::telnet::{
    BINARY, Command, DO, DONT, Decoder, EscapingWriter, IAC, SB, SE, WILL, WONT, escape,
    write_escaped,
};
use super::{Link, OpenOptions, Transport, socket::Socket, socket::hand_out, socket::with_port};
use crate::error::{Code, Error, Result};

const COM_PORT_OPTION: u8 = 44;
const SUPPRESS_GO_AHEAD: u8 = 3;
const SET_BAUDRATE: u8 = 1;
const SET_DATASIZE: u8 = 2;
const SET_PARITY: u8 = 3;
const SET_STOPSIZE: u8 = 4;
const SET_CONTROL: u8 = 5;
/// The server's answers are the command numbers plus this.
const SERVER_OFFSET: u8 = 100;
const CONTROL_NO_FLOW: u8 = 1;
const CONTROL_DTR_ON: u8 = 8;
const CONTROL_DTR_OFF: u8 = 9;
const CONTROL_RTS_ON: u8 = 11;
const CONTROL_RTS_OFF: u8 = 12;

/// How long the server may take for one command.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(3);

/// A serial port behind a telnet server.
#[derive(Debug)]
pub(crate) struct Rfc2217 {
    socket: Socket,
    decoder: Decoder,
    pending: Vec<u8>,
    accepted: bool,
    refused: bool,
    answers: Vec<(u8, Vec<u8>)>,
}

impl Rfc2217 {
    /// Connects, negotiates the option, and sets 8N1 at the wanted baud rate, no flow control, and
    /// the lines.
    ///
    /// # Errors
    /// [`Code::NoBoard`] without a connection, [`Code::Unsupported`] when the server does not
    /// speak RFC 2217.
    pub(crate) fn open(name: &str, address: &str, options: &OpenOptions) -> Result<Self> {
        let address = address.split(['/', '?']).next().unwrap_or(address);
        let socket = Socket::connect(name, &with_port(address, 2217), options.timeout)?;
        let mut port = Self {
            socket,
            decoder: Decoder::default(),
            pending: Vec::new(),
            accepted: false,
            refused: false,
            answers: Vec::new(),
        };
        port.negotiate()?;
        port.command(SET_BAUDRATE, &options.baud.to_be_bytes())?;
        port.command(SET_DATASIZE, &[8])?;
        port.command(SET_PARITY, &[1])?;
        port.command(SET_STOPSIZE, &[1])?;
        port.command(SET_CONTROL, &[CONTROL_NO_FLOW])?;
        // Servers assert both when they open their port. Saying it again would send an ESP behind
        // esptool's server into its boot loader.
        port.set_lines(options.dtr, options.rts)?;
        Ok(port)
    }

    fn negotiate(&mut self) -> Result<()> {
        let deadline = Instant::now() + COMMAND_TIMEOUT;
        let mut hello = Vec::new();
        for (verb, option) in [
            (WILL, BINARY),
            (DO, BINARY),
            (WILL, SUPPRESS_GO_AHEAD),
            (DO, SUPPRESS_GO_AHEAD),
            (WILL, COM_PORT_OPTION),
        ] {
            hello.extend_from_slice(&[IAC, verb, option]);
        }
        self.socket.write_all(&hello, deadline)?;
        while !self.accepted && !self.refused {
            if !self.pump(deadline)? {
                break;
            }
        }
        if self.accepted {
            return Ok(());
        }
        Err(Error::new(
            Code::Unsupported,
            format!("`{}` does not speak RFC 2217", self.socket.name()),
        )
        .hint("For a plain TCP serial server use `tcp://HOST:PORT`"))
    }

    /// Sends one command.
    fn tell(&mut self, command: u8, value: &[u8]) -> Result<()> {
        let deadline = Instant::now() + COMMAND_TIMEOUT;
        let mut bytes = vec![IAC, SB, COM_PORT_OPTION, command];
        bytes.extend_from_slice(&escape(value));
        bytes.extend_from_slice(&[IAC, SE]);
        self.socket.write_all(&bytes, deadline)
    }

    /// Sends one command and waits for the server's answer to it.
    fn command(&mut self, command: u8, value: &[u8]) -> Result<()> {
        self.answers.clear();
        self.tell(command, value)?;
        let deadline = Instant::now() + COMMAND_TIMEOUT;
        loop {
            if self
                .answers
                .iter()
                .any(|(answer, _)| *answer == command + SERVER_OFFSET)
            {
                return Ok(());
            }
            if !self.pump(deadline)? {
                let name = self.socket.name();
                let message = format!("`{name}` did not answer RFC 2217 command {command}");
                return Err(Error::new(Code::NoAnswer, message));
            }
        }
    }

    /// Reads once; false when the deadline passed.
    fn pump(&mut self, deadline: Instant) -> Result<bool> {
        let mut buffer = [0; 2048];
        let len = self.socket.read(&mut buffer, deadline)?;
        if len == 0 {
            return Ok(Instant::now() < deadline);
        }
        let mut commands = Vec::new();
        self.decoder
            .receive(&buffer[..len], &mut self.pending, &mut commands);
        for command in commands {
            self.handle(command, deadline)?;
        }
        Ok(true)
    }

    fn handle(&mut self, command: Command, deadline: Instant) -> Result<()> {
        match command {
            Command::Option(DO, COM_PORT_OPTION) => self.accepted = true,
            Command::Option(DONT, COM_PORT_OPTION) => self.refused = true,
            Command::Option(DO | WILL, BINARY | SUPPRESS_GO_AHEAD) => {}
            Command::Option(WILL, COM_PORT_OPTION) => {
                self.socket
                    .write_all(&[IAC, DO, COM_PORT_OPTION], deadline)?;
            }
            Command::Option(DO, option) => self.socket.write_all(&[IAC, WONT, option], deadline)?,
            Command::Option(WILL, option) => {
                self.socket.write_all(&[IAC, DONT, option], deadline)?
            }
            Command::Sub(COM_PORT_OPTION, bytes) => {
                if let Some((&answer, value)) = bytes.split_first() {
                    self.answers.push((answer, value.to_vec()));
                }
                // Line and modem state notifications come unasked and are not kept.
                self.answers
                    .retain(|(answer, _)| *answer < SERVER_OFFSET + 6);
            }
            _ => {}
        }
        Ok(())
    }
}

impl Transport for Rfc2217 {
    fn read(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize> {
        while self.pending.is_empty() {
            if !self.pump(deadline)? || Instant::now() >= deadline {
                break;
            }
        }
        Ok(hand_out(&mut self.pending, buffer))
    }

    fn write(&mut self, bytes: &[u8], deadline: Instant) -> Result<usize> {
        write_escaped(&mut self.socket, bytes, deadline)
    }

    fn writer(&mut self) -> Result<Box<dyn Write + Send>> {
        Ok(Box::new(EscapingWriter(self.socket.try_clone()?)))
    }

    fn link(&self) -> Link {
        Link::Uart
    }

    fn name(&self) -> &str {
        self.socket.name()
    }

    // esptool's server never answers these.
    fn set_lines(&mut self, dtr: Option<bool>, rts: Option<bool>) -> Result<()> {
        if let Some(on) = dtr {
            self.tell(
                SET_CONTROL,
                &[if on { CONTROL_DTR_ON } else { CONTROL_DTR_OFF }],
            )?;
        }
        if let Some(on) = rts {
            self.tell(
                SET_CONTROL,
                &[if on { CONTROL_RTS_ON } else { CONTROL_RTS_OFF }],
            )?;
        }
        Ok(())
    }

    fn set_baud(&mut self, baud: u32) -> Result<()> {
        self.command(SET_BAUDRATE, &baud.to_be_bytes())
    }
}
