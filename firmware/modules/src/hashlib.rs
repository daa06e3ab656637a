//! `hashlib`: SHA-256, SHA-1 and MD5, by the RustCrypto crates.

use md5::Md5;
use sha1::Sha1;
use sha2::Sha256;
use sha2::digest::Digest;
use upy_runtime::{
    Args, Body, Entry, Result, Slots, TypeId, TypeInfo, Value, Vm, class, function, text,
};

use crate::names as q;
use crate::types;

pub(crate) const ENTRIES: &[Entry] = &[
    text(q::__name__, q::hashlib),
    class(q::sha256, types::SHA256),
    class(q::sha1, types::SHA1),
    class(q::md5, types::MD5),
];

const METHODS: &[Entry] = &[
    function(q::update, update, 2, 2),
    function(q::digest, digest, 1, 1),
];

const fn info(name: upy_runtime::Qstr) -> TypeInfo {
    TypeInfo {
        name,
        base: TypeId::Object,
        make: Some(make),
        entries: METHODS,
        slots: &Slots::NONE,
    }
}

pub(crate) static SHA256: TypeInfo = info(q::sha256);
pub(crate) static SHA1: TypeInfo = info(q::sha1);
pub(crate) static MD5: TypeInfo = info(q::md5);

/// A digest being computed; `Ended` after `digest()`.
#[derive(Clone)]
enum Hash {
    Sha256(Sha256),
    Sha1(Sha1),
    Md5(Md5),
    Ended,
}

impl Body for Hash {}

fn make(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    if args.count > 1 || args.keywords > 0 {
        return Err(vm.wrong_count(0, 1, args.count));
    }
    let hash = match class {
        types::SHA256 => Hash::Sha256(Sha256::new()),
        types::SHA1 => Hash::Sha1(Sha1::new()),
        _ => Hash::Md5(Md5::new()),
    };
    let object = vm.new_object(class, hash)?;
    if let Some(data) = args.get(vm, 0) {
        vm.push(object)?;
        feed(vm, object, data)?;
    }
    Ok(object)
}

/// Hashes more bytes, copied piece by piece: the state and the bytes are both in the heap.
fn feed(vm: &mut Vm<'_>, object: Value, data: Value) -> Result<()> {
    let data = vm.native_of(data);
    let len = vm.data(data)?.len();
    let mut chunk = [0; 128];
    let mut at = 0;
    while at < len {
        let size = (len - at).min(chunk.len());
        chunk[..size].copy_from_slice(&vm.bytes_of(data)[at..at + size]);
        let bytes = &chunk[..size];
        match vm.body_mut::<Hash>(object) {
            Some(Hash::Sha256(hash)) => hash.update(bytes),
            Some(Hash::Sha1(hash)) => hash.update(bytes),
            Some(Hash::Md5(hash)) => hash.update(bytes),
            Some(Hash::Ended) | None => return Err(vm.value_error(b"hash is final")),
        }
        at += size;
    }
    Ok(())
}

fn update(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (object, data) = (args.at(vm, 0), args.at(vm, 1));
    if matches!(vm.body::<Hash>(object), Some(Hash::Ended)) {
        return Err(vm.value_error(b"hash is final"));
    }
    feed(vm, object, data)?;
    Ok(Value::NONE)
}

fn digest(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let object = args.at(vm, 0);
    let Some(body) = vm.body_mut::<Hash>(object) else {
        return Err(vm.type_error(b"hash expected"));
    };
    match core::mem::replace(body, Hash::Ended) {
        Hash::Sha256(hash) => vm.new_bytes(&hash.finalize()),
        Hash::Sha1(hash) => vm.new_bytes(&hash.finalize()),
        Hash::Md5(hash) => vm.new_bytes(&hash.finalize()),
        Hash::Ended => Err(vm.value_error(b"hash is final")),
    }
}
