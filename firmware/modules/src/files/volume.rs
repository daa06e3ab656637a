//! File systems on block devices and in memory: what one keeps, and calls of them.
//!
//! A volume is one object with everything that its file system keeps: nothing of it is borrowed while the device, which
//! may be Python code, is at work. For that time state and tables are copied to the stack and back.

use upy_runtime::{Body, Marker, Result, Value, Vm};
use upy_vfs::littlefs::Buffers;
use upy_vfs::rom::Rom;
use upy_vfs::{Errno, fat, littlefs};

use super::device::Device;
use super::times;

/// Files that can be open on one volume.
pub(super) const OPEN_FILES: usize = 12;
/// Largest cache of a littlefs.
pub(super) const CACHE_MAX: usize = if cfg!(target_pointer_width = "64") {
    4096
} else {
    512
};
pub(super) const LOOKAHEAD_MAX: usize = 256;
/// Largest sector of FAT; a small board has no stack for more.
pub(super) const SECTOR_MAX: usize = if cfg!(target_pointer_width = "64") {
    4096
} else {
    512
};
const PATH_MAX: usize = 512;

/// What is on a volume, and what its file system keeps.
#[derive(Clone)]
pub(super) enum Store {
    Lfs {
        state: littlefs::State,
        with_time: bool,
    },
    Fat {
        /// `None` when the device has no file system (yet).
        state: Option<fat::State>,
    },
    Rom(Rom),
}

/// One file system.
#[derive(Clone)]
pub(super) struct Volume {
    /// The device; for ROM the memory.
    pub(super) device: Value,
    /// The current directory.
    pub(super) directory: Value,
    /// The lookahead buffer of a littlefs.
    pub(super) lookahead: Value,
    pub(super) store: Store,
    /// [`Files`] while any are open, else `None`.
    pub(super) files: Value,
    pub(super) is_read_only: bool,
    /// A call is under way: the device must not come back here.
    pub(super) is_busy: bool,
}

impl Body for Volume {
    fn trace(&self, marker: &mut Marker<'_, '_>) {
        marker.value(self.device);
        marker.value(self.directory);
        marker.value(self.lookahead);
        marker.value(self.files);
    }
}

/// What a file system keeps of its open files.
#[derive(Clone, Copy)]
struct Files<S>([S; OPEN_FILES]);

impl Body for Files<littlefs::Slot> {}
impl Body for Files<fat::Slot> {}

/// Makes room for what is kept of open files, before one is opened.
///
/// # Errors
/// `MemoryError`.
pub(super) fn make_room(vm: &mut Vm<'_>, this: Value) -> Result<()> {
    let body = volume(vm, this)?;
    if !body.files.is_none() {
        return Ok(());
    }
    let is_fat = matches!(body.store, Store::Fat { .. });
    // No program ever sees it, so that it needs no type of its own.
    let native = vm.native_of(this);
    let class = vm.native_type(native);
    let files = if is_fat {
        vm.new_object(class, Files([fat::Slot::default(); OPEN_FILES]))?
    } else {
        vm.new_object(class, Files([littlefs::Slot::default(); OPEN_FILES]))?
    };
    volume(vm, this)?.files = files;
    Ok(())
}

/// Keeps the open files, or forgets them when there is none.
fn give_back<S: Copy>(
    vm: &mut Vm<'_>,
    this: Value,
    files: Option<Files<S>>,
    is_free: fn(&S) -> bool,
) -> Result<()>
where
    Files<S>: Body,
{
    let Some(files) = files else { return Ok(()) };
    let kept = volume(vm, this)?.files;
    if files.0.iter().all(is_free) {
        volume(vm, this)?.files = Value::NONE;
    } else if let Some(kept) = vm.body_mut::<Files<S>>(kept) {
        *kept = files;
    }
    Ok(())
}

/// A path outside the heap, absolute.
pub(super) struct Path {
    pub(super) bytes: [u8; PATH_MAX],
    pub(super) len: usize,
}

impl Path {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

pub(super) fn raise<T>(vm: &mut Vm<'_>, errno: Errno) -> Result<T> {
    Err(vm.os_error(i32::from(errno.0)))
}

pub(super) fn volume<'v>(vm: &'v mut Vm<'_>, this: Value) -> Result<&'v mut Volume> {
    if vm.body::<Volume>(this).is_none() {
        return Err(vm.type_error(b"object of another type expected"));
    }
    match vm.body_mut::<Volume>(this) {
        Some(volume) => Ok(volume),
        None => unreachable!("it was there"),
    }
}

/// An argument as a path from the root of the volume.
pub(super) fn path(vm: &mut Vm<'_>, this: Value, given: Value) -> Result<Path> {
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
        files,
        ..
    } = begin(vm, this)?;
    let Store::Lfs { mut state, .. } = store else {
        return end(vm, this, Err(Errno::ENODEV), false);
    };
    let mut slots = vm.body::<Files<littlefs::Slot>>(files).copied();
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
        slots.as_mut().map_or(&mut [], |files| &mut files.0),
    ));
    let has_raised = device.has_raised;
    if let Ok(bytes) = vm.data_mut(lookahead) {
        let len = bytes.len().min(bit_bytes);
        bytes[..len].copy_from_slice(&bits[..len]);
    }
    if let Store::Lfs { state: kept, .. } = &mut volume(vm, this)?.store {
        *kept = state;
    }
    give_back(vm, this, slots, littlefs::Slot::is_free)?;
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
        files,
        ..
    } = begin(vm, this)?;
    let Store::Fat {
        state: Some(mut state),
    } = store
    else {
        return end(vm, this, Err(Errno::ENODEV), false);
    };
    let mut slots = vm.body::<Files<fat::Slot>>(files).copied();
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
                slots.as_mut().map_or(&mut [], |files| &mut files.0),
                now,
            ));
            (result, device.has_raised)
        }
        None => (Err(Errno::EINVAL), false),
    };
    if let Store::Fat { state: kept } = &mut volume(vm, this)?.store {
        *kept = Some(state);
    }
    give_back(vm, this, slots, fat::Slot::is_free)?;
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
