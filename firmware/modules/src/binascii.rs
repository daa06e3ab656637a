//! `binascii`: hexadecimal digits, base64 and CRC-32.

use upy_runtime::{Args, Entry, KEYWORDS, Result, Value, Vm, function, text};

use crate::names as q;

pub(crate) const ENTRIES: &[Entry] = &[
    text(q::__name__, q::binascii),
    function(q::hexlify, hexlify, 1, 2),
    function(q::unhexlify, unhexlify, 1, 1),
    function(q::a2b_base64, a2b_base64, 1, 1),
    function(q::b2a_base64, b2a_base64, 1, KEYWORDS | 1),
    function(q::crc32, crc32, 1, 2),
];

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// `hexlify(data, sep='')`
fn hexlify(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let data = vm.native_of(args.at(vm, 0));
    let len = vm.data(data)?.len();
    let separator = match args.get(vm, 1) {
        Some(given) => vm.data(given)?.first().copied(),
        None => None,
    };
    let most = len * 2 + separator.map_or(0, |_| len.saturating_sub(1));
    let made = vm.fill_new::<()>(most, false, |vm, room| {
        let mut at = 0;
        for (index, &byte) in vm.bytes_of(data).iter().enumerate() {
            if let (Some(separator), true) = (separator, index > 0) {
                room[at] = separator;
                at += 1;
            }
            for digit in [byte >> 4, byte & 15] {
                room[at] = b"0123456789abcdef"[usize::from(digit)];
                at += 1;
            }
        }
        Ok(at)
    })?;
    Ok(made.unwrap_or(Value::NONE))
}

/// `unhexlify(data)`
fn unhexlify(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let data = vm.native_of(args.at(vm, 0));
    let len = vm.data(data)?.len();
    if len % 2 == 1 {
        return Err(vm.value_error(b"odd-length string"));
    }
    let made = vm.fill_new(len / 2, false, |vm, room| {
        for (slot, pair) in room.iter_mut().zip(vm.bytes_of(data).chunks_exact(2)) {
            let digit = |byte: u8| char::from(byte).to_digit(16).ok_or(());
            *slot = (digit(pair[0])? << 4 | digit(pair[1])?) as u8;
        }
        Ok(len / 2)
    })?;
    made.map_err(|()| vm.value_error(b"non-hex digit found"))
}

/// `a2b_base64(data)`: characters outside the alphabet are passed over.
fn a2b_base64(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let data = vm.native_of(args.at(vm, 0));
    let len = vm.data(data)?.len();
    let made = vm.fill_new(len / 4 * 3 + 3, false, |vm, room| {
        let (mut bits, mut count, mut padding, mut at) = (0u32, 0, 0, 0);
        for &byte in vm.bytes_of(data) {
            let value = ALPHABET.iter().position(|&letter| letter == byte);
            match value {
                // What follows after the padding of a whole group begins a new one.
                Some(value) => {
                    if padding > 0 && count % 4 == 0 {
                        padding = 0;
                    }
                    bits = bits << 6 | value as u32;
                    count += 1;
                    if count % 4 != 1 {
                        let left = 6 - 2 * ((count % 4 + 3) % 4);
                        room[at] = (bits >> left) as u8;
                        at += 1;
                    }
                }
                None if byte == b'=' => {
                    padding += 1;
                    if count % 4 == 2 && padding == 2 || count % 4 == 3 && padding == 1 {
                        count = 0;
                        bits = 0;
                    } else if count % 4 == 1 {
                        return Err(());
                    }
                }
                None => {}
            }
        }
        if count % 4 == 0 { Ok(at) } else { Err(()) }
    })?;
    made.map_err(|()| vm.value_error(b"incorrect padding"))
}

/// `b2a_base64(data, *, newline=True)`
fn b2a_base64(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    vm.check_keywords(args, &[q::newline])?;
    let newline = match args.named(vm, q::newline) {
        Some(newline) => vm.truth(newline)?,
        None => true,
    };
    let data = vm.native_of(args.at(vm, 0));
    let len = vm.data(data)?.len();
    let most = len.div_ceil(3) * 4 + usize::from(newline);
    let made = vm.fill_new::<()>(most, false, |vm, room| {
        let mut at = 0;
        for group in vm.bytes_of(data).chunks(3) {
            let mut bits = 0;
            for index in 0..3 {
                bits = bits << 8 | u32::from(group.get(index).copied().unwrap_or(0));
            }
            for index in 0..4 {
                room[at] = if index <= group.len() {
                    ALPHABET[(bits >> (18 - 6 * index) & 63) as usize]
                } else {
                    b'='
                };
                at += 1;
            }
        }
        if newline {
            room[at] = b'\n';
            at += 1;
        }
        Ok(at)
    })?;
    Ok(made.unwrap_or(Value::NONE))
}

/// `crc32(data, value=0)`
fn crc32(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let data = vm.native_of(args.at(vm, 0));
    let before = match args.get(vm, 1) {
        Some(before) => vm.to_bits(before)? as u32,
        None => 0,
    };
    let crc = crc32_of(before, vm.data(data)?);
    vm.new_unsigned(u64::from(crc))
}

/// Continues a CRC-32 (polynomial 0xedb88320, reflected) over more bytes.
pub(crate) fn crc32_of(before: u32, bytes: &[u8]) -> u32 {
    let mut crc = !before;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
        }
    }
    !crc
}
