//! The client of TLS against rustls: what it accepts, what it refuses, and that nothing that comes stops it.
#![cfg(all(feature = "tls", target_os = "linux"))]

use std::io::{Cursor, Read, Write};
use std::pin::pin;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256,
    PKCS_ECDSA_P384_SHA384, SignatureAlgorithm, date_time_ymd,
};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection};
use upy_hal::net::{Tls, TlsConfig, TlsError};
use upy_net::tls::{Buffers, Channel, Client, Connection, Random, serve};

/// 2026-06-01, in nanoseconds since 1970.
const NOW_NS: u64 = 1_780_272_000_000_000_000;

type Issuer = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Issuer {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2027, 1, 1);
    let key = KeyPair::generate().expect("a key");
    CertifiedIssuer::self_signed(params, key).expect("signed")
}

/// A certificate and its key, DER.
struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: Vec<u8>,
}

fn identity(
    issuer: &Issuer,
    kind: &'static SignatureAlgorithm,
    change: impl Fn(&mut CertificateParams),
) -> Identity {
    let names = vec!["board.test".to_string(), "10.0.2.2".to_string()];
    let mut params = CertificateParams::new(names).expect("names");
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2027, 1, 1);
    change(&mut params);
    let key = KeyPair::generate_for(kind).expect("a key");
    let certificate = params.signed_by(&key, issuer).expect("signed");
    Identity {
        chain: vec![certificate.der().clone()],
        key: key.serialize_der(),
    }
}

fn server(identity: &Identity, clients: Option<&Issuer>) -> ServerConnection {
    let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions");
    let builder = match clients {
        Some(issuer) => {
            let mut roots = RootCertStore::empty();
            roots.add(issuer.der().clone()).expect("an authority");
            let verifier = WebPkiClientVerifier::builder_with_provider(
                Arc::new(roots),
                Arc::new(default_provider()),
            );
            builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
        }
        None => builder.with_no_client_auth(),
    };
    let key = PrivateKeyDer::try_from(identity.key.clone()).expect("a key");
    let config = builder
        .with_single_cert(identity.chain.clone(), key)
        .expect("an identity");
    ServerConnection::new(Arc::new(config)).expect("a server")
}

/// Not random, but never twice the same.
fn counted(buffer: &mut [u8]) {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(1);
    for byte in buffer {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        *byte = (count.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8;
    }
}

fn with_client<R>(work: impl FnOnce(&mut Client<'_>) -> R) -> R {
    let channel = Box::new(Channel::new());
    let mut buffers = Box::new(Buffers::new());
    let mut task = pin!(serve(&channel, &mut buffers, Random(counted)));
    let mut connections = [Connection::new(&channel, task.as_mut())];
    let mut client = Client::new(&mut connections);
    client.set_time(NOW_NS);
    work(&mut client)
}

/// Passes bytes both ways, in parts, until nothing moves.
fn pump(
    client: &mut Client<'_>,
    handle: u32,
    server: &mut ServerConnection,
    part: usize,
) -> Result<(), TlsError> {
    let mut chunk = vec![0; part];
    loop {
        let mut moved = false;
        loop {
            let len = client.drain(handle, &mut chunk);
            if len == 0 {
                break;
            }
            moved = true;
            let mut source = Cursor::new(&chunk[..len]);
            while source.position() < len as u64 {
                server.read_tls(&mut source).expect("room");
                // What it has against us it says in an alert.
                let _ = server.process_new_packets();
            }
        }
        let mut out = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut out).expect("a vector");
        }
        for part in out.chunks(part) {
            moved = true;
            let mut at = 0;
            while at < part.len() {
                let taken = client.feed(handle, &part[at..])?;
                if taken == 0 {
                    return Ok(());
                }
                at += taken;
            }
        }
        if !moved {
            return Ok(());
        }
    }
}

fn config<'c>(authorities: Option<&'c [u8]>, name: Option<&'c [u8]>) -> TlsConfig<'c> {
    TlsConfig {
        server: false,
        verify: true,
        server_name: name,
        certificate: None,
        key: None,
        authorities,
    }
}

#[test]
fn text_goes_both_ways() {
    let issuer = authority();
    let mut server = server(&identity(&issuer, &PKCS_ECDSA_P256_SHA256, |_| {}), None);
    with_client(|client| {
        let handle = client
            .open(&config(Some(issuer.der()), Some(b"board.test")))
            .expect("it is valid");
        pump(client, handle, &mut server, 100).expect("a handshake");
        assert!(!client.is_handshaking(handle));
        assert_eq!(client.write(handle, b"from the board"), Ok(14));
        pump(client, handle, &mut server, 100).expect("text");
        let mut text = [0; 14];
        server.reader().read_exact(&mut text).expect("text");
        assert_eq!(&text, b"from the board");
        server.writer().write_all(b"from the server").expect("text");
        pump(client, handle, &mut server, 100).expect("text");
        let mut text = [0; 100];
        assert_eq!(client.read(handle, &mut text), Some(15));
        assert_eq!(&text[..15], b"from the server");
    });
}

#[test]
fn a_connection_that_is_given_up_makes_room_for_another() {
    let issuer = authority();
    with_client(|client| {
        let first = client
            .open(&config(Some(issuer.der()), Some(b"board.test")))
            .expect("there is room");
        assert_eq!(
            client.open(&config(Some(issuer.der()), Some(b"board.test"))),
            Err(TlsError::NoMemory)
        );
        client.close(first);
        client
            .open(&config(Some(issuer.der()), Some(b"board.test")))
            .expect("there is room again");
    });
}

#[test]
fn much_text_arrives_whole() {
    let issuer = authority();
    let mut server = server(&identity(&issuer, &PKCS_ECDSA_P384_SHA384, |_| {}), None);
    server.set_buffer_limit(None);
    with_client(|client| {
        let handle = client
            .open(&config(Some(issuer.der()), Some(b"board.test")))
            .expect("it is valid");
        pump(client, handle, &mut server, 512).expect("a handshake");
        let sent: Vec<u8> = (0..1 << 18).map(|i: u32| (i * 7 % 251) as u8).collect();
        server.writer().write_all(&sent).expect("no limit");
        let mut wire = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut wire).expect("a vector");
        }
        let mut got: Vec<u8> = Vec::new();
        let mut text = [0; 1000];
        let mut parts = wire.chunks(512);
        while got.len() < sent.len() {
            match client.read(handle, &mut text) {
                Some(len) => got.extend(&text[..len]),
                None => {
                    let part = parts.next().expect("there is more");
                    assert_eq!(client.feed(handle, part), Ok(part.len()));
                }
            }
        }
        assert!(got == sent);
    });
}
