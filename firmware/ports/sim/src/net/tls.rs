//! TLS 1.2 and 1.3 by rustls.

use std::io::{Cursor, Read, Write};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring::default_provider;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{
    ClientConfig, ClientConnection, Connection, DigitallySignedStruct, Error, RootCertStore,
    ServerConfig, ServerConnection, SignatureScheme,
};
use upy_hal::net::{Tls, TlsConfig, TlsError};

/// Connections a program can have.
const MOST: usize = 64;
/// Text that waits to be encrypted, at most.
const TEXT_LIMIT: usize = 64 * 1024;

/// The connections of a program.
#[derive(Default)]
pub(crate) struct TlsConnections {
    open: Vec<Option<Connection>>,
}

type Outcome<T> = Result<T, TlsError>;

/// The certificates in PEM or DER.
fn certificates(bytes: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    if bytes.starts_with(b"-----") || bytes.windows(11).any(|part| part == b"-----BEGIN ") {
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
        return found.ok().filter(|found| !found.is_empty());
    }
    Some(vec![CertificateDer::from(bytes.to_vec())])
}

fn private_key(bytes: &[u8]) -> Option<PrivateKeyDer<'static>> {
    match PrivateKeyDer::from_pem_slice(bytes) {
        Ok(key) => Some(key),
        Err(_) => PrivateKeyDer::try_from(bytes.to_vec()).ok(),
    }
}

fn authorities(bytes: &[u8]) -> Outcome<RootCertStore> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(bytes).ok_or(TlsError::BadAuthorities)? {
        let added = store.add(certificate);
        added.map_err(|_| TlsError::BadAuthorities)?;
    }
    Ok(store)
}

/// What went wrong, as Python can tell it.
fn reason(error: &Error) -> TlsError {
    match error {
        Error::InvalidCertificate(_) | Error::NoCertificatesPresented => TlsError::Untrusted,
        Error::AlertReceived(alert) => TlsError::Alert(u8::from(*alert)),
        _ => TlsError::Protocol,
    }
}

/// Believes whatever certificate comes, but not a signature that the certificate has not made.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn identity(config: &TlsConfig<'_>) -> Outcome<Option<Identity>> {
    let key = match config.key {
        Some(key) => Some(private_key(key).ok_or(TlsError::BadKey)?),
        None => None,
    };
    let Some(certificate) = config.certificate else {
        return Ok(None);
    };
    let chain = certificates(certificate).ok_or(TlsError::BadCertificate)?;
    // Before what rustls may have against the key: a certificate that is none is the worse mistake.
    for link in &chain {
        ParsedCertificate::try_from(link).map_err(|_| TlsError::BadCertificate)?;
    }
    Ok(Some((chain, key.ok_or(TlsError::BadKey)?)))
}

fn client(config: &TlsConfig<'_>) -> Outcome<Connection> {
    let provider = Arc::new(default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|_| TlsError::Protocol)?;
    let builder = if config.verify {
        let store = Arc::new(authorities(config.authorities.unwrap_or(&[]))?);
        let verifier = WebPkiServerVerifier::builder_with_provider(store, provider);
        let verifier = verifier.build().map_err(|_| TlsError::BadAuthorities)?;
        builder.with_webpki_verifier(verifier)
    } else {
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Unverified(provider)))
    };
    let client = match identity(config)? {
        Some((chain, key)) => builder
            .with_client_auth_cert(chain, key)
            .map_err(|_| TlsError::BadKey)?,
        None => builder.with_no_client_auth(),
    };
    // Without a name any will do: the certificate is not looked at then.
    let name = match config.server_name {
        Some(name) => std::str::from_utf8(name).map_err(|_| TlsError::BadName)?,
        None if config.verify => return Err(TlsError::BadName),
        None => "unnamed.invalid",
    };
    let name = ServerName::try_from(name.to_owned()).map_err(|_| TlsError::BadName)?;
    let connection = ClientConnection::new(Arc::new(client), name);
    connection
        .map(Connection::from)
        .map_err(|error| reason(&error))
}

