//! `VfsLfs2`, `VfsFat`, `VfsRom`: file systems on block devices and in memory.
//!
//! A volume is one object with everything that its file system keeps: nothing of it is borrowed while the device, which
//! may be Python code, is at work. For that time state and tables are copied to the stack and back.

use upy_runtime::{
    Args, Body, Entry, Item, Marker, Result, Slots, TypeId, TypeInfo, Value, Vm, function, item,
};
use upy_vfs::littlefs::{Buffers, Kind as EntryKind, Options};
use upy_vfs::rom::{Node, Rom};
use upy_vfs::{Errno, fat, littlefs};

use super::device::Device;
use super::file::{self, OpenFile};
use super::{DIRECTORY, EINVAL, ENODEV, EPERM, FILE, listing_entry, stat_tuple, times};
use crate::names as q;
use crate::types;

const METHODS: &[Entry] = &[
    item(q::mkfs, Item::StaticFunction(no_mkfs, 1, 1)),
    function(q::mount, mount, 3, 3),
    function(q::umount, umount, 1, 1),
    function(q::open, open, 3, 3),
    function(q::chdir, chdir, 2, 2),
    function(q::getcwd, getcwd, 1, 1),
    function(q::ilistdir, ilistdir, 1, 2),
    function(q::mkdir, mkdir, 2, 2),
    function(q::remove, remove, 2, 2),
    function(q::rename, rename, 3, 3),
    function(q::rmdir, rmdir, 2, 2),
    function(q::stat, stat, 2, 2),
    function(q::statvfs, statvfs, 2, 2),
];

const LFS_METHODS: &[Entry] = &with_mkfs(lfs_mkfs, 1 + KEYWORD_ROOM);
const FAT_METHODS: &[Entry] = &with_mkfs(fat_mkfs, 1);
const ROM_METHODS: &[Entry] = METHODS.split_at(1).1;
const KEYWORD_ROOM: u8 = 4 | upy_runtime::KEYWORDS;

const fn with_mkfs(mkfs: upy_runtime::Native, most: u8) -> [Entry; METHODS.len()] {
    let mut methods = [METHODS[0]; METHODS.len()];
    let mut index = 1;
    while index < methods.len() {
        methods[index] = METHODS[index];
        index += 1;
    }
    methods[0] = item(q::mkfs, Item::StaticFunction(mkfs, 1, most));
    methods
}

const fn type_info(
    name: upy_runtime::Qstr,
    make: upy_runtime::Make,
    entries: &'static [Entry],
) -> TypeInfo {
    TypeInfo {
        name,
        base: TypeId::Object,
        make: Some(make),
        entries,
        slots: &Slots::NONE,
    }
}

pub(crate) static VFS_LFS2: TypeInfo = type_info(q::VfsLfs2, make_lfs, LFS_METHODS);
pub(crate) static VFS_FAT: TypeInfo = type_info(q::VfsFat, make_fat, FAT_METHODS);
pub(crate) static VFS_ROM: TypeInfo = type_info(q::VfsRom, make_rom, ROM_METHODS);

/// Files that can be open on one volume.
const OPEN_FILES: usize = 12;
/// Largest cache of a littlefs.
pub(super) const CACHE_MAX: usize = if cfg!(target_pointer_width = "64") {
    4096
} else {
    512
};
const LOOKAHEAD_MAX: usize = 256;
/// Largest sector of FAT; a small board has no stack for more.
const SECTOR_MAX: usize = if cfg!(target_pointer_width = "64") {
    4096
} else {
    512
};
const PATH_MAX: usize = 512;

/// What is on a volume, and what its file system keeps.
#[derive(Clone)]
enum Store {
    Lfs {
        state: littlefs::State,
        slots: [littlefs::Slot; OPEN_FILES],
        with_time: bool,
    },
    Fat {
        /// `None` when the device has no file system (yet).
        state: Option<fat::State>,
        slots: [fat::Slot; OPEN_FILES],
    },
    Rom(Rom),
}

/// One file system.
#[derive(Clone)]
pub(super) struct Volume {
    /// The device; for ROM the memory.
    device: Value,
    /// The current directory.
    directory: Value,
    /// The lookahead buffer of a littlefs.
    lookahead: Value,
    store: Store,
    is_read_only: bool,
    /// A call is under way: the device must not come back here.
    is_busy: bool,
}

