//! The functions of `os` and `vfs`.

use upy_runtime::{Args, Entry, KEYWORDS, Result, Value, Vm, class, function, text};
use upy_vfs::mount::{after_mount, after_unmount, position};

use super::{
    DIRECTORY, EINVAL, EPERM, Target, current, delegate, lookup, mounted, points, root_mount,
    set_current, stat_tuple, table,
};
use crate::names as q;
use crate::types;

pub(crate) const OS: &[Entry] = &[
    text(q::__name__, q::os),
    text(q::sep, q::slash),
    function(q::uname, uname, 0, 0),
    function(q::urandom, urandom, 1, 1),
    function(q::sync, sync, 0, 0),
    function(q::chdir, chdir, 1, 1),
    function(q::getcwd, getcwd, 0, 0),
    function(q::listdir, listdir, 0, 1),
    function(q::ilistdir, ilistdir, 0, 1),
    function(q::mkdir, mkdir, 1, 1),
    function(q::remove, remove, 1, 1),
    function(q::unlink, remove, 1, 1),
    function(q::rename, rename, 2, 2),
    function(q::rmdir, rmdir, 1, 1),
    function(q::stat, stat, 1, 1),
    function(q::statvfs, statvfs, 1, 1),
    function(q::mount, mount, 0, 4 | KEYWORDS),
    function(q::umount, umount, 1, 1),
    #[cfg(feature = "webrepl")]
    function(q::dupterm, crate::dupterm::dupterm, 1, 2),
    class(q::VfsFat, types::VFS_FAT),
    #[cfg(feature = "littlefs1")]
    class(q::VfsLfs1, types::VFS_LFS1),
    class(q::VfsLfs2, types::VFS_LFS2),
    class(q::VfsPosix, types::VFS_POSIX),
];

pub(crate) const VFS: &[Entry] = &[
    text(q::__name__, q::vfs),
    function(q::mount, mount, 0, 4 | KEYWORDS),
    function(q::umount, umount, 1, 1),
    class(q::VfsFat, types::VFS_FAT),
    #[cfg(feature = "littlefs1")]
    class(q::VfsLfs1, types::VFS_LFS1),
    class(q::VfsLfs2, types::VFS_LFS2),
    class(q::VfsRom, types::VFS_ROM),
    class(q::VfsPosix, types::VFS_POSIX),
];

/// `uname()`
fn uname(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    let top = vm.stack_len();
    let name = vm.host().platform();
    for part in [name, name, "1.29.0", "upy", name] {
        let part = vm.new_str(part.as_bytes())?;
        vm.push(part)?;
    }
    let fields = [q::sysname, q::nodename, q::release, q::version, q::machine];
    let tuple = vm.named_tuple_from_stack(top, &fields);
    vm.truncate(top);
    tuple
}

/// `urandom(n)`
fn urandom(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let Ok(len) = usize::try_from(vm.int_arg(args, 0)?) else {
        return Err(vm.value_error(b""));
    };
    let array = vm.new_zeros(len)?;
    vm.push(array)?;
    if let Some((host, bytes)) = vm.host_and_bytes(array) {
        host.random(bytes);
    }
    vm.copy_range(array, 0, len, false)
}

/// `sync()`: everything is stored when a file is closed or flushed.
fn sync(_: &mut Vm<'_>, _: Args) -> Result<Value> {
    Ok(Value::NONE)
}

/// `chdir(path)`
fn chdir(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let given = args.at(vm, 0);
    let target = lookup(vm, given)?;
    match target {
        Target::Nowhere => Err(vm.os_error(super::ENODEV)),
        Target::Root => {
            // Relative paths of what is mounted at the root begin there again.
            if let Some(files) = root_mount(vm)? {
                let slash = vm.new_str(b"/")?;
                vm.call_method(files, q::chdir, &[slash])?;
            }
            set_current(vm, upy_vfs::mount::Current::Root);
            Ok(Value::NONE)
        }
        Target::Mount(files, path, index) => {
            vm.call_method(files, q::chdir, &[path])?;
            set_current(vm, upy_vfs::mount::Current::Mount(index));
            Ok(Value::NONE)
        }
    }
}

