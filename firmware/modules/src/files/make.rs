//! Making and formatting volumes.

use upy_runtime::{Args, Result, TypeId, Value, Vm};
use upy_vfs::littlefs::{Buffers, Options};
use upy_vfs::rom::Rom;
use upy_vfs::{Errno, fat, littlefs};

use super::device::Device;
use super::volume::{CACHE_MAX, LOOKAHEAD_MAX, SECTOR_MAX, Store, Volume, raise};
use super::{ENODEV, EPERM};
use crate::{names as q, types};

/// Sizes and times of a littlefs: `readsize=32, progsize=32, lookahead=32`, and of version 2 `mtime=True`.
fn lfs_options(vm: &mut Vm<'_>, args: Args, major: u16) -> Result<(Options, usize, bool)> {
    let names = [q::readsize, q::progsize, q::lookahead, q::mtime];
    let names = if major == 1 { &names[..3] } else { &names };
    vm.check_keywords(args, names)?;
    let mut sizes = [32isize; 3];
    for (index, name) in [q::readsize, q::progsize, q::lookahead]
        .into_iter()
        .enumerate()
    {
        if let Some(given) = args.either(vm, index + 1, name) {
            sizes[index] = vm.to_isize(given)?;
        }
    }
    let with_time = match args.either(vm, 4, q::mtime) {
        // Version 1 has no attributes.
        _ if major == 1 => false,
        Some(given) => vm.truth(given)?,
        None => true,
    };
    let [read, program, lookahead] = sizes.map(|size| u32::try_from(size).unwrap_or(0));
    let options = Options {
        read_size_bytes: read,
        program_size_bytes: program,
        major,
        cache_limit_bytes: CACHE_MAX as u32,
        ..Options::default()
    };
    Ok((options, (lookahead as usize).min(LOOKAHEAD_MAX), with_time))
}

