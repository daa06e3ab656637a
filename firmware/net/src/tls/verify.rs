//! Whether the other side is who it says: its chain of certificates, its name, its signature under the handshake.
//!
//! `embedded-tls` asks for each of these when its message comes and does not miss it when it never does, so what was
//! seen is noted here and looked at when the handshake is over.

use core::cell::Ref;
use core::time::Duration;

use embedded_tls::alert::{AlertDescription, AlertLevel};
use embedded_tls::{
    Certificate, CertificateEntryRef, CertificateRef, CertificateVerifyRef, CryptoProvider,
    SignatureScheme, TlsError as Error, TlsVerifier,
};
use p256::SecretKey;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::DecodePrivateKey;
use rustls_pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, ServerName,
    SignatureVerificationAlgorithm, TrustAnchor, UnixTime, alg_id,
};
use sha2::{Digest, Sha256, Sha384, Sha512};
use upy_hal::net::TlsError;
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use super::channel::{Channel, NAME_BYTES};
use super::der;
use super::guard::Suite;
use super::rsa;
use super::task::Random;

/// Authorities that are looked at, and certificates between one of them and that of the other side.
const MOST_AUTHORITIES: usize = 8;
const MOST_BETWEEN: usize = 6;
/// What is signed: 64 spaces, this, and the hash of the messages.
const PURPOSE: &[u8; 34] = b"TLS 1.3, server CertificateVerify\0";

/// Whether a certificate could be for this.
pub(super) fn is_name(name: &[u8]) -> bool {
    core::str::from_utf8(name).is_ok_and(|name| ServerName::try_from(name).is_ok())
}

/// Whether all of the bytes are certificates.
pub(super) fn check_authorities(authorities: &[u8]) -> Result<(), TlsError> {
    let mut len = 0;
    for (number, certificate) in der::elements(authorities).enumerate() {
        len += certificate.len();
        let certificate = CertificateDer::from(certificate);
        let is_one = anchor_from_trusted_cert(&certificate).is_ok();
        if !is_one || number >= MOST_AUTHORITIES {
            return Err(TlsError::BadAuthorities);
        }
    }
    if len == authorities.len() {
        Ok(())
    } else {
        Err(TlsError::BadAuthorities)
    }
}

fn signing_key(key: &[u8]) -> Option<SigningKey> {
    let key = SecretKey::from_sec1_der(key)
        .or_else(|_| SecretKey::from_pkcs8_der(key).map_err(|_| ()))
        .ok()?;
    Some(SigningKey::from(key))
}

/// Whether a certificate of ours and its key belong together; either may be missing.
pub(super) fn check_identity(certificate: &[u8], key: &[u8]) -> Result<(), TlsError> {
    let key = match key {
        [] => None,
        key => Some(signing_key(key).ok_or(TlsError::BadKey)?),
    };
    if certificate.is_empty() {
        return Ok(());
    }
    let first = der::elements(certificate).next().unwrap_or_default();
    let der = CertificateDer::from(first);
    EndEntityCert::try_from(&der).map_err(|_| TlsError::BadCertificate)?;
    let key = key.ok_or(TlsError::BadKey)?;
    let point = key.verifying_key().to_encoded_point(false);
    let is_inside = |whole: &[u8], part: &[u8]| whole.windows(part.len()).any(|at| at == part);
    if is_inside(first, point.as_bytes()) {
        Ok(())
    } else {
        Err(TlsError::BadKey)
    }
}

/// What a handshake needs of us.
pub(super) struct Provider<'c> {
    random: Random,
    verifier: Verifier<'c>,
}

impl<'c> Provider<'c> {
    pub(super) fn new(channel: &'c Channel, random: Random) -> Self {
        Self {
            random,
            verifier: Verifier {
                channel,
                messages: None,
                has_certificate: false,
                has_signature: false,
            },
        }
    }

    /// Looks at what the handshake has shown, which is over.
    pub(super) fn finish(&self) -> Result<(), Error> {
        let seen = self.verifier.has_certificate && self.verifier.has_signature;
        if seen || !self.verifier.channel.verifies() {
            Ok(())
        } else {
            Err(Error::InvalidCertificate)
        }
    }
}

/// Bytes of the channel.
struct Lent<'c>(Ref<'c, [u8]>);

impl AsRef<[u8]> for Lent<'_> {
    fn as_ref(&self) -> &[u8] {
        der::elements(&self.0).next().unwrap_or_default()
    }
}

impl CryptoProvider for Provider<'_> {
    type CipherSuite = Suite;
    type Signature = DerSignature;

    fn rng(&mut self) -> impl embedded_tls::CryptoRngCore {
        self.random
    }

    fn verifier(&mut self) -> Result<&mut impl TlsVerifier<Suite>, Error> {
        Ok(&mut self.verifier)
    }

    fn signer(
        &mut self,
    ) -> Result<
        (
            impl p256::ecdsa::signature::SignerMut<DerSignature>,
            SignatureScheme,
        ),
        Error,
    > {
        let key = signing_key(&self.verifier.channel.lend_key());
        let key = key.ok_or(Error::InvalidPrivateKey)?;
        Ok((key, SignatureScheme::EcdsaSecp256r1Sha256))
    }

    fn client_cert(&mut self) -> Option<Certificate<impl AsRef<[u8]>>> {
        let certificate = self.verifier.channel.lend_certificate();
        (!certificate.is_empty()).then_some(Certificate::X509(Lent(certificate)))
    }
}