/// `getcwd()`
fn getcwd(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    let table = table(vm)?;
    let upy_vfs::mount::Current::Mount(index) = current(vm) else {
        return vm.new_str(b"/");
    };
    let files = mounted(vm, table, index);
    let inner = vm.call_method(files, q::getcwd, &[])?;
    let point = vm.item_at(table, 2 * index + 1).unwrap_or(Value::NONE);
    if vm.bytes_of(point).len() <= 1 {
        return Ok(inner);
    }
    vm.push(inner)?;
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    let sink = upy_runtime::Sink::Buffer(buffer);
    vm.put_str(sink, point)?;
    if vm.bytes_of(inner) != b"/" {
        vm.put_str(sink, inner)?;
    }
    vm.take_text(buffer)
}

/// `ilistdir(path='')`
fn ilistdir(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let path = match args.get(vm, 0) {
        Some(path) => path,
        None => vm.new_str(b"")?,
    };
    match lookup(vm, path)? {
        Target::Root => list_root(vm, !vm.is_bytes(path)),
        _ => delegate(vm, path, q::ilistdir, &[]),
    }
}

/// The mount points, then what is mounted at the root.
fn list_root(vm: &mut Vm<'_>, is_text: bool) -> Result<Value> {
    let table = table(vm)?;
    let top = vm.stack_len();
    let list = vm.new_list(&[])?.value();
    vm.push(list)?;
    let count = points(vm, table).count();
    for index in 0..count {
        let point = vm.item_at(table, 2 * index + 1).unwrap_or(Value::NONE);
        let len = vm.bytes_of(point).len();
        if len <= 1 {
            continue;
        }
        let name = vm.copy_range(point, 1, len, is_text)?;
        vm.push(name)?;
        let entry = vm.new_tuple(&[name, Value::small(DIRECTORY), Value::small(0)])?;
        vm.append(list, entry)?;
        vm.pop();
    }
    if let Some(files) = root_mount(vm)? {
        let slash = vm.new_str(b"/")?;
        let inner = vm.call_method(files, q::ilistdir, &[slash])?;
        vm.push(inner)?;
        while let Some(entry) = vm.iterate_next(inner)? {
            vm.append(list, entry)?;
        }
    }
    let iterator = vm.iterate(list);
    vm.truncate(top);
    iterator
}

/// `listdir(path='')`
fn listdir(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let found = ilistdir(vm, args)?;
    let entries = vm.iterate(found)?;
    vm.push(entries)?;
    let list = vm.new_list(&[])?.value();
    vm.push(list)?;
    while let Some(entry) = vm.iterate_next(entries)? {
        let name = vm.subscript(entry, Value::small(0))?;
        vm.append(list, name)?;
    }
    Ok(list)
}

/// `mkdir(path)`
fn mkdir(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let path = args.at(vm, 0);
    match lookup(vm, path)? {
        Target::Root => Err(vm.os_error(17)),
        Target::Mount(_, inner, _) if vm.bytes_of(inner) == b"/" => Err(vm.os_error(17)),
        _ => delegate(vm, path, q::mkdir, &[]),
    }
}

/// `remove(path)`
fn remove(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    delegate(vm, args.at(vm, 0), q::remove, &[])
}

/// `rmdir(path)`
fn rmdir(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    delegate(vm, args.at(vm, 0), q::rmdir, &[])
}

/// `rename(old, new)`
fn rename(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (from, to) = (args.at(vm, 0), args.at(vm, 1));
    let from = lookup(vm, from)?;
    if let Target::Mount(_, path, _) = from {
        vm.push(path)?;
    }
    match (from, lookup(vm, to)?) {
        (Target::Mount(files, from, one), Target::Mount(_, to, other)) if one == other => {
            vm.call_method(files, q::rename, &[from, to])
        }
        (Target::Nowhere, Target::Nowhere) => Err(vm.os_error(super::ENODEV)),
        // Not from one file system to another.
        _ => Err(vm.os_error(EPERM)),
    }
}

/// `stat(path)`
fn stat(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let path = args.at(vm, 0);
    match lookup(vm, path)? {
        Target::Root => stat_tuple(vm, DIRECTORY, 0, 0),
        _ => delegate(vm, path, q::stat, &[]),
    }
}