/// Formats or mounts a littlefs.
fn start_lfs<T>(
    vm: &mut Vm<'_>,
    object: Value,
    options: &Options,
    lookahead: usize,
    work: impl FnOnce(&mut Device<'_, '_>, Buffers<'_>, &Options) -> upy_vfs::Result<T>,
) -> Result<T> {
    Device::init(vm, object)?;
    let (mut read, mut program, mut bits) = ([0; CACHE_MAX], [0; CACHE_MAX], [0; LOOKAHEAD_MAX]);
    let mut device = Device::new(vm, object, true, false)?;
    let buffers = Buffers {
        read: &mut read,
        program: &mut program,
        lookahead: &mut bits[..lookahead],
    };
    let result = work(&mut device, buffers, options);
    let has_raised = device.has_raised;
    match result {
        Ok(value) if !has_raised => Ok(value),
        Err(errno) if !has_raised => raise(vm, errno),
        _ => Err(upy_runtime::Raised),
    }
}

/// `VfsLfs2(block_dev, readsize=32, progsize=32, lookahead=32, mtime=True)`
pub(super) fn make_lfs(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    make_lfs_of(vm, class, args, 2)
}

#[cfg(feature = "littlefs1")]
/// `VfsLfs1(block_dev, readsize=32, progsize=32, lookahead=32)`
pub(super) fn make_lfs1(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    make_lfs_of(vm, class, args, 1)
}

fn make_lfs_of(vm: &mut Vm<'_>, class: TypeId, args: Args, major: u16) -> Result<Value> {
    let most = if major == 1 { 4 } else { 5 };
    if !(1..=most).contains(&args.count) {
        return Err(vm.wrong_count(1, most, args.count));
    }
    let (options, lookahead_len, with_time) = lfs_options(vm, args, major)?;
    let object = args.at(vm, 0);
    let state = start_lfs(
        vm,
        object,
        &options,
        lookahead_len,
        |device, buffers, options| littlefs::State::mount(device, buffers, options),
    )?;
    let lookahead = vm.new_zeros(lookahead_len)?;
    vm.push(lookahead)?;
    let store = Store::Lfs { state, with_time };
    finish(vm, class, object, lookahead, store)
}

fn finish(
    vm: &mut Vm<'_>,
    class: TypeId,
    device: Value,
    lookahead: Value,
    store: Store,
) -> Result<Value> {
    let directory = vm.new_str(b"/")?;
    vm.push(directory)?;
    let body = Volume {
        device,
        directory,
        lookahead,
        store,
        files: Value::NONE,
        is_read_only: false,
        is_busy: false,
    };
    vm.new_object(class, body)
}

/// `VfsLfs2.mkfs(block_dev, readsize=32, progsize=32, lookahead=32)`
pub(super) fn lfs_mkfs(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    lfs_mkfs_of(vm, args, 2)
}

#[cfg(feature = "littlefs1")]
/// `VfsLfs1.mkfs(block_dev, readsize=32, progsize=32, lookahead=32)`
pub(super) fn lfs1_mkfs(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    lfs_mkfs_of(vm, args, 1)
}

fn lfs_mkfs_of(vm: &mut Vm<'_>, args: Args, major: u16) -> Result<Value> {
    let (options, lookahead, _) = lfs_options(vm, args, major)?;
    let object = args.at(vm, 0);
    start_lfs(
        vm,
        object,
        &options,
        lookahead,
        |device, buffers, options| littlefs::format(device, buffers, options),
    )?;
    Ok(Value::NONE)
}

pub(super) fn start_fat<T>(
    vm: &mut Vm<'_>,
    object: Value,
    work: impl FnOnce(&mut Device<'_, '_>, &mut [u8]) -> upy_vfs::Result<T>,
) -> Result<upy_vfs::Result<T>> {
    Device::init(vm, object)?;
    let mut sector = [0; SECTOR_MAX];
    let mut device = Device::new(vm, object, false, false)?;
    let size = upy_vfs::BlockDevice::block_size_bytes(&device) as usize;
    let result = match sector.get_mut(..size) {
        Some(sector) => work(&mut device, sector),
        None => Err(Errno::EINVAL),
    };
    if device.has_raised {
        return Err(upy_runtime::Raised);
    }
    Ok(result)
}

/// `VfsFat(block_dev)`
pub(super) fn make_fat(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    if args.count != 1 || args.keywords > 0 {
        return Err(vm.wrong_count(1, 1, args.count));
    }
    let object = args.at(vm, 0);
    let state = match start_fat(vm, object, |device, sector| {
        fat::State::mount(device, sector)
    })? {
        Ok(state) => Some(state),
        // It may be made later.
        Err(Errno::ENODEV) => None,
        Err(errno) => return raise(vm, errno),
    };
    let store = Store::Fat { state };
    finish(vm, class, object, Value::NONE, store)
}

/// `VfsFat.mkfs(block_dev)`
pub(super) fn fat_mkfs(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let object = args.at(vm, 0);
    match start_fat(vm, object, |device, sector| fat::format(device, sector))? {
        Ok(()) => Ok(Value::NONE),
        Err(errno) => raise(vm, errno),
    }
}

pub(super) fn no_mkfs(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    Err(vm.os_error(EPERM))
}

/// `VfsRom(memory)`
pub(super) fn make_rom(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    if args.count != 1 || args.keywords > 0 {
        return Err(vm.wrong_count(1, 1, args.count));
    }
    let object = args.at(vm, 0);
    match Rom::new(vm.data(object)?) {
        Ok(rom) => finish(vm, class, object, Value::NONE, Store::Rom(rom)),
        Err(_) => Err(vm.os_error(ENODEV)),
    }
}

/// The class of the littlefs that the first blocks of a device look like, if they do.
pub(super) fn littlefs_class(vm: &mut Vm<'_>, object: Value) -> Option<TypeId> {
    // The end of the magic bytes of version 1.
    const LEN: usize = 48;
    let mut starts = [[0; LEN]; 2];
    let found = Device::new(vm, object, true, true).map(|mut device| {
        for (block, start) in starts.iter_mut().enumerate() {
            let _ = upy_vfs::BlockDevice::read(&mut device, block as u32, 0, start);
            // A device that takes no offset raises `TypeError`.
            device.has_raised = false;
        }
    });
    let is_at = |offset: usize| {
        starts
            .iter()
            .any(|start| start[offset..].starts_with(b"littlefs"))
    };
    if found.is_ok() && is_at(8) {
        return Some(types::VFS_LFS2);
    }
    #[cfg(feature = "littlefs1")]
    if found.is_ok() && is_at(40) {
        return Some(types::VFS_LFS1);
    }
    vm.take_exception();
    None
}