fn server(config: &TlsConfig<'_>) -> Outcome<Connection> {
    let provider = Arc::new(default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|_| TlsError::Protocol)?;
    let builder = if config.verify {
        let store = Arc::new(authorities(config.authorities.unwrap_or(&[]))?);
        let verifier = WebPkiClientVerifier::builder_with_provider(store, provider);
        let verifier = verifier.build().map_err(|_| TlsError::BadAuthorities)?;
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    let (chain, key) = identity(config)?.ok_or(TlsError::BadCertificate)?;
    let server = builder
        .with_single_cert(chain, key)
        .map_err(|_| TlsError::BadKey)?;
    let connection = ServerConnection::new(Arc::new(server));
    connection
        .map(Connection::from)
        .map_err(|error| reason(&error))
}

impl TlsConnections {
    fn get(&mut self, connection: u32) -> Option<&mut Connection> {
        self.open.get_mut(connection as usize)?.as_mut()
    }

    fn look(&self, connection: u32) -> Option<&Connection> {
        self.open.get(connection as usize)?.as_ref()
    }
}

impl Tls for TlsConnections {
    fn open(&mut self, config: &TlsConfig<'_>) -> Outcome<u32> {
        let mut connection = if config.server {
            server(config)?
        } else {
            client(config)?
        };
        connection.set_buffer_limit(Some(TEXT_LIMIT));
        let free = self.open.iter().position(Option::is_none);
        let place = free.unwrap_or(self.open.len());
        if place >= MOST {
            return Err(TlsError::NoMemory);
        }
        if place == self.open.len() {
            self.open.push(None);
        }
        self.open[place] = Some(connection);
        Ok(place as u32)
    }

    fn close(&mut self, connection: u32) {
        if let Some(slot) = self.open.get_mut(connection as usize) {
            *slot = None;
        }
    }

    fn feed(&mut self, connection: u32, bytes: &[u8]) -> Outcome<usize> {
        let connection = self.get(connection).ok_or(TlsError::Protocol)?;
        let mut source = Cursor::new(bytes);
        // Nothing is taken while text that came earlier has not been read: not an error.
        let taken = connection.read_tls(&mut source).unwrap_or(0);
        match connection.process_new_packets() {
            Ok(_) => Ok(taken),
            Err(error) => Err(reason(&error)),
        }
    }

    fn drain(&mut self, connection: u32, buffer: &mut [u8]) -> usize {
        let Some(connection) = self.get(connection) else {
            return 0;
        };
        let mut room = Cursor::new(buffer);
        // What does not fit comes the next time.
        while connection.wants_write() && matches!(connection.write_tls(&mut room), Ok(1..)) {}
        room.position() as usize
    }

    fn write(&mut self, connection: u32, text: &[u8]) -> Outcome<usize> {
        let connection = self.get(connection).ok_or(TlsError::Protocol)?;
        connection
            .writer()
            .write(text)
            .map_err(|_| TlsError::Protocol)
    }

    fn read(&mut self, connection: u32, buffer: &mut [u8]) -> Option<usize> {
        let connection = self.get(connection)?;
        match connection.reader().read(buffer) {
            Ok(len) => Some(len),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => None,
            // The other side has gone without saying so.
            Err(_) => Some(0),
        }
    }

    fn is_handshaking(&self, connection: u32) -> bool {
        self.look(connection)
            .is_some_and(|open| open.is_handshaking())
    }

    fn is_readable(&self, connection: u32) -> bool {
        self.look(connection).is_some_and(|open| !open.wants_read())
    }

    fn end(&mut self, connection: u32) {
        if let Some(connection) = self.get(connection) {
            connection.send_close_notify();
        }
    }

    fn peer_certificate(&self, connection: u32, buffer: &mut [u8]) -> Option<usize> {
        let certificate = self.look(connection)?.peer_certificates()?.first()?;
        let room = buffer.get_mut(..certificate.len())?;
        room.copy_from_slice(certificate);
        Some(certificate.len())
    }

    fn cipher(&self, connection: u32) -> Option<(&'static str, &'static str)> {
        let connection = self.look(connection)?;
        let suite = connection.negotiated_cipher_suite()?.suite().as_str()?;
        let version = connection.protocol_version()?.as_str()?;
        Some((suite, version))
    }
}