struct Verifier<'c> {
    channel: &'c Channel,
    /// The hash of all messages up to the certificate.
    messages: Option<Sha256>,
    has_certificate: bool,
    has_signature: bool,
}

fn refused(alert: AlertDescription) -> Error {
    Error::AbortHandshake(AlertLevel::Fatal, alert)
}

impl TlsVerifier<Suite> for Verifier<'_> {
    /// The channel knows the name.
    fn set_hostname_verification(&mut self, _: &str) -> Result<(), Error> {
        Ok(())
    }

    fn verify_certificate(
        &mut self,
        messages: &Sha256,
        certificates: CertificateRef<'_>,
    ) -> Result<(), Error> {
        let mut given = certificates.entries.iter().map(|entry| match entry {
            CertificateEntryRef::X509(der) | CertificateEntryRef::RawPublicKey(der) => *der,
        });
        let leaf = given.next().unwrap_or_default();
        if self.channel.verifies() {
            if self.has_certificate {
                return Err(refused(AlertDescription::UnexpectedMessage));
            }
            let mut between = [const { CertificateDer::from_slice(&[]) }; MOST_BETWEEN];
            let mut count = 0;
            for (place, der) in between.iter_mut().zip(given) {
                *place = CertificateDer::from(der);
                count += 1;
            }
            self.check_chain(leaf, &between[..count]).map_err(refused)?;
        }
        if !self.channel.keep_leaf(leaf) && self.channel.verifies() {
            return Err(Error::InsufficientSpace);
        }
        self.messages = Some(messages.clone());
        self.has_certificate = true;
        Ok(())
    }

    fn verify_signature(&mut self, given: CertificateVerifyRef<'_>) -> Result<(), Error> {
        let messages = self.messages.take();
        let messages = messages.ok_or_else(|| refused(AlertDescription::UnexpectedMessage))?;
        let mut signed = [b' '; 64 + PURPOSE.len() + 32];
        signed[64..64 + PURPOSE.len()].copy_from_slice(PURPOSE);
        signed[64 + PURPOSE.len()..].copy_from_slice(&messages.finalize());
        let verifies = self.channel.verifies();
        let algorithm = match given.signature_scheme {
            SignatureScheme::EcdsaSecp256r1Sha256 => &P256_SHA256,
            SignatureScheme::EcdsaSecp384r1Sha384 => &P384_SHA384,
            SignatureScheme::RsaPssRsaeSha256 => &RSA_PSS_SHA256,
            SignatureScheme::RsaPssRsaeSha384 => &RSA_PSS_SHA384,
            SignatureScheme::RsaPssRsaeSha512 => &RSA_PSS_SHA512,
            _ if verifies => return Err(refused(AlertDescription::IllegalParameter)),
            // Nobody looks at the certificate.
            _ => return Ok(()),
        };
        let leaf = self.channel.lend_leaf();
        let leaf = CertificateDer::from(&leaf[..]);
        match EndEntityCert::try_from(&leaf) {
            Ok(leaf) => leaf
                .verify_signature(algorithm, &signed, given.signature)
                .map_err(|_| refused(AlertDescription::DecryptError))?,
            Err(_) if verifies => return Err(refused(AlertDescription::BadCertificate)),
            Err(_) => {}
        }
        self.has_signature = true;
        Ok(())
    }
}

