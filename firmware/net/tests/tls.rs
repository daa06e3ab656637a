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

/// Whether a client that verifies lets a server in.
fn outcome(
    client: &mut Client<'_>,
    config: &TlsConfig<'_>,
    server: &mut ServerConnection,
) -> Result<(), TlsError> {
    let handle = client.open(config)?;
    let shaken = pump(client, handle, server, 512);
    let is_done = !client.is_handshaking(handle);
    client.close(handle);
    shaken.map(|()| assert!(is_done, "it neither failed nor ended"))
}

#[test]
fn certificates_that_are_not_valid_are_refused() {
    let (issuer, stranger) = (authority(), authority());
    let kind = &PKCS_ECDSA_P256_SHA256;
    let good = identity(&issuer, kind, |_| {});
    let expired = identity(&issuer, kind, |params| {
        params.not_after = date_time_ymd(2026, 5, 31)
    });
    let early = identity(&issuer, kind, |params| {
        params.not_before = date_time_ymd(2026, 6, 2)
    });
    let is_authority = identity(&issuer, kind, |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)
    });
    let refused = Err(TlsError::Untrusted);
    with_client(|client| {
        let trusted = issuer.der().to_vec();
        let named = config(Some(&trusted), Some(b"board.test"));
        assert_eq!(outcome(client, &named, &mut server(&good, None)), Ok(()));
        let by_number = config(Some(&trusted), Some(b"10.0.2.2"));
        assert_eq!(
            outcome(client, &by_number, &mut server(&good, None)),
            Ok(())
        );
        for identity in [
            &expired,
            &early,
            &is_authority,
            &identity(&stranger, kind, |_| {}),
        ] {
            assert_eq!(
                outcome(client, &named, &mut server(identity, None)),
                refused
            );
        }
        for wrong in [
            &b"other.test"[..],
            b"10.0.2.3",
            b"board.test.other.test",
            b"oard.test",
        ] {
            let other = config(Some(&trusted), Some(wrong));
            assert_eq!(outcome(client, &other, &mut server(&good, None)), refused);
        }
        let nobody = config(None, Some(b"board.test"));
        assert_eq!(outcome(client, &nobody, &mut server(&good, None)), refused);
    });
}

#[test]
fn configurations_that_can_not_be_are_refused_at_once() {
    let issuer = authority();
    let one = identity(&issuer, &PKCS_ECDSA_P256_SHA256, |_| {});
    let other = identity(&issuer, &PKCS_ECDSA_P384_SHA384, |_| {});
    let trusted = issuer.der().to_vec();
    let (mine, theirs) = (&one.chain[0][..], &other.chain[0][..]);
    type Change<'c> = &'c dyn Fn(&mut TlsConfig<'c>);
    let changes: [(Change<'_>, TlsError); 10] = [
        (&|config| config.server = true, TlsError::NoServer),
        (&|config| config.server_name = None, TlsError::BadName),
        (
            &|config| config.server_name = Some(b"a b"),
            TlsError::BadName,
        ),
        (
            &|config| config.server_name = Some(&[b'a'; 300]),
            TlsError::BadName,
        ),
        (
            &|config| config.authorities = Some(b"none"),
            TlsError::BadAuthorities,
        ),
        (
            &|config| config.authorities = Some(&[48; 9000]),
            TlsError::BadAuthorities,
        ),
        (&|config| config.key = Some(b"none"), TlsError::BadKey),
        (&|config| config.certificate = Some(mine), TlsError::BadKey),
        (
            &|config| (config.certificate, config.key) = (Some(&b"none"[..]), Some(&one.key[..])),
            TlsError::BadCertificate,
        ),
        (
            &|config| (config.certificate, config.key) = (Some(theirs), Some(&one.key[..])),
            TlsError::BadKey,
        ),
    ];
    with_client(|client| {
        for (change, error) in changes {
            let mut changed = config(Some(&trusted), Some(b"board.test"));
            change(&mut changed);
            assert_eq!(client.open(&changed), Err(error));
        }
    });
}

#[test]
fn a_client_shows_its_certificate() {
    let (issuer, stranger) = (authority(), authority());
    let kind = &PKCS_ECDSA_P256_SHA256;
    let (host, own) = (
        identity(&issuer, kind, |_| {}),
        identity(&issuer, kind, |_| {}),
    );
    with_client(|client| {
        let trusted = issuer.der().to_vec();
        let bare = config(Some(&trusted), Some(b"board.test"));
        let with = TlsConfig {
            certificate: Some(&own.chain[0]),
            key: Some(&own.key),
            ..bare
        };
        let mut server_of = server(&host, Some(&issuer));
        assert_eq!(outcome(client, &with, &mut server_of), Ok(()));
        assert_eq!(server_of.peer_certificates(), Some(&own.chain[..]));
        for (config, clients) in [(bare, &issuer), (with, &stranger)] {
            let mut server_of = server(&host, Some(clients));
            let answer = outcome(client, &config, &mut server_of);
            assert!(matches!(answer, Err(TlsError::Alert(_))), "{answer:?}");
        }
    });
}

/// A bit turned anywhere in what the server says: it fails, or the bit was one that nobody looks at; text is never another.
#[test]
fn nothing_that_comes_stops_the_program_or_is_believed() {
    let issuer = authority();
    let trusted = issuer.der().to_vec();
    let config = config(Some(&trusted), Some(b"board.test"));
    let host = identity(&issuer, &PKCS_ECDSA_P256_SHA256, |_| {});
    with_client(|client| {
        let mut at = 0;
        loop {
            let mut server = server(&host, None);
            let handle = client.open(&config).expect("there is room");
            let (mut seen, mut chunk, mut failed) = (0, [0; 512], false);
            let mut said = false;
            for _ in 0..20 {
                let len = client.drain(handle, &mut chunk);
                let _ = server.read_tls(&mut Cursor::new(&chunk[..len]));
                let _ = server.process_new_packets();
                if !server.is_handshaking() && !said {
                    server.writer().write_all(b"the truth").expect("no limit");
                    said = true;
                }
                let mut out = Vec::new();
                while server.wants_write() {
                    server.write_tls(&mut out).expect("a vector");
                }
                if (seen..seen + out.len()).contains(&at) {
                    out[at - seen] ^= 1 << (at % 8);
                }
                seen += out.len();
                for part in out.chunks(512) {
                    failed |= client.feed(handle, part).is_err();
                }
                if failed {
                    break;
                }
            }
            let mut text = [0; 64];
            let got = client.read(handle, &mut text).unwrap_or(0);
            assert!(got == 0 || &text[..got] == b"the truth", "byte {at}");
            client.close(handle);
            if at >= seen && !failed {
                break;
            }
            at += 3;
        }
        assert!(at > 700, "the handshake has more bytes than {at}");
        // And bytes that are nothing at all.
        let mut state = 1_u64;
        for round in 0..200 {
            let handle = client.open(&config).expect("there is room");
            for _ in 0..4 {
                let mut bytes = [0; 300];
                for byte in &mut bytes {
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(round);
                    *byte = (state >> 56) as u8;
                }
                bytes[..3].copy_from_slice(&[20 + (round % 4) as u8, 3, 3]);
                if client.feed(handle, &bytes).is_err() {
                    break;
                }
            }
            client.close(handle);
        }
    });
}
