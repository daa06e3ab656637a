//! `upy`: what a board has that no module of MicroPython's is for. `Flash` is the part of its flash that holds
//! the files, as a block device for `vfs`.

use upy_hal::block::{BlockDevice, Errno};
use upy_runtime::{
    Args, Body, Entry, Result, Slots, TypeId, TypeInfo, Value, Vm, class, function, text,
};

use crate::names as q;
use crate::types;

pub(crate) const ENTRIES: &[Entry] = &[text(q::__name__, q::upy), class(q::Flash, types::FLASH)];

const METHODS: &[Entry] = &[
    function(q::readblocks, read_blocks, 3, 4),
    function(q::writeblocks, write_blocks, 3, 4),
    function(q::ioctl, ioctl, 3, 3),
];

pub(crate) static FLASH: TypeInfo = TypeInfo {
    name: q::Flash,
    base: TypeId::Object,
    make: Some(make),
    entries: METHODS,
    slots: &Slots::NONE,
};

/// Requests of `ioctl`, as in MicroPython's documentation of `vfs.AbstractBlockDev`.
mod request {
    pub(super) const INIT: isize = 1;
    pub(super) const DEINIT: isize = 2;
    pub(super) const SYNC: isize = 3;
    pub(super) const COUNT: isize = 4;
    pub(super) const SIZE: isize = 5;
    pub(super) const ERASE: isize = 6;
}

/// How much is copied at once.
const CHUNK_BYTES: usize = 256;

/// Which part of the flash it is.
#[derive(Clone, Copy)]
struct Flash {
    /// All of it, not the part with the files.
    is_whole: bool,
}

impl Body for Flash {}

/// Does something with the flash.
fn with<T>(
    vm: &mut Vm<'_>,
    flash: Flash,
    work: impl FnOnce(&mut dyn BlockDevice) -> upy_hal::block::Result<T>,
) -> Result<T> {
    let board = vm.host().board();
    let flash = board.and_then(|board| match flash.is_whole {
        true => board.whole_flash(),
        false => board.flash(),
    });
    let done = match flash {
        Some(flash) => work(flash),
        None => Err(Errno::ENODEV),
    };
    done.map_err(|errno| vm.os_error(i32::from(errno.0)))
}

/// `Flash(whole=False)`
fn make(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    if args.count > 1 || args.keywords > 0 {
        return Err(vm.wrong_count(0, 1, args.count));
    }
    let is_whole = args.count > 0 && args.at(vm, 0) == Value::TRUE;
    let flash = Flash { is_whole };
    with(vm, flash, |_| Ok(()))?;
    vm.new_object(class, flash)
}

/// The flash that a method was called on.
fn own(vm: &Vm<'_>, args: Args) -> Flash {
    let flash = vm.body::<Flash>(args.at(vm, 0));
    flash.copied().unwrap_or(Flash { is_whole: false })
}

/// The arguments of a transfer: the first block, the place in it, the buffer and its length.
fn place(vm: &mut Vm<'_>, args: Args) -> Result<(u32, u32, Value, usize)> {
    let buffer = args.at(vm, 2);
    let len = vm.data(buffer)?.len();
    let (block, size) = (
        vm.int_arg(args, 1)?,
        with(vm, own(vm, args), |flash| Ok(flash.block_size_bytes()))?,
    );
    let offset = if args.count > 3 {
        vm.int_arg(args, 3)?
    } else {
        0
    };
    match (u32::try_from(block), u32::try_from(offset)) {
        (Ok(block), Ok(offset)) if size > 0 => {
            let block = block.saturating_add(offset / size);
            Ok((block, offset % size, buffer, len))
        }
        _ => Err(vm.os_error(i32::from(Errno::EINVAL.0))),
    }
}

/// `readblocks(block, buffer, offset=0)`
fn read_blocks(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (block, offset, buffer, len) = place(vm, args)?;
    let own = own(vm, args);
    vm.data_mut(buffer)?;
    let mut chunk = [0; CHUNK_BYTES];
    for (at, block, offset, part) in parts(vm, own, block, offset, len)? {
        let piece = &mut chunk[..part];
        with(vm, own, |flash| flash.read(block, offset, piece))?;
        if let Some(room) = vm.data_mut(buffer)?.get_mut(at..at + part) {
            room.copy_from_slice(&chunk[..part]);
        }
    }
    Ok(Value::small(0))
}

/// `writeblocks(block, buffer, offset)`; without an offset whole blocks, which are erased first.
fn write_blocks(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (block, offset, buffer, len) = place(vm, args)?;
    let own = own(vm, args);
    let erases = args.count < 4;
    let mut chunk = [0; CHUNK_BYTES];
    for (at, block, offset, part) in parts(vm, own, block, offset, len)? {
        if erases && offset == 0 {
            with(vm, own, |flash| flash.erase(block))?;
        }
        let Some(bytes) = vm.data(buffer)?.get(at..at + part) else {
            break;
        };
        chunk[..part].copy_from_slice(bytes);
        with(vm, own, |flash| {
            flash.program(block, offset, &chunk[..part])
        })?;
    }
    Ok(Value::small(0))
}

/// The parts of a transfer: where in the buffer, the block, where in it, how much. None crosses a block.
fn parts(
    vm: &mut Vm<'_>,
    flash: Flash,
    block: u32,
    offset: u32,
    len: usize,
) -> Result<impl Iterator<Item = (usize, u32, u32, usize)> + use<>> {
    let size = with(vm, flash, |flash| Ok(flash.block_size_bytes()))? as usize;
    let (mut at, mut block, mut offset) = (0, block, offset as usize);
    Ok(core::iter::from_fn(move || {
        if at >= len {
            return None;
        }
        let part = (len - at).min(CHUNK_BYTES).min(size - offset);
        let found = (at, block, offset as u32, part);
        at += part;
        offset += part;
        if offset >= size {
            offset = 0;
            block = block.saturating_add(1);
        }
        Some(found)
    }))
}

/// `ioctl(request, argument)`
fn ioctl(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let asked = vm.int_arg(args, 1)?;
    let own = own(vm, args);
    let answer = match asked {
        request::INIT | request::DEINIT => 0,
        request::SYNC => with(vm, own, |flash| flash.sync().map(|()| 0))?,
        request::COUNT => with(vm, own, |flash| Ok(flash.block_count() as isize))?,
        request::SIZE => with(vm, own, |flash| Ok(flash.block_size_bytes() as isize))?,
        request::ERASE => {
            let block = vm.int_arg(args, 2)?;
            let block = u32::try_from(block).unwrap_or(u32::MAX);
            with(vm, own, |flash| flash.erase(block).map(|()| 0))?
        }
        _ => return Ok(Value::NONE),
    };
    Ok(Value::small(answer))
}