impl Body for Volume {
    fn trace(&self, marker: &mut Marker<'_, '_>) {
        marker.value(self.device);
        marker.value(self.directory);
        marker.value(self.lookahead);
    }
}

/// A path outside the heap, absolute.
pub(super) struct Path {
    bytes: [u8; PATH_MAX],
    len: usize,
}

impl Path {
    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

fn raise<T>(vm: &mut Vm<'_>, errno: Errno) -> Result<T> {
    Err(vm.os_error(i32::from(errno.0)))
}

fn volume<'v>(vm: &'v mut Vm<'_>, this: Value) -> Result<&'v mut Volume> {
    if vm.body::<Volume>(this).is_none() {
        return Err(vm.type_error(b"object of another type expected"));
    }
    match vm.body_mut::<Volume>(this) {
        Some(volume) => Ok(volume),
        None => unreachable!("it was there"),
    }
}

/// An argument as a path from the root of the volume.
fn path(vm: &mut Vm<'_>, this: Value, given: Value) -> Result<Path> {
    let directory = volume(vm, this)?.directory;
    let native = vm.native_of(given);
    if vm.text_or_bytes(native).is_none() {
        return Err(vm.type_error(b"can't convert to str implicitly"));
    }
    let mut bytes = [0; PATH_MAX];
    let text = vm.bytes_of(native);
    let is_directory = text.last() == Some(&b'/');
    match upy_vfs::path::change(vm.bytes_of(directory), text, &mut bytes) {
        Ok(mut len) => {
            // A slash at the end says that it has to be a directory.
            if is_directory && len > 1 && len < PATH_MAX {
                bytes[len] = b'/';
                len += 1;
            }
            Ok(Path { bytes, len })
        }
        Err(errno) => raise(vm, errno),
    }
}

// ---- calls of the file systems ------------------------------------------------------------------------------

/// Does something with a littlefs.
pub(super) fn with_lfs<T>(
    vm: &mut Vm<'_>,
    this: Value,
    work: impl FnOnce(&mut littlefs::Volume<'_>) -> upy_vfs::Result<T>,
) -> Result<T> {
    let Volume {
        device,
        lookahead,
        is_read_only,
        store,
        ..
    } = begin(vm, this)?;
    let Store::Lfs {
        mut state,
        mut slots,
        ..
    } = store
    else {
        return end(vm, this, Err(Errno::ENODEV), false);
    };
    let mut bits = [0; LOOKAHEAD_MAX];
    let bit_bytes = vm.bytes_of(lookahead).len().min(LOOKAHEAD_MAX);
    bits[..bit_bytes].copy_from_slice(&vm.bytes_of(lookahead)[..bit_bytes]);
    let (mut read, mut program) = ([0; CACHE_MAX], [0; CACHE_MAX]);
    let size = state.cache_size_bytes() as usize;
    let made = Device::new(vm, device, true, is_read_only);
    let mut device = match made {
        Ok(device) => device,
        Err(raised) => {
            volume(vm, this)?.is_busy = false;
            return Err(raised);
        }
    };
    let buffers = Buffers {
        read: &mut read[..size],
        program: &mut program[..size],
        lookahead: &mut bits[..bit_bytes],
    };
    let result = work(&mut littlefs::Volume::new(
        &mut state,
        &mut device,
        buffers,
        &mut slots,
    ));
    let has_raised = device.has_raised;
    if let Ok(bytes) = vm.data_mut(lookahead) {
        let len = bytes.len().min(bit_bytes);
        bytes[..len].copy_from_slice(&bits[..len]);
    }
    if let Store::Lfs {
        state: kept,
        slots: kept_slots,
        ..
    } = &mut volume(vm, this)?.store
    {
        (*kept, *kept_slots) = (state, slots);
    }
    end(vm, this, result, has_raised)
}

/// Does something with a FAT.
pub(super) fn with_fat<T>(
    vm: &mut Vm<'_>,
    this: Value,
    work: impl FnOnce(&mut fat::Volume<'_>) -> upy_vfs::Result<T>,
) -> Result<T> {
    let Volume {
        device,
        is_read_only,
        store,
        ..
    } = begin(vm, this)?;
    let Store::Fat {
        state: Some(mut state),
        mut slots,
    } = store
    else {
        return end(vm, this, Err(Errno::ENODEV), false);
    };
    let now = times::to_fat(vm.host().time_ns());
    let mut sector = [0; SECTOR_MAX];
    let made = Device::new(vm, device, false, is_read_only);
    let mut device = match made {
        Ok(device) => device,
        Err(raised) => {
            volume(vm, this)?.is_busy = false;
            return Err(raised);
        }
    };
    let size = upy_vfs::BlockDevice::block_size_bytes(&device) as usize;
    let (result, has_raised) = match sector.get_mut(..size) {
        Some(sector) => {
            let result = work(&mut fat::Volume::new(
                &mut state,
                &mut device,
                sector,
                &mut slots,
                now,
            ));
            (result, device.has_raised)
        }
        None => (Err(Errno::EINVAL), false),
    };
    if let Store::Fat {
        state: kept,
        slots: kept_slots,
    } = &mut volume(vm, this)?.store
    {
        (*kept, *kept_slots) = (Some(state), slots);
    }
    end(vm, this, result, has_raised)
}

fn begin(vm: &mut Vm<'_>, this: Value) -> Result<Volume> {
    let body = volume(vm, this)?;
    if body.is_busy {
        return raise(vm, Errno::EBUSY);
    }
    body.is_busy = true;
    Ok(body.clone())
}

fn end<T>(vm: &mut Vm<'_>, this: Value, result: upy_vfs::Result<T>, has_raised: bool) -> Result<T> {
    volume(vm, this)?.is_busy = false;
    match result {
        Ok(value) if !has_raised => Ok(value),
        Err(errno) if !has_raised => raise(vm, errno),
        _ => Err(upy_runtime::Raised),
    }
}

/// Which file system a volume has.
#[derive(Clone, Copy)]
pub(super) enum Which {
    Lfs,
    Fat,
    Rom(Rom),
}

pub(super) fn which(vm: &mut Vm<'_>, this: Value) -> Result<Which> {
    Ok(match volume(vm, this)?.store {
        Store::Lfs { .. } => Which::Lfs,
        Store::Fat { .. } => Which::Fat,
        Store::Rom(rom) => Which::Rom(rom),
    })
}

/// The memory of a ROM file system.
pub(super) fn memory(vm: &mut Vm<'_>, this: Value) -> Result<Value> {
    Ok(volume(vm, this)?.device)
}

/// Whether files have a time here that is stored as an attribute.
pub(super) fn with_time(vm: &mut Vm<'_>, this: Value) -> Result<bool> {
    Ok(matches!(
        volume(vm, this)?.store,
        Store::Lfs {
            with_time: true,
            ..
        }
    ))
}

/// The size of the cache of an open file of a littlefs.
pub(super) fn cache_size(vm: &mut Vm<'_>, this: Value) -> Result<usize> {
    Ok(match &volume(vm, this)?.store {
        Store::Lfs { state, .. } => state.cache_size_bytes() as usize,
        _ => 0,
    })
}

// ---- making -------------------------------------------------------------------------------------------------

/// Sizes and times of a littlefs: `readsize=32, progsize=32, lookahead=32, mtime=True`.
fn lfs_options(vm: &mut Vm<'_>, args: Args) -> Result<(Options, usize, bool)> {
    vm.check_keywords(args, &[q::readsize, q::progsize, q::lookahead, q::mtime])?;
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
        Some(given) => vm.truth(given)?,
        None => true,
    };
    let [read, program, lookahead] = sizes.map(|size| u32::try_from(size).unwrap_or(0));
    let options = Options {
        read_size_bytes: read,
        program_size_bytes: program,
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
fn make_lfs(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    if !(1..=5).contains(&args.count) {
        return Err(vm.wrong_count(1, 5, args.count));
    }
    let (options, lookahead_len, with_time) = lfs_options(vm, args)?;
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
    let store = Store::Lfs {
        state,
        slots: [littlefs::Slot::default(); OPEN_FILES],
        with_time,
    };
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
        is_read_only: false,
        is_busy: false,
    };
    vm.new_object(class, body)
}

/// `VfsLfs2.mkfs(block_dev, readsize=32, progsize=32, lookahead=32)`
fn lfs_mkfs(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (options, lookahead, _) = lfs_options(vm, args)?;
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

fn start_fat<T>(
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
fn make_fat(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
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
    let store = Store::Fat {
        state,
        slots: [fat::Slot::default(); OPEN_FILES],
    };
    finish(vm, class, object, Value::NONE, store)
}

/// `VfsFat.mkfs(block_dev)`
fn fat_mkfs(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let object = args.at(vm, 0);
    match start_fat(vm, object, |device, sector| fat::format(device, sector))? {
        Ok(()) => Ok(Value::NONE),
        Err(errno) => raise(vm, errno),
    }
}

fn no_mkfs(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    Err(vm.os_error(EPERM))
}

/// `VfsRom(memory)`
fn make_rom(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    if args.count != 1 || args.keywords > 0 {
        return Err(vm.wrong_count(1, 1, args.count));
    }
    let object = args.at(vm, 0);
    match Rom::new(vm.data(object)?) {
        Ok(rom) => finish(vm, class, object, Value::NONE, Store::Rom(rom)),
        Err(_) => Err(vm.os_error(ENODEV)),
    }
}

// ---- methods ------------------------------------------------------------------------------------------------

/// `volume.mount(readonly, mkfs)`
fn mount(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let this = args.at(vm, 0);
    let (readonly, mkfs) = (args.at(vm, 1), args.at(vm, 2));
    let (readonly, mkfs) = (vm.truth(readonly)?, vm.truth(mkfs)?);
    match which(vm, this)? {
        Which::Rom(_) if mkfs => return Err(vm.os_error(EPERM)),
        Which::Fat => mount_fat(vm, this, mkfs)?,
        _ => {}
    }
    volume(vm, this)?.is_read_only |= readonly;
    Ok(Value::NONE)
}

fn mount_fat(vm: &mut Vm<'_>, this: Value, mkfs: bool) -> Result<()> {
    let body = volume(vm, this)?;
    let (device, is_there) = (
        body.device,
        matches!(body.store, Store::Fat { state: Some(_), .. }),
    );
    if is_there {
        return Ok(());
    }
    if !mkfs {
        return Err(vm.os_error(ENODEV));
    }
    let made = start_fat(vm, device, |device, sector| {
        fat::format(device, sector)?;
        fat::State::mount(device, sector)
    })?;
    match made {
        Ok(new) => {
            if let Store::Fat { state, .. } = &mut volume(vm, this)?.store {
                *state = Some(new);
            }
            Ok(())
        }
        Err(errno) => raise(vm, errno),
    }
}

/// `volume.umount()`
fn umount(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let this = args.at(vm, 0);
    volume(vm, this)?;
    Ok(Value::NONE)
}

/// `volume.open(path, mode)`
fn open(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (this, given) = (args.at(vm, 0), args.at(vm, 1));
    let path = path(vm, this, given)?;
    let mode_value = args.at(vm, 2);
    let (mode, is_text) = file::parse_mode(vm.text(mode_value)?);
    let with_time = with_time(vm, this)? && mode.is_written;
    let mut body = OpenFile::new(this, with_time);
    match which(vm, this)? {
        Which::Lfs => {
            let size = cache_size(vm, this)?;
            let cache = vm.new_zeros(size)?;
            vm.push(cache)?;
            body.cache = cache;
            let mut local = [0; CACHE_MAX];
            let handle = with_lfs(vm, this, |volume| {
                let handle = volume.open(path.bytes(), mode, &mut local[..size])?;
                if with_time {
                    volume.touch(handle)?;
                }
                Ok(handle)
            })?;
            body.handle = handle.0;
            vm.data_mut(cache)?.copy_from_slice(&local[..size]);
        }
        Which::Fat => {
            body.handle = with_fat(vm, this, |volume| volume.open(path.bytes(), mode))?.0;
        }
        Which::Rom(rom) => {
            if mode.is_written {
                return Err(vm.os_error(30));
            }
            match find_rom(vm, this, rom, path.bytes())? {
                Node::File(span) => body.span = span,
                Node::Directory(_) => return Err(vm.os_error(21)),
            }
        }
    }
    let class = if is_text {
        types::VOLUME_TEXT
    } else {
        types::VOLUME_FILE
    };
    let file = vm.new_object(class, body)?;
    vm.register_finaliser(file)?;
    Ok(file)
}

fn find_rom(vm: &mut Vm<'_>, this: Value, rom: Rom, path: &[u8]) -> Result<Node> {
    let memory = memory(vm, this)?;
    match rom.find(vm.data(memory)?, path) {
        Ok(node) => Ok(node),
        Err(errno) => raise(vm, errno),
    }
}

/// `volume.chdir(path)`
fn chdir(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (this, given) = (args.at(vm, 0), args.at(vm, 1));
    let mut path = path(vm, this, given)?;
    if path.len > 1 && path.bytes[path.len - 1] == b'/' {
        path.len -= 1;
    }
    if path.len > 1 {
        let kind = match which(vm, this)? {
            Which::Lfs => with_lfs(vm, this, |volume| volume.stat(path.bytes()))?.kind,
            Which::Fat => with_fat(vm, this, |volume| volume.stat(path.bytes()))?.kind,
            Which::Rom(rom) => match find_rom(vm, this, rom, path.bytes())? {
                Node::Directory(_) => EntryKind::Directory,
                Node::File(_) => EntryKind::File,
            },
        };
        if kind != EntryKind::Directory {
            return Err(vm.os_error(2));
        }
    }
    let directory = vm.new_text(path.bytes())?;
    volume(vm, this)?.directory = directory;
    Ok(Value::NONE)
}

/// `volume.getcwd()`
fn getcwd(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let this = args.at(vm, 0);
    Ok(volume(vm, this)?.directory)
}

/// Adds entries to a list, each as one call of the volume finds it.
fn list_all(
    vm: &mut Vm<'_>,
    is_text: bool,
    mut next: impl FnMut(&mut Vm<'_>, &mut [u8]) -> Result<Option<(usize, EntryKind, u64)>>,
) -> Result<Value> {
    let top = vm.stack_len();
    let list = vm.new_list(&[])?.value();
    vm.push(list)?;
    let mut name = [0; 765];
    while let Some((len, kind, size)) = next(vm, &mut name)? {
        let mode = match kind {
            EntryKind::Directory => DIRECTORY,
            EntryKind::File => FILE,
        };
        let entry = listing_entry(vm, &name[..len], is_text, mode, Some(size))?;
        vm.append(list, entry)?;
    }
    let iterator = vm.iterate(list);
    vm.truncate(top);
    iterator
}

/// `volume.ilistdir(path)`; the entries are read at once, so that nothing stays open.
fn ilistdir(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let this = args.at(vm, 0);
    let given = match args.get(vm, 1) {
        Some(given) => given,
        None => vm.new_str(b"")?,
    };
    let is_text = !vm.is_bytes(given);
    let path = path(vm, this, given)?;
    match which(vm, this)? {
        Which::Lfs => {
            let handle = with_lfs(vm, this, |volume| volume.open_directory(path.bytes()))?;
            let list = list_all(vm, is_text, |vm, name| {
                let entry = with_lfs(vm, this, |volume| volume.read_directory(handle, name))?;
                Ok(entry.map(|entry| (entry.name_len, entry.kind, u64::from(entry.size_bytes))))
            });
            with_lfs(vm, this, |volume| {
                volume.close_directory(handle);
                Ok(())
            })?;
            list
        }
        Which::Fat => {
            let mut at = with_fat(vm, this, |volume| volume.list(path.bytes()))?;
            list_all(vm, is_text, |vm, name| {
                let entry = with_fat(vm, this, |volume| volume.read_directory(&mut at, name))?;
                Ok(entry.map(|entry| (entry.name_len, entry.kind, u64::from(entry.size_bytes))))
            })
        }
        Which::Rom(rom) => {
            let Node::Directory(mut records) = find_rom(vm, this, rom, path.bytes())? else {
                return Err(vm.os_error(2));
            };
            let memory = memory(vm, this)?;
            list_all(vm, is_text, |vm, name| {
                let found = rom.next(vm.data(memory)?, &mut records);
                let Ok(Some(entry)) = found else {
                    return Ok(None);
                };
                let text = entry.name.of(vm.data(memory)?);
                let len = text.len().min(name.len());
                name[..len].copy_from_slice(&text[..len]);
                let kind = match entry.node {
                    Node::File(_) => EntryKind::File,
                    Node::Directory(_) => EntryKind::Directory,
                };
                Ok(Some((len, kind, entry.node.size_bytes() as u64)))
            })
        }
    }
}

/// `volume.mkdir(path)`
fn mkdir(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (this, given) = (args.at(vm, 0), args.at(vm, 1));
    let path = path(vm, this, given)?;
    match which(vm, this)? {
        Which::Lfs => with_lfs(vm, this, |volume| volume.make_directory(path.bytes()))?,
        Which::Fat => with_fat(vm, this, |volume| volume.make_directory(path.bytes()))?,
        Which::Rom(_) => return raise(vm, Errno::EROFS),
    }
    Ok(Value::NONE)
}

fn remove_kind(vm: &mut Vm<'_>, args: Args, kind: EntryKind) -> Result<Value> {
    let (this, given) = (args.at(vm, 0), args.at(vm, 1));
    let path = path(vm, this, given)?;
    match which(vm, this)? {
        Which::Lfs => with_lfs(vm, this, |volume| volume.remove(path.bytes()))?,
        Which::Fat => with_fat(vm, this, |volume| volume.remove(path.bytes(), kind))?,
        Which::Rom(_) => return raise(vm, Errno::EROFS),
    }
    Ok(Value::NONE)
}

/// `volume.remove(path)`
fn remove(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    remove_kind(vm, args, EntryKind::File)
}

/// `volume.rmdir(path)`
fn rmdir(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    remove_kind(vm, args, EntryKind::Directory)
}

/// `volume.rename(old, new)`
fn rename(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (this, from, to) = (args.at(vm, 0), args.at(vm, 1), args.at(vm, 2));
    let (from, to) = (path(vm, this, from)?, path(vm, this, to)?);
    match which(vm, this)? {
        Which::Lfs => with_lfs(vm, this, |volume| volume.rename(from.bytes(), to.bytes()))?,
        Which::Fat => with_fat(vm, this, |volume| volume.rename(from.bytes(), to.bytes()))?,
        Which::Rom(_) => return raise(vm, Errno::EROFS),
    }
    Ok(Value::NONE)
}

/// `volume.stat(path)`
fn stat(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (this, given) = (args.at(vm, 0), args.at(vm, 1));
    let path = path(vm, this, given)?;
    let (kind, size, seconds) = match which(vm, this)? {
        Which::Lfs => with_lfs(vm, this, |volume| {
            let entry = volume.stat(path.bytes())?;
            let mut time = [0; 8];
            let seconds = match volume.attribute(path.bytes(), 1, &mut time) {
                Ok(8) => u64::from_le_bytes(time) / 1_000_000_000,
                Ok(_) | Err(Errno::ENODATA) => 0,
                Err(errno) => return Err(errno),
            };
            Ok((entry.kind, u64::from(entry.size_bytes), seconds))
        })?,
        Which::Fat => with_fat(vm, this, |volume| {
            let entry = volume.stat(path.bytes())?;
            Ok((
                entry.kind,
                u64::from(entry.size_bytes),
                times::from_fat(entry.modified),
            ))
        })?,
        Which::Rom(rom) => match find_rom(vm, this, rom, path.bytes())? {
            Node::File(span) => (EntryKind::File, span.len() as u64, 0),
            Node::Directory(span) => (EntryKind::Directory, span.len() as u64, 0),
        },
    };
    let mode = match kind {
        EntryKind::Directory => DIRECTORY,
        EntryKind::File => FILE,
    };
    stat_tuple(vm, mode, size, seconds)
}

/// `volume.statvfs(path)`
fn statvfs(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let this = args.at(vm, 0);
    let (size, count, free, longest) = match which(vm, this)? {
        Which::Lfs => {
            let used = with_lfs(vm, this, |volume| volume.used_blocks())?;
            let Store::Lfs { state, .. } = &volume(vm, this)?.store else {
                return Err(vm.os_error(EINVAL));
            };
            let count = state.block_count();
            (
                state.block_size_bytes(),
                count,
                count.saturating_sub(used),
                state.name_max_bytes(),
            )
        }
        Which::Fat => {
            let free = with_fat(vm, this, |volume| volume.free_clusters())?;
            let Store::Fat {
                state: Some(state), ..
            } = &volume(vm, this)?.store
            else {
                return Err(vm.os_error(ENODEV));
            };
            (state.cluster_size_bytes(), state.cluster_count(), free, 255)
        }
        Which::Rom(rom) => (1, rom.root().len() as u32, 0, 32767),
    };
    let numbers = [size, size, count, free, free, 0, 0, 0, 0, longest];
    let items = numbers.map(|number| Value::small(number as isize));
    vm.new_tuple(&items)
}

/// Whether the first blocks of a device look like a littlefs.
pub(super) fn has_littlefs(vm: &mut Vm<'_>, object: Value) -> bool {
    let mut magic = [[0; 8]; 2];
    let found = Device::new(vm, object, true, true).map(|mut device| {
        for (block, magic) in magic.iter_mut().enumerate() {
            let _ = upy_vfs::BlockDevice::read(&mut device, block as u32, 8, magic);
            // A device that takes no offset raises `TypeError`.
            device.has_raised = false;
        }
    });
    if found.is_err() || !magic.contains(b"littlefs") {
        vm.take_exception();
        return false;
    }
    true
}
