//! The task of a connection: agrees on keys, then carries text both ways until one side has enough.

use core::convert::Infallible;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;

use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use embedded_tls::{TlsConfig, TlsConnection, TlsContext, TlsError as Error};
use rand_core::{CryptoRng, RngCore};
use rustls_pki_types::ServerName;
use upy_hal::net::TlsError;

use super::channel::{Channel, NAME_BYTES};
use super::guard::{self, Suite};
use super::verify::Provider;

/// The largest record: 16 KiB of text, and what encryption may add.
const RECEIVED_BYTES: usize = 16_384 + 256;
/// What is sent in one record: our certificate is the largest.
const SENT_BYTES: usize = 2048;
/// Text that is moved in one go.
const PART_BYTES: usize = 256;

/// The records of a connection.
pub struct Buffers {
    received: [u8; RECEIVED_BYTES],
    sent: [u8; SENT_BYTES],
}

impl Buffers {
    /// Empty ones.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            received: [0; RECEIVED_BYTES],
            sent: [0; SENT_BYTES],
        }
    }
}

impl Default for Buffers {
    fn default() -> Self {
        Self::new()
    }
}

/// A source of randomness of the chip; keys are as good as it is.
#[derive(Clone, Copy)]
pub struct Random(pub fn(&mut [u8]));

impl RngCore for Random {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        (self.0)(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        (self.0)(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        (self.0)(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        (self.0)(bytes);
        Ok(())
    }
}

impl CryptoRng for Random {}

/// Serves a channel, one connection after the other.
pub async fn serve(channel: &Channel, buffers: &mut Buffers, random: Random) -> Infallible {
    loop {
        poll_fn(|_| ready(channel.begins())).await;
        let outcome = talk(channel, buffers, random).await;
        let failure = outcome.err().filter(|_| !channel.is_given_up());
        channel.is_over(failure.map(|error| reason(&error)));
    }
}

fn ready(is_so: bool) -> Poll<()> {
    if is_so {
        Poll::Ready(())
    } else {
        Poll::Pending
    }
}

/// What went wrong, as Python can tell it.
fn reason(error: &Error) -> TlsError {
    if let Some(alert) = guard::alert() {
        return TlsError::Alert(alert);
    }
    match error {
        Error::HandshakeAborted(_, alert) => TlsError::Alert(*alert as u8),
        Error::AbortHandshake(..) | Error::InvalidCertificate | Error::InvalidSignature => {
            TlsError::Untrusted
        }
        _ => TlsError::Protocol,
    }
}

async fn talk(channel: &Channel, buffers: &mut Buffers, random: Random) -> Result<(), Error> {
    let mut name = [0; NAME_BYTES];
    let len = channel.name(&mut name);
    let name = core::str::from_utf8(&name[..len]).unwrap_or_default();
    // All kinds that `verify` knows; without a look at the certificate any is as good.
    let mut config = TlsConfig::new().enable_rsa_signatures();
    if matches!(ServerName::try_from(name), Ok(ServerName::DnsName(_))) {
        config = config.with_server_name(name);
    }
    let wire = Wire(channel);
    let mut connection =
        TlsConnection::<_, Suite>::new(wire, &mut buffers.received, &mut buffers.sent);
    let mut provider = Provider::new(channel, random);
    connection
        .open(TlsContext::new(&config, &mut provider))
        .await?;
    provider.finish()?;
    guard::opened();
    channel.opened();
    let is_ours = exchange(channel, &mut connection).await?;
    if is_ours {
        // Who has said goodbye to us can't be answered any more.
        connection.close().await.map_err(|(_, error)| error)?;
    }
    Ok(())
}

/// Carries text; returns whether it was the program that had enough.
async fn exchange(
    channel: &Channel,
    connection: &mut TlsConnection<'_, Wire<'_>, Suite>,
) -> Result<bool, Error> {
    let (reader, writer) = connection.split();
    let mut reading = pin!(read_all(channel, reader));
    let mut writing = pin!(write_all(channel, writer));
    poll_fn(|context| {
        if let Poll::Ready(outcome) = writing.as_mut().poll(context) {
            return Poll::Ready(outcome.map(|()| true));
        }
        let outcome = reading.as_mut().poll(context);
        outcome.map(|outcome| outcome.map(|()| false))
    })
    .await
}

async fn read_all(channel: &Channel, mut reader: impl Read<Error = Error>) -> Result<(), Error> {
    let mut text = [0; PART_BYTES];
    loop {
        poll_fn(|_| ready(channel.text_room() > 0 || channel.is_given_up())).await;
        let room = channel.text_room().min(text.len());
        if room == 0 {
            return Err(Error::ConnectionClosed);
        }
        match reader.read(&mut text[..room]).await {
            Ok(len) => channel.text_in(&text[..len]),
            // Many close without saying so: that is an end too, as it is on every MicroPython.
            Err(Error::ConnectionClosed | Error::IoError) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

async fn write_all(channel: &Channel, mut writer: impl Write<Error = Error>) -> Result<(), Error> {
    let mut text = [0; PART_BYTES];
    loop {
        let len = poll_fn(|_| match channel.text_out(&mut text) {
            None if channel.is_given_up() => Poll::Ready(0),
            None => Poll::Pending,
            Some(len) => Poll::Ready(len),
        })
        .await;
        if len == 0 {
            return Ok(());
        }
        writer.write_all(&text[..len]).await?;
        writer.flush().await?;
    }
}

/// The wire as the task sees it.
#[derive(Clone, Copy)]
struct Wire<'c>(&'c Channel);

impl ErrorType for Wire<'_> {
    type Error = ErrorKind;
}

impl Read for Wire<'_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        poll_fn(|_| {
            if self.0.is_given_up() {
                return Poll::Ready(Err(ErrorKind::ConnectionAborted));
            }
            match self.0.wire_in(buffer) {
                Some(len) => Poll::Ready(Ok(len)),
                None => Poll::Pending,
            }
        })
        .await
    }
}

impl Write for Wire<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        if bytes.is_empty() {
            return Ok(0);
        }
        poll_fn(|_| match self.0.wire_out(bytes) {
            Some(len) => Poll::Ready(Ok(len)),
            None if self.0.is_given_up() => Poll::Ready(Err(ErrorKind::ConnectionAborted)),
            None => Poll::Pending,
        })
        .await
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}
