//! `os` and `vfs`: the mount table, and the file systems that can be in it.
//!
//! A file system is any object with the methods of one (`open`, `ilistdir`, `stat`, …): a [`volume`], the
//! host's own files ([`host`]), or one of a class written in Python. The table is a list in a root: object and mount
//! point in turns.

mod device;
mod file;
mod host;
mod make;
mod methods;
mod os;
mod times;
mod volume;

pub(crate) use file::{BINARY_FILE, TEXT_FILE};
pub(crate) use host::VFS_POSIX;
pub(crate) use methods::{VFS_FAT, VFS_LFS2, VFS_ROM};

pub(crate) use os::{OS, VFS};

use upy_runtime::{Args, Files, PathKind, Qstr, Result, Value, Vm};
use upy_vfs::mount::{Current, Place, find};

use crate::names as q;
use crate::roots;

pub(crate) const ENODEV: i32 = 19;
pub(crate) const EPERM: i32 = 1;
pub(crate) const EINVAL: i32 = 22;
/// `stat` of a directory and of a file.
pub(crate) const DIRECTORY: isize = 0x4000;
pub(crate) const FILE: isize = 0x8000;

/// How `open` and `import` find files.
pub(crate) const FILES: Files = Files { kind, open };

/// Where a path leads.
enum Target {
    Root,
    /// The file system, the path inside it, and its place in the table.
    Mount(Value, Value, usize),
    Nowhere,
}

/// The mount table; what the host has is mounted at the root at first. A board's flash is mounted by `_boot.py`.
fn table(vm: &mut Vm<'_>) -> Result<Value> {
    let table = vm.root(roots::MOUNTS);
    if !table.is_none() {
        return Ok(table);
    }
    let table = vm.new_list(&[])?.value();
    vm.set_root(roots::MOUNTS, table);
    set_current(vm, Current::Root);
    if vm.host().kind(b"/") == PathKind::Directory {
        let files = host::new(vm)?;
        vm.append(table, files)?;
        let point = vm.new_str(b"/")?;
        vm.append(table, point)?;
        set_current(vm, Current::Mount(0));
    }
    Ok(table)
}

fn current(vm: &Vm<'_>) -> Current {
    match vm.root(roots::CURRENT_MOUNT).as_small() {
        Some(index @ 0..) => Current::Mount(index as usize),
        _ => Current::Root,
    }
}

fn set_current(vm: &mut Vm<'_>, current: Current) {
    let index = match current {
        Current::Root => -1,
        Current::Mount(index) => index as isize,
    };
    vm.set_root(roots::CURRENT_MOUNT, Value::small(index));
}

/// The mount points in the order of the table.
fn points<'v>(vm: &'v Vm<'_>, table: Value) -> impl Iterator<Item = &'v [u8]> + Clone {
    let items = vm.items_of(table).unwrap_or_default();
    items
        .chunks(2)
        .map(|entry| entry.get(1).map_or(&[][..], |point| vm.bytes_of(*point)))
}

/// The file system at a place of the table.
fn mounted(vm: &Vm<'_>, table: Value, index: usize) -> Value {
    vm.item_at(table, 2 * index).unwrap_or(Value::NONE)
}

/// The one that is mounted at the root.
fn root_mount(vm: &mut Vm<'_>) -> Result<Option<Value>> {
    let table = table(vm)?;
    let index = points(vm, table).position(|point| point == b"/");
    Ok(index.map(|index| mounted(vm, table, index)))
}

