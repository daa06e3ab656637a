//! `VfsPosix`: the host's own files, where there is a host.

use upy_runtime::stream::open_host;
use upy_runtime::{
    Args, Body, Entry, PathKind, Result, Slots, TypeId, TypeInfo, Value, Vm, function,
};

use super::{DIRECTORY, FILE, listing_entry, stat_tuple};
use crate::names as q;
use crate::types;

const METHODS: &[Entry] = &[
    function(q::mount, mount, 3, 3),
    function(q::umount, nothing, 1, 1),
    function(q::open, open, 2, 3),
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

pub(crate) static VFS_POSIX: TypeInfo = TypeInfo {
    name: q::VfsPosix,
    base: TypeId::Object,
    make: Some(make),
    entries: METHODS,
    slots: &Slots::NONE,
};

/// The host's files from a directory on.
#[derive(Clone, Copy)]
struct HostFiles {
    /// What absolute paths start with, without a slash at its end; empty for the host's own root.
    root: Value,
    is_read_only: bool,
}

impl Body for HostFiles {
    fn trace(&self, marker: &mut upy_runtime::Marker<'_, '_>) {
        marker.value(self.root);
    }
}

/// The host's files from the host's root on.
pub(super) fn new(vm: &mut Vm<'_>) -> Result<Value> {
    let root = vm.new_str(b"")?;
    vm.new_object(
        types::VFS_POSIX,
        HostFiles {
            root,
            is_read_only: false,
        },
    )
}

/// `VfsPosix(root='')`
fn make(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    if args.count > 1 || args.keywords > 0 {
        return Err(vm.wrong_count(0, 1, args.count));
    }
    let Some(given) = args.get(vm, 0) else {
        let there = vm.host().current_directory(&mut |_| {});
        done(vm, there)?;
        let root = vm.new_str(b"")?;
        return vm.new_object(
            class,
            HostFiles {
                root,
                is_read_only: false,
            },
        );
    };
    let path = Name::of(vm, given)?;
    let mut whole = [0; LONGEST];
    let mut len = 0;
    if !path.bytes().starts_with(b"/") {
        let found = vm.host().current_directory(&mut |current| {
            let fits = current.len().min(LONGEST - 1);
            whole[..fits].copy_from_slice(&current[..fits]);
            whole[fits] = b'/';
            len = fits + 1;
        });
        done(vm, found)?;
    }
    let end = len + path.len;
    if end > LONGEST {
        return Err(vm.os_error(36));
    }
    whole[len..end].copy_from_slice(path.bytes());
    let mut end = end;
    while end > 0 && whole[end - 1] == b'/' {
        end -= 1;
    }
    let root = vm.new_text(&whole[..end])?;
    vm.new_object(
        class,
        HostFiles {
            root,
            is_read_only: false,
        },
    )
}

/// Longest path in bytes.
const LONGEST: usize = 512;

/// A path outside the heap.
struct Name {
    bytes: [u8; LONGEST],
    len: usize,
}

impl Name {
    fn of(vm: &mut Vm<'_>, path: Value) -> Result<Self> {
        Self::below(vm, Value::NONE, path)
    }

    /// The host's path of a path below `root`.
    fn below(vm: &mut Vm<'_>, root: Value, path: Value) -> Result<Self> {
        let native = vm.native_of(path);
        let Some(text) = vm.text_or_bytes(native) else {
            return Err(vm.type_error(b"can't convert to str implicitly"));
        };
        let mut this = Self {
            bytes: [0; LONGEST],
            len: 0,
        };
        let prefix = if text.starts_with(b"/") && !root.is_none() {
            vm.bytes_of(root)
        } else {
            b""
        };
        let total = prefix.len() + text.len();
        if total > LONGEST {
            return Err(vm.os_error(36));
        }
        this.bytes[..prefix.len()].copy_from_slice(prefix);
        this.bytes[prefix.len()..total].copy_from_slice(text);
        this.len = total;
        Ok(this)
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

fn name(vm: &mut Vm<'_>, args: Args, index: usize) -> Result<Name> {
    let root = vm.this::<HostFiles>(args)?.root;
    let path = args.at(vm, index);
    Name::below(vm, root, path)
}

/// Whether a file system is the host's.
pub(super) fn is_host(vm: &Vm<'_>, files: Value) -> bool {
    vm.body::<HostFiles>(files)
        .is_some_and(|files| vm.bytes_of(files.root).is_empty())
}

/// What a path names.
pub(super) fn kind(vm: &mut Vm<'_>, path: Value) -> PathKind {
    match Name::of(vm, path) {
        Ok(name) => vm.host().kind(name.bytes()),
        Err(_) => {
            vm.take_exception();
            PathKind::Absent
        }
    }
}

fn done(vm: &mut Vm<'_>, result: core::result::Result<(), i32>) -> Result<Value> {
    match result {
        Ok(()) => Ok(Value::NONE),
        Err(errno) => Err(vm.os_error(errno)),
    }
}

/// `files.mount(readonly, mkfs)`
fn mount(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (this, readonly) = (args.at(vm, 0), args.at(vm, 1));
    let readonly = vm.truth(readonly)?;
    if let Some(files) = vm.body_mut::<HostFiles>(this) {
        files.is_read_only = readonly;
    }
    Ok(Value::NONE)
}

/// `EROFS` for what is mounted read-only.
fn check_writable(vm: &mut Vm<'_>, args: Args) -> Result<()> {
    if vm.this::<HostFiles>(args)?.is_read_only {
        return Err(vm.os_error(30));
    }
    Ok(())
}

fn nothing(_: &mut Vm<'_>, _: Args) -> Result<Value> {
    Ok(Value::NONE)
}

fn open(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let name = name(vm, args, 1)?;
    if let Some(mode) = args.get(vm, 2)
        && vm.text(mode)?.iter().any(|byte| b"wax+".contains(byte))
    {
        check_writable(vm, args)?;
    }
    let top = vm.stack_len();
    let path = vm.new_text(name.bytes())?;
    vm.push(path)?;
    let mode = args.get(vm, 2).unwrap_or(Value::qstr(q::r));
    vm.push(mode)?;
    let inner = Args::on_stack(top, 2);
    let file = open_host(vm, inner);
    vm.truncate(top);
    file
}

fn chdir(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let name = name(vm, args, 1)?;
    let result = vm.host().change_directory(name.bytes());
    done(vm, result)
}

fn getcwd(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let root = vm.this::<HostFiles>(args)?.root;
    let mut path = [0; LONGEST];
    let mut len = 0;
    let found = vm.host().current_directory(&mut |current| {
        len = current.len().min(LONGEST);
        path[..len].copy_from_slice(&current[..len]);
    });
    done(vm, found)?;
    let inner = path[..len]
        .strip_prefix(vm.bytes_of(root))
        .unwrap_or(&path[..len]);
    let inner = if inner.is_empty() { b"/" } else { inner };
    let mut copy = [0; LONGEST];
    copy[..inner.len()].copy_from_slice(inner);
    let len = inner.len();
    vm.new_text(&copy[..len])
}

fn ilistdir(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (name, is_text) = match args.get(vm, 1) {
        Some(path) => {
            let is_text = !vm.is_bytes(path);
            (name(vm, args, 1)?, is_text)
        }
        None => {
            let dot = vm.new_str(b".")?;
            (Name::of(vm, dot)?, true)
        }
    };
    let path: &[u8] = if name.len == 0 { b"." } else { name.bytes() };
    let top = vm.stack_len();
    let list = vm.new_list(&[])?.value();
    vm.push(list)?;
    // The names go to one buffer first, each behind its length and kind: the host cannot fill a list.
    let mut total = 0;
    let listed = vm
        .host()
        .list(path, &mut |name, _| total += name.len().min(255) + 2);
    if let Err(errno) = listed {
        return Err(vm.os_error(errno));
    }
    let buffer = vm.new_zeros(total)?;
    vm.push(buffer)?;
    let mut filled = 0;
    if let Some((host, bytes)) = vm.host_and_bytes(buffer) {
        let _ = host.list(path, &mut |name, is_directory| {
            let name = &name[..name.len().min(255)];
            if let Some(place) = bytes.get_mut(filled..filled + name.len() + 2) {
                place[0] = name.len() as u8;
                place[1] = u8::from(is_directory);
                place[2..].copy_from_slice(name);
                filled += name.len() + 2;
            }
        });
    }
    let mut at = 0;
    while at < filled {
        let mut entry = [0; 255];
        let bytes = vm.bytes_of(buffer);
        let (len, is_directory) = (usize::from(bytes[at]), bytes[at + 1] != 0);
        entry[..len].copy_from_slice(&bytes[at + 2..at + 2 + len]);
        at += len + 2;
        let mode = if is_directory { DIRECTORY } else { FILE };
        let item = listing_entry(vm, &entry[..len], is_text, mode, None)?;
        vm.append(list, item)?;
    }
    let iterator = vm.iterate(list);
    vm.truncate(top);
    iterator
}

fn mkdir(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    check_writable(vm, args)?;
    let name = name(vm, args, 1)?;
    let result = vm.host().make_directory(name.bytes());
    done(vm, result)
}

fn remove(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    check_writable(vm, args)?;
    let name = name(vm, args, 1)?;
    let result = vm.host().remove(name.bytes());
    done(vm, result)
}

fn rmdir(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    check_writable(vm, args)?;
    let name = name(vm, args, 1)?;
    let result = vm.host().remove_directory(name.bytes());
    done(vm, result)
}

fn rename(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    check_writable(vm, args)?;
    let (from, to) = (name(vm, args, 1)?, name(vm, args, 2)?);
    let result = vm.host().rename(from.bytes(), to.bytes());
    done(vm, result)
}

fn stat(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let name = name(vm, args, 1)?;
    match vm.host().size_and_time(name.bytes()) {
        Ok((size, time)) => {
            let mode = match vm.host().kind(name.bytes()) {
                PathKind::Directory => DIRECTORY,
                _ => FILE,
            };
            stat_tuple(vm, mode, size, time)
        }
        Err(errno) => Err(vm.os_error(errno)),
    }
}

fn statvfs(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    let mut items = [Value::small(0); 10];
    items[9] = Value::small(255);
    vm.new_tuple(&items)
}