/// `statvfs(path)`
fn statvfs(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let path = args.at(vm, 0);
    match lookup(vm, path)? {
        Target::Root => match root_mount(vm)? {
            Some(files) => {
                let slash = vm.new_str(b"/")?;
                vm.call_method(files, q::statvfs, &[slash])
            }
            None => {
                let mut items = [Value::small(0); 10];
                items[9] = Value::small(255);
                vm.new_tuple(&items)
            }
        },
        _ => delegate(vm, path, q::statvfs, &[]),
    }
}

/// The mounts as a list of file systems and mount points.
fn mounts(vm: &mut Vm<'_>) -> Result<Value> {
    let table = table(vm)?;
    let list = vm.new_list(&[])?.value();
    vm.push(list)?;
    let count = points(vm, table).count();
    for index in 0..count {
        let files = mounted(vm, table, index);
        let point = vm.item_at(table, 2 * index + 1).unwrap_or(Value::NONE);
        let pair = vm.new_tuple(&[files, point])?;
        vm.append(list, pair)?;
    }
    Ok(list)
}

/// `mount()`, `mount(fsobj, mount_point, *, readonly=False, mkfs=False)`
fn mount(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    if args.count == 0 {
        return mounts(vm);
    }
    vm.check_keywords(args, &[q::readonly, q::mkfs])?;
    if args.count != 2 {
        return Err(vm.wrong_count(2, 2, args.count));
    }
    let table = table(vm)?;
    let (mut files, point) = (args.at(vm, 0), args.at(vm, 1));
    let readonly = args.named(vm, q::readonly).unwrap_or(Value::FALSE);
    let mkfs = args.named(vm, q::mkfs).unwrap_or(Value::FALSE);
    vm.text(point)?;
    if vm.try_attr(files, q::mount)?.is_none() {
        // A device: what is on it is found out.
        let class = super::make::littlefs_class(vm, files).unwrap_or(types::VFS_FAT);
        files = vm.call(class.value(), &[files])?;
    }
    vm.push(files)?;
    vm.call_method(files, q::mount, &[readonly, mkfs])?;
    let place = match position(vm.bytes_of(point), points(vm, table)) {
        Ok(place) => place,
        Err(errno) => return Err(vm.os_error(i32::from(errno.0))),
    };
    insert(vm, table, place, files, point)?;
    let moved = after_mount(current(vm), place);
    set_current(vm, moved);
    Ok(Value::NONE)
}

/// Puts an entry into the table.
fn insert(vm: &mut Vm<'_>, table: Value, place: usize, files: Value, point: Value) -> Result<()> {
    vm.append(table, files)?;
    vm.append(table, point)?;
    let len = vm.items_of(table).map_or(0, <[Value]>::len);
    for index in (2 * place + 2..len).rev() {
        let item = vm.item_at(table, index - 2).unwrap_or(Value::NONE);
        vm.set_item(table, index, item);
    }
    vm.set_item(table, 2 * place, files);
    vm.set_item(table, 2 * place + 1, point);
    Ok(())
}

/// `umount(mount_point)`, also with the file system itself
fn umount(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let given = args.at(vm, 0);
    let table = table(vm)?;
    let native = vm.native_of(given);
    let is_text = vm.is_str(native);
    let count = points(vm, table).count();
    let index = (0..count).find(|index| {
        let point = vm.item_at(table, 2 * index + 1).unwrap_or(Value::NONE);
        mounted(vm, table, *index) == given
            || (is_text && vm.bytes_of(point) == vm.bytes_of(native))
    });
    let Some(index) = index else {
        return Err(vm.os_error(EINVAL));
    };
    let files = mounted(vm, table, index);
    vm.push(files)?;
    for at in 2 * index..2 * count - 2 {
        let item = vm.item_at(table, at + 2).unwrap_or(Value::NONE);
        vm.set_item(table, at, item);
    }
    vm.truncate_list(table, 2 * count - 2);
    let moved = after_unmount(current(vm), index);
    set_current(vm, moved);
    vm.call_method(files, q::umount, &[])?;
    Ok(Value::NONE)
}