/// Where a path leads, a string or bytes.
fn lookup(vm: &mut Vm<'_>, path: Value) -> Result<Target> {
    let table = table(vm)?;
    let native = vm.native_of(path);
    if !vm.is_str(native) && !vm.is_bytes(native) {
        return Err(vm.type_error(b"can't convert to str implicitly"));
    }
    let bytes = vm.bytes_of(native);
    let (index, len, is_suffix) = match find(bytes, current(vm), points(vm, table)) {
        Place::Root => return Ok(Target::Root),
        Place::Nowhere => return Ok(Target::Nowhere),
        Place::Mount(index, rest) => (index, rest.len(), bytes.ends_with(rest)),
    };
    let total = bytes.len();
    let is_text = vm.is_str(native);
    let inner = if !is_suffix {
        if is_text {
            vm.new_str(b"/")?
        } else {
            vm.new_bytes(b"/")?
        }
    } else if len == total {
        native
    } else {
        vm.copy_range(native, total - len, total, is_text)?
    };
    Ok(Target::Mount(mounted(vm, table, index), inner, index))
}

/// Calls a method of the file system of a path, with the path inside it and more arguments.
fn delegate(vm: &mut Vm<'_>, path: Value, method: Qstr, more: &[Value]) -> Result<Value> {
    match lookup(vm, path)? {
        Target::Nowhere => Err(vm.os_error(ENODEV)),
        Target::Root => Err(vm.os_error(EPERM)),
        Target::Mount(files, path, _) => {
            let args = [path, more.first().copied().unwrap_or(Value::NONE)];
            vm.call_method(files, method, &args[..1 + more.len().min(1)])
        }
    }
}

/// `open(file, mode='r', buffering=-1, encoding=None)`
fn open(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    vm.check_keywords(args, &[q::file, q::mode, q::buffering, q::encoding])?;
    let Some(path) = args.either(vm, 0, q::file) else {
        return Err(vm.wrong_count(1, 4, args.count));
    };
    let mode = match args.either(vm, 1, q::mode) {
        Some(mode) => mode,
        None => Value::qstr(q::r),
    };
    delegate(vm, path, q::open, &[mode])
}

/// What a path names, for `import`.
fn kind(vm: &mut Vm<'_>, path: &[u8]) -> Result<PathKind> {
    let text = vm.new_str(path)?;
    let Target::Mount(files, inner, _) = lookup(vm, text)? else {
        return Ok(PathKind::Absent);
    };
    if host::is_host(vm, files) {
        return Ok(host::kind(vm, inner));
    }
    vm.push(inner)?;
    let found = vm.call_method(files, q::stat, &[inner]);
    vm.pop();
    let Ok(found) = found else {
        // As MicroPython: whatever went wrong, it is not there.
        vm.take_exception();
        return Ok(PathKind::Absent);
    };
    let mode = vm.item_at(found, 0).and_then(Value::as_small).unwrap_or(0);
    Ok(if mode & DIRECTORY != 0 {
        PathKind::Directory
    } else {
        PathKind::File
    })
}

/// A tuple of ten as `stat` gives.
fn stat_tuple(vm: &mut Vm<'_>, mode: isize, size: u64, seconds: u64) -> Result<Value> {
    let top = vm.stack_len();
    let size = vm.new_unsigned(size)?;
    vm.push(size)?;
    let time = vm.new_unsigned(seconds)?;
    vm.push(time)?;
    let zero = Value::small(0);
    let items = [
        Value::small(mode),
        zero,
        zero,
        zero,
        zero,
        zero,
        size,
        time,
        time,
        time,
    ];
    let tuple = vm.new_tuple(&items);
    vm.truncate(top);
    tuple
}

/// An entry as `ilistdir` gives.
fn listing_entry(
    vm: &mut Vm<'_>,
    name: &[u8],
    is_text: bool,
    mode: isize,
    size: Option<u64>,
) -> Result<Value> {
    let top = vm.stack_len();
    let name = if is_text {
        vm.new_str(name)?
    } else {
        vm.new_bytes(name)?
    };
    vm.push(name)?;
    let size_value = vm.new_unsigned(size.unwrap_or(0))?;
    let items = [name, Value::small(mode), Value::small(0), size_value];
    let tuple = vm.new_tuple(&items[..if size.is_some() { 4 } else { 3 }]);
    vm.truncate(top);
    tuple
}
