//! `cryptolib`: AES in the modes ECB, CBC and CTR, by the RustCrypto crate.

use aes::cipher::generic_array::GenericArray;
use aes::cipher::{BlockDecrypt, BlockEncrypt, KeyInit};
use aes::{Aes128, Aes256};
use upy_runtime::{
    Args, Body, Entry, Item, Result, Slots, TypeId, TypeInfo, Value, Vm, function, item, number,
    text,
};

use crate::names as q;
use crate::types;

const ECB: isize = 1;
const CBC: isize = 2;
const CTR: isize = 6;
const BLOCK: usize = 16;

pub(crate) const ENTRIES: &[Entry] = &[
    text(q::__name__, q::cryptolib),
    item(q::aes, Item::Type(types::AES)),
    number(q::MODE_ECB, ECB),
    number(q::MODE_CBC, CBC),
    number(q::MODE_CTR, CTR),
];

const METHODS: &[Entry] = &[
    function(q::encrypt, encrypt, 2, 3),
    function(q::decrypt, decrypt, 2, 3),
];

pub(crate) static AES: TypeInfo = TypeInfo {
    name: q::aes,
    base: TypeId::Object,
    make: Some(make),
    entries: METHODS,
    slots: &Slots::NONE,
};

/// A key, and where the chain or the counter stands. Key schedules are made for each call: they are large.
#[derive(Clone, Copy)]
struct Aes {
    key: [u8; 32],
    key_len: usize,
    mode: isize,
    /// The last block of the chain, or the counter.
    chain: [u8; BLOCK],
    /// How many bytes of the current block of the key stream are used up.
    used: usize,
    /// Which way it has been used: a chain goes one way only.
    encrypts: Option<bool>,
}

impl Body for Aes {}

/// The schedule lives for one call, on the stack: there is nothing to box it in.
#[expect(clippy::large_enum_variant, reason = "it is never stored")]
enum Schedule {
    Short(Aes128),
    Long(Aes256),
}

impl Schedule {
    fn of(aes: &Aes) -> Self {
        if aes.key_len == 16 {
            Schedule::Short(Aes128::new(GenericArray::from_slice(&aes.key[..16])))
        } else {
            Schedule::Long(Aes256::new(GenericArray::from_slice(&aes.key)))
        }
    }

    fn encrypt(&self, block: &mut [u8; BLOCK]) {
        let block = GenericArray::from_mut_slice(block);
        match self {
            Schedule::Short(aes) => aes.encrypt_block(block),
            Schedule::Long(aes) => aes.encrypt_block(block),
        }
    }

    fn decrypt(&self, block: &mut [u8; BLOCK]) {
        let block = GenericArray::from_mut_slice(block);
        match self {
            Schedule::Short(aes) => aes.decrypt_block(block),
            Schedule::Long(aes) => aes.decrypt_block(block),
        }
    }
}

/// `aes(key, mode, iv=None)`
fn make(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    if !(2..=3).contains(&args.count) || args.keywords > 0 {
        return Err(vm.wrong_count(2, 3, args.count));
    }
    let mode = vm.int_arg(args, 1)?;
    if !matches!(mode, ECB | CBC | CTR) {
        return Err(vm.value_error(b"mode"));
    }
    let mut aes = Aes {
        key: [0; 32],
        key_len: 0,
        mode,
        chain: [0; BLOCK],
        used: 0,
        encrypts: None,
    };
    let given = args.at(vm, 0);
    let key = vm.data(given)?;
    if !matches!(key.len(), 16 | 32) {
        return Err(vm.value_error(b"key"));
    }
    aes.key_len = key.len();
    aes.key[..key.len()].copy_from_slice(key);
    match args.some(vm, 2) {
        Some(given) => {
            let start = vm.data(given)?;
            if start.len() != BLOCK {
                return Err(vm.value_error(b"IV"));
            }
            aes.chain.copy_from_slice(start);
        }
        None if mode != ECB => return Err(vm.value_error(b"IV")),
        None => {}
    }
    vm.new_object(class, aes)
}

fn encrypt(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    process(vm, args, true)
}

fn decrypt(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    process(vm, args, false)
}

/// `aes.encrypt(input, output=None)`, `aes.decrypt(input, output=None)`
fn process(vm: &mut Vm<'_>, args: Args, encrypts: bool) -> Result<Value> {
    let mut aes = vm.this::<Aes>(args)?;
    let (object, input) = (args.at(vm, 0), vm.native_of(args.at(vm, 1)));
    let len = vm.data(input)?.len();
    if aes.mode != CTR && len % BLOCK != 0 {
        return Err(vm.value_error(b"blksize % 16"));
    }
    if aes.encrypts.is_some_and(|before| before != encrypts) && aes.mode != CTR {
        return Err(vm.value_error(b"can't encrypt & decrypt"));
    }
    aes.encrypts = Some(encrypts);
    let output = match args.some(vm, 2) {
        Some(output) => {
            let output = vm.native_of(output);
            if vm.data_mut(output)?.len() < len {
                return Err(vm.value_error(b"output too small"));
            }
            output
        }
        None => vm.new_zeros(len)?,
    };
    vm.push(output)?;
    let schedule = Schedule::of(&aes);
    let mut at = 0;
    while at < len {
        let size = BLOCK.min(len - at);
        let mut block = [0; BLOCK];
        block[..size].copy_from_slice(&vm.bytes_of(input)[at..at + size]);
        transform(&mut aes, &schedule, &mut block, size, encrypts);
        if let Some(room) = vm.buffer_bytes_mut(output) {
            room[at..at + size].copy_from_slice(&block[..size]);
        }
        at += size;
    }
    if let Some(body) = vm.body_mut::<Aes>(object) {
        *body = aes;
    }
    match args.some(vm, 2) {
        Some(output) => Ok(output),
        None => vm.copy_range(output, 0, len, false),
    }
}

fn transform(
    aes: &mut Aes,
    schedule: &Schedule,
    block: &mut [u8; BLOCK],
    size: usize,
    encrypts: bool,
) {
    match (aes.mode, encrypts) {
        (CTR, _) => {
            let mut stream = aes.chain;
            schedule.encrypt(&mut stream);
            for byte in &mut block[..size] {
                *byte ^= stream[aes.used];
                aes.used += 1;
                if aes.used == BLOCK {
                    let counter = u128::from_be_bytes(aes.chain).wrapping_add(1);
                    aes.chain = counter.to_be_bytes();
                    aes.used = 0;
                    stream = aes.chain;
                    schedule.encrypt(&mut stream);
                }
            }
        }
        (ECB, true) => schedule.encrypt(block),
        (ECB, false) => schedule.decrypt(block),
        (_, true) => {
            for (byte, before) in block.iter_mut().zip(aes.chain) {
                *byte ^= before;
            }
            schedule.encrypt(block);
            aes.chain = *block;
        }
        (_, false) => {
            let before = core::mem::replace(&mut aes.chain, *block);
            schedule.decrypt(block);
            for (byte, before) in block.iter_mut().zip(before) {
                *byte ^= before;
            }
        }
    }
}
