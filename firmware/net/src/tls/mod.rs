//! A client of TLS 1.3: `embedded-tls` for the protocol, `rustls-webpki` for certificates.
//!
//! `embedded-tls` is asynchronous and holds on to itself while it waits, so each connection is a task ([`serve`]) that a
//! port pins on its stack once and for all, and a [`Channel`] to it: bytes of the wire and text, both ways. Whoever
//! touches the channel polls the task, so nothing ever wakes anybody.
//!
//! What it has: `TLS_AES_128_GCM_SHA256` with P-256; certificates with P-256, P-384 and RSA keys of 2048, 3072 and 4096
//! bits; certificates of the client with P-256 keys. What it has not: the server's side, changes of keys by the other
//! side (the connection fails), records of more than 16 KiB (there are none), messages that span records.

mod channel;
mod der;
mod guard;
mod rsa;
mod task;
mod verify;

use core::convert::Infallible;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Waker};

use upy_hal::net::{Tls, TlsConfig, TlsError};

pub use channel::Channel;
use channel::Phase;
pub use task::{Buffers, Random, serve};

type Outcome<T> = core::result::Result<T, TlsError>;

/// A connection: its channel and the task at the other end of it.
pub struct Connection<'a> {
    channel: &'a Channel,
    task: Pin<&'a mut (dyn Future<Output = Infallible> + 'a)>,
}

impl<'a> Connection<'a> {
    /// A connection that is not used yet; `task` is [`serve`] with the same channel.
    pub fn new(
        channel: &'a Channel,
        task: Pin<&'a mut (dyn Future<Output = Infallible> + 'a)>,
    ) -> Self {
        Self { channel, task }
    }

    /// Lets the task go on until it waits.
    fn run(&mut self) {
        guard::enter(self.channel.phase() == Phase::Open);
        let mut context = Context::from_waker(Waker::noop());
        match self.task.as_mut().poll(&mut context) {
            core::task::Poll::Pending => {}
            core::task::Poll::Ready(never) => match never {},
        }
    }
}

/// The connections of a board.
pub struct Client<'a> {
    connections: &'a mut [Connection<'a>],
    now_s: u64,
}

impl<'a> Client<'a> {
    /// As many connections at a time as there are here.
    pub fn new(connections: &'a mut [Connection<'a>]) -> Self {
        Self {
            connections,
            now_s: 0,
        }
    }

    /// Says what time it is, in nanoseconds since 1970: certificates are valid for some time only.
    pub fn set_time(&mut self, now_ns: u64) {
        self.now_s = now_ns / 1_000_000_000;
    }

    /// Forgets all connections, as at a soft reset.
    pub fn restart(&mut self) {
        for connection in 0..self.connections.len() as u32 {
            self.close(connection);
        }
    }

    fn get(&mut self, connection: u32) -> Option<&mut Connection<'a>> {
        self.connections.get_mut(connection as usize)
    }

    fn channel(&self, connection: u32) -> Option<&'a Channel> {
        Some(self.connections.get(connection as usize)?.channel)
    }
}

impl Tls for Client<'_> {
    fn open(&mut self, config: &TlsConfig<'_>) -> Outcome<u32> {
        if config.server {
            return Err(TlsError::NoServer);
        }
        let mut numbered = self.connections.iter_mut().enumerate();
        let (number, connection) = numbered
            .find(|(_, connection)| connection.channel.phase() == Phase::Free)
            .ok_or(TlsError::NoMemory)?;
        connection.channel.start(config, self.now_s)?;
        connection.run();
        Ok(number as u32)
    }

    fn close(&mut self, connection: u32) {
        if let Some(connection) = self.get(connection) {
            connection.channel.give_up();
            // It waits for the next one now, whatever it was in.
            connection.run();
            connection.channel.free();
        }
    }

    fn feed(&mut self, connection: u32, bytes: &[u8]) -> Outcome<usize> {
        let connection = self.get(connection).ok_or(TlsError::Protocol)?;
        if bytes.is_empty() {
            connection.channel.end_wire();
        }
        let mut taken = connection.channel.put_wire(bytes);
        connection.run();
        if taken == 0 && !bytes.is_empty() {
            taken = connection.channel.put_wire(bytes);
            connection.run();
        }
        connection.channel.failure()?;
        // A task that takes nothing although there is nothing to be read would be asked for ever.
        if taken == 0 && !bytes.is_empty() && !connection.channel.has_text() {
            return Err(TlsError::Protocol);
        }
        Ok(taken)
    }

    fn drain(&mut self, connection: u32, buffer: &mut [u8]) -> usize {
        let Some(connection) = self.get(connection) else {
            return 0;
        };
        let mut len = 0;
        loop {
            let more = connection.channel.take_wire(&mut buffer[len..]);
            len += more;
            if more == 0 || len == buffer.len() {
                return len;
            }
            // There is room for what waited for it.
            connection.run();
        }
    }

    fn write(&mut self, connection: u32, text: &[u8]) -> Outcome<usize> {
        let connection = self.get(connection).ok_or(TlsError::Protocol)?;
        connection.channel.failure()?;
        let taken = connection.channel.put_text(text)?;
        connection.run();
        connection.channel.failure()?;
        Ok(taken)
    }

    fn read(&mut self, connection: u32, buffer: &mut [u8]) -> Option<usize> {
        let connection = self.get(connection)?;
        let len = connection.channel.take_text(buffer);
        if len.is_some_and(|len| len > 0) {
            // There is room for more of the same record.
            connection.run();
        }
        len
    }

    fn is_handshaking(&self, connection: u32) -> bool {
        let phase = self.channel(connection).map(Channel::phase);
        phase == Some(Phase::Asked) || phase == Some(Phase::Shaking)
    }

    fn is_readable(&self, connection: u32) -> bool {
        self.channel(connection).is_some_and(Channel::has_text)
    }

    fn end(&mut self, connection: u32) {
        if let Some(connection) = self.get(connection) {
            connection.channel.end_text();
            connection.run();
        }
    }

    fn peer_certificate(&self, connection: u32, buffer: &mut [u8]) -> Option<usize> {
        self.channel(connection)?.leaf(buffer)
    }

    fn cipher(&self, connection: u32) -> Option<(&'static str, &'static str)> {
        let is_there = self.channel(connection)?.was_open();
        is_there.then_some(("TLS_AES_128_GCM_SHA256", "TLSv1.3"))
    }
}
