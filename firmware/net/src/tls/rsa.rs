//! Whether an RSA key has made a signature: keys of 2048, 3072 and 4096 bits, with both paddings.
//!
//! Source: RFC 8017, 8.1.2, 8.2.2, 9.1.2 (PSS) and 9.2 (PKCS #1 1.5); A.1.1 (the form of a key). Everything here is
//! known to everybody, so nothing has to take the same time whatever it is. The `rsa` crate needs an allocator.

use p256::elliptic_curve::bigint::modular::runtime_mod::{DynResidue, DynResidueParams};
use p256::elliptic_curve::bigint::{Encoding, U64, U2048, U3072, U4096, Uint};

use super::der::element;
use super::verify::Hash;

/// How a hash is made as long as the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Padding {
    Pkcs1,
    Pss,
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 2;
/// The longest key, in bytes.
const MOST_BYTES: usize = 512;
/// What stands before a hash: its algorithm, in DER; the last two bytes say that so many bytes follow.
const DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20,
];

/// Whether `signature` of a hash was made by a key; `None` if either can't be.
pub(super) fn is_signed(
    key: &[u8],
    padding: Padding,
    kind: Hash,
    hash: &[u8],
    signature: &[u8],
) -> Option<bool> {
    let (SEQUENCE, key, []) = element(key)? else {
        return None;
    };
    let (INTEGER, modulus, rest) = element(key)? else {
        return None;
    };
    let (INTEGER, exponent, []) = element(rest)? else {
        return None;
    };
    // A positive number begins with a zero where its first bit is set, as that of a modulus is.
    let (&0, modulus) = modulus.split_first()? else {
        return None;
    };
    let (top_is_set, is_odd) = (modulus.first()? & 0x80 != 0, modulus.last()? & 1 != 0);
    if !top_is_set || !is_odd || signature.len() != modulus.len() {
        return None;
    }
    let exponent = exponent.iter().try_fold(0u64, |value, &digit| {
        (value >> 56 == 0).then_some(value << 8 | u64::from(digit))
    })?;
    if exponent < 3 || exponent & 1 == 0 {
        return None;
    }
    let mut room = [0; MOST_BYTES];
    let padded = room.get_mut(..modulus.len())?;
    match modulus.len() {
        256 => {
            raise::<{ U2048::LIMBS }, _>(modulus, exponent, signature, padded, U2048::to_be_bytes)?
        }
        384 => {
            raise::<{ U3072::LIMBS }, _>(modulus, exponent, signature, padded, U3072::to_be_bytes)?
        }
        512 => {
            raise::<{ U4096::LIMBS }, _>(modulus, exponent, signature, padded, U4096::to_be_bytes)?
        }
        _ => return None,
    }
    Some(match padding {
        Padding::Pkcs1 => is_pkcs1(padded, kind, hash),
        Padding::Pss => is_pss(padded, kind, hash),
    })
}

/// `base` to a power, by a modulus.
fn raise<const LIMBS: usize, B: AsRef<[u8]>>(
    modulus: &[u8],
    exponent: u64,
    base: &[u8],
    result: &mut [u8],
    bytes_of: impl Fn(&Uint<LIMBS>) -> B,
) -> Option<()> {
    let modulus = Uint::<LIMBS>::from_be_slice(modulus);
    let base = Uint::<LIMBS>::from_be_slice(base);
    if base >= modulus {
        return None;
    }
    let residue = DynResidue::new(&base, DynResidueParams::new(&modulus));
    let bits = 64 - exponent.leading_zeros() as usize;
    let power = residue.pow_bounded_exp(&U64::from(exponent), bits);
    result.copy_from_slice(bytes_of(&power.retrieve()).as_ref());
    Some(())
}

/// `00 01 ff ... 00`, the algorithm of the hash, the hash.
fn is_pkcs1(padded: &[u8], kind: Hash, hash: &[u8]) -> bool {
    let mut info = DIGEST_INFO;
    let number = match kind {
        Hash::Sha256 => 1,
        Hash::Sha384 => 2,
        Hash::Sha512 => 3,
    };
    let len = hash.len() as u8;
    (info[1], info[14], info[18]) = (17 + len, number, len);
    let Some((before, found)) = padded.split_at_checked(padded.len() - info.len() - hash.len())
    else {
        return false;
    };
    let (&[0, 1, ref filling @ .., 0], true) = (before, found[..info.len()] == info) else {
        return false;
    };
    filling.len() >= 8 && filling.iter().all(|&byte| byte == 0xff) && found[info.len()..] == *hash
}

/// A salt behind zeros and a one, hidden under a mask made of the hash of everything, that hash, and `bc`.
fn is_pss(padded: &mut [u8], kind: Hash, hash: &[u8]) -> bool {
    let len = hash.len();
    let Some((&mut 0xbc, rest)) = padded.split_last_mut() else {
        return false;
    };
    let Some((masked, outer)) = rest.split_at_mut_checked(rest.len() - len) else {
        return false;
    };
    if masked[0] & 0x80 != 0 {
        return false;
    }
    for (counter, part) in masked.chunks_mut(len).enumerate() {
        let (mask, _) = kind.of(&[outer, &(counter as u32).to_be_bytes()]);
        for (byte, mask) in part.iter_mut().zip(mask) {
            *byte ^= mask;
        }
    }
    // The first bit is not covered by the modulus.
    masked[0] &= 0x7f;
    // TLS and certificates have salts as long as the hash.
    let Some((zeros, salt)) = masked.split_at_checked(masked.len() - len) else {
        return false;
    };
    let Some((&1, zeros)) = zeros.split_last() else {
        return false;
    };
    let (expected, _) = kind.of(&[&[0; 8], hash, salt]);
    zeros.iter().all(|&byte| byte == 0) && expected[..len] == *outer
}
