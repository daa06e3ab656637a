//! `VfsLfs1`, `VfsLfs2`, `VfsFat`, `VfsRom`: the methods that all have.

use upy_runtime::{Args, Entry, Item, Result, Slots, TypeId, TypeInfo, Value, Vm, function, item};
use upy_vfs::littlefs::Kind as EntryKind;
use upy_vfs::rom::{Node, Rom};
use upy_vfs::{Errno, fat};

use super::file::{self, OpenFile};
use super::make::{fat_mkfs, lfs_mkfs, make_fat, make_lfs, make_rom, no_mkfs, start_fat};
#[cfg(feature = "littlefs1")]
use super::make::{lfs1_mkfs, make_lfs1};
use super::volume::{
    CACHE_MAX, Store, Which, cache_size, make_room, memory, path, raise, volume, which, with_fat,
    with_lfs, with_time,
};
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
#[cfg(feature = "littlefs1")]
const LFS1_METHODS: &[Entry] = &with_mkfs(lfs1_mkfs, 1 + KEYWORD_ROOM);
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
#[cfg(feature = "littlefs1")]
pub(crate) static VFS_LFS1: TypeInfo = type_info(q::VfsLfs1, make_lfs1, LFS1_METHODS);
pub(crate) static VFS_FAT: TypeInfo = type_info(q::VfsFat, make_fat, FAT_METHODS);
pub(crate) static VFS_ROM: TypeInfo = type_info(q::VfsRom, make_rom, ROM_METHODS);

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
            make_room(vm, this)?;
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
            make_room(vm, this)?;
            body.handle = with_fat(vm, this, |volume| volume.open(path.bytes(), mode))?.0;
        }
        Which::Rom(rom) => {
            // As MicroPython: `x` is a way to read here.
            if mode.is_written && !mode.is_exclusive {
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
        let which = which(vm, this)?;
        if matches!(which, Which::Rom(_)) {
            return raise(vm, Errno::EOPNOTSUPP);
        }
        let kind = match which {
            Which::Lfs => with_lfs(vm, this, |volume| volume.stat(path.bytes()))?.kind,
            Which::Fat => with_fat(vm, this, |volume| volume.stat(path.bytes()))?.kind,
            Which::Rom(_) => EntryKind::Directory,
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
            make_room(vm, this)?;
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
    // The second is 0 for ROM, as in MicroPython.
    let fragment = if longest == 32767 { 0 } else { size };
    let numbers = [size, fragment, count, free, free, 0, 0, 0, 0, longest];
    let items = numbers.map(|number| Value::small(number as isize));
    vm.new_tuple(&items)
}