impl Verifier<'_> {
    /// Looks for a way from an authority to the certificate of the other side, and for its name in that.
    fn check_chain(
        &self,
        leaf: &[u8],
        between: &[CertificateDer<'_>],
    ) -> Result<(), AlertDescription> {
        let authorities = self.channel.lend_authorities();
        let mut trusted = [const { CertificateDer::from_slice(&[]) }; MOST_AUTHORITIES];
        let mut count = 0;
        for (place, der) in trusted.iter_mut().zip(der::elements(&authorities)) {
            *place = CertificateDer::from(der);
            count += 1;
        }
        let leaf = CertificateDer::from(leaf);
        let leaf = EndEntityCert::try_from(&leaf).map_err(alert)?;
        let now = UnixTime::since_unix_epoch(Duration::from_secs(self.channel.now_s()));
        let mut outcome = Err(AlertDescription::UnknownCa);
        for authority in &trusted[..count] {
            let anchor: [TrustAnchor<'_>; 1] =
                [anchor_from_trusted_cert(authority).map_err(alert)?];
            let path = leaf.verify_for_usage(
                ALGORITHMS,
                &anchor,
                between,
                now,
                KeyUsage::server_auth(),
                None,
                None,
            );
            match path.map_err(alert) {
                Ok(_) => {
                    outcome = Ok(());
                    break;
                }
                // What another authority says is more than that this one does not know it.
                Err(AlertDescription::UnknownCa) => {}
                Err(error) => outcome = Err(error),
            }
        }
        outcome?;
        let mut name = [0; NAME_BYTES];
        let len = self.channel.name(&mut name);
        let name = core::str::from_utf8(&name[..len]).unwrap_or_default();
        let name = ServerName::try_from(name).map_err(|_| AlertDescription::BadCertificate)?;
        leaf.verify_is_valid_for_subject_name(&name).map_err(alert)
    }
}

fn alert(error: webpki::Error) -> AlertDescription {
    match error {
        webpki::Error::CertExpired { .. } | webpki::Error::CertNotValidYet { .. } => {
            AlertDescription::CertificateExpired
        }
        webpki::Error::UnknownIssuer => AlertDescription::UnknownCa,
        _ => AlertDescription::BadCertificate,
    }
}

/// Kinds of keys.
#[derive(Clone, Copy, Debug)]
enum Key {
    P256,
    P384,
    /// With the padding of PKCS #1 1.5, or of PSS.
    Rsa(rsa::Padding),
}

/// What a signature is made with.
#[derive(Debug)]
struct Algorithm {
    key: Key,
    hash: Hash,
    public_key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// The hash of some bytes and how long it is.
    pub(super) fn of(self, parts: &[&[u8]]) -> ([u8; 64], usize) {
        fn all<D: Digest>(parts: &[&[u8]]) -> ([u8; 64], usize) {
            let mut digest = D::new();
            for part in parts {
                digest.update(part);
            }
            let digest = digest.finalize();
            let mut bytes = [0; 64];
            bytes[..digest.len()].copy_from_slice(&digest);
            (bytes, digest.len())
        }
        match self {
            Self::Sha256 => all::<Sha256>(parts),
            Self::Sha384 => all::<Sha384>(parts),
            Self::Sha512 => all::<Sha512>(parts),
        }
    }
}

macro_rules! algorithms {
    ($($name:ident: $key:expr, $hash:ident, $public_key:ident, $signature:ident;)*) => {
        $( static $name: Algorithm = Algorithm {
            key: $key,
            hash: Hash::$hash,
            public_key: alg_id::$public_key,
            signature: alg_id::$signature,
        }; )*
        /// What certificates may be signed with.
        static ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = &[$( &$name, )*];
    };
}

algorithms! {
    P256_SHA256: Key::P256, Sha256, ECDSA_P256, ECDSA_SHA256;
    P256_SHA384: Key::P256, Sha384, ECDSA_P256, ECDSA_SHA384;
    P384_SHA256: Key::P384, Sha256, ECDSA_P384, ECDSA_SHA256;
    P384_SHA384: Key::P384, Sha384, ECDSA_P384, ECDSA_SHA384;
    RSA_SHA256: Key::Rsa(rsa::Padding::Pkcs1), Sha256, RSA_ENCRYPTION, RSA_PKCS1_SHA256;
    RSA_SHA384: Key::Rsa(rsa::Padding::Pkcs1), Sha384, RSA_ENCRYPTION, RSA_PKCS1_SHA384;
    RSA_SHA512: Key::Rsa(rsa::Padding::Pkcs1), Sha512, RSA_ENCRYPTION, RSA_PKCS1_SHA512;
    RSA_PSS_SHA256: Key::Rsa(rsa::Padding::Pss), Sha256, RSA_ENCRYPTION, RSA_PSS_SHA256;
    RSA_PSS_SHA384: Key::Rsa(rsa::Padding::Pss), Sha384, RSA_ENCRYPTION, RSA_PSS_SHA384;
    RSA_PSS_SHA512: Key::Rsa(rsa::Padding::Pss), Sha512, RSA_ENCRYPTION, RSA_PSS_SHA512;
}

impl SignatureVerificationAlgorithm for Algorithm {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let (hash, len) = self.hash.of(&[message]);
        let hash = &hash[..len];
        let is_right = match self.key {
            Key::P256 => is_signed_p256(public_key, hash, signature),
            Key::P384 => is_signed_p384(public_key, hash, signature),
            Key::Rsa(padding) => rsa::is_signed(public_key, padding, self.hash, hash, signature),
        };
        is_right
            .filter(|&right| right)
            .map(drop)
            .ok_or(InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.public_key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

fn is_signed_p256(public_key: &[u8], hash: &[u8], signature: &[u8]) -> Option<bool> {
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(public_key).ok()?;
    let signature = p256::ecdsa::Signature::from_der(signature).ok()?;
    Some(key.verify_prehash(hash, &signature).is_ok())
}

fn is_signed_p384(public_key: &[u8], hash: &[u8], signature: &[u8]) -> Option<bool> {
    let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(public_key).ok()?;
    let signature = p384::ecdsa::Signature::from_der(signature).ok()?;
    Some(key.verify_prehash(hash, &signature).is_ok())
}
