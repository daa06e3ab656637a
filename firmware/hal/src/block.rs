//! Storage in blocks: flash, an SD card, memory, or a Python object with `readblocks`.
//!
//! Nobody owns a device: whoever works on one is handed `&mut dyn BlockDevice` for that one call, because the
//! device may be an object of an interpreter that lives in a garbage-collected heap.
//!
//! Errors are errno values, the numbers that Python programs see in `OSError`.

/// An error number as `OSError` carries it. The numbers are Linux's, which MicroPython uses on all boards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(pub u16);

impl Errno {
    /// The operation is not allowed on this object (the root of a mount table).
    pub const EPERM: Self = Self(1);
    /// No such file or directory.
    pub const ENOENT: Self = Self(2);
    /// The device failed.
    pub const EIO: Self = Self(5);
    /// The file was not opened for this.
    pub const EBADF: Self = Self(9);
    /// Out of memory, or out of the places that the caller lent.
    pub const ENOMEM: Self = Self(12);
    /// Not allowed: a FAT file is read-only or busy.
    pub const EACCES: Self = Self(13);
    /// In use.
    pub const EBUSY: Self = Self(16);
    /// It exists already.
    pub const EEXIST: Self = Self(17);
    /// No such device: nothing is mounted there, or no file system is on it.
    pub const ENODEV: Self = Self(19);
    /// A component of the path is no directory.
    pub const ENOTDIR: Self = Self(20);
    /// It is a directory.
    pub const EISDIR: Self = Self(21);
    /// An argument is wrong.
    pub const EINVAL: Self = Self(22);
    /// Too many open files.
    pub const EMFILE: Self = Self(24);
    /// The file would become too large.
    pub const EFBIG: Self = Self(27);
    /// No free block is left.
    pub const ENOSPC: Self = Self(28);
    /// Read-only.
    pub const EROFS: Self = Self(30);
    /// The file name is too long.
    pub const ENAMETOOLONG: Self = Self(36);
    /// The directory is not empty.
    pub const ENOTEMPTY: Self = Self(39);
    /// There is no such attribute.
    pub const ENODATA: Self = Self(61);
    /// What is stored makes no sense; a block that answers this to a program or erase is replaced by another.
    pub const EILSEQ: Self = Self(84);
    /// Not supported.
    pub const EOPNOTSUPP: Self = Self(95);
}

/// What `read`, `program` and `erase` answer.
pub type Result<T = ()> = core::result::Result<T, Errno>;

/// Storage that is erased in blocks and programmed in parts of them.
///
/// Blocks are numbered from 0 to `block_count() - 1`. Callers keep every access inside one block.
pub trait BlockDevice {
    /// Size of a block, the unit of erasing, in bytes.
    fn block_size_bytes(&self) -> u32;

    /// How many blocks there are.
    fn block_count(&self) -> u32;

    /// Fills `buffer` from `offset_bytes` of `block`.
    ///
    /// # Errors
    /// What the device reports.
    fn read(&mut self, block: u32, offset_bytes: u32, buffer: &mut [u8]) -> Result;

    /// Writes `data` at `offset_bytes` of `block`, to bytes that were erased before.
    ///
    /// # Errors
    /// What the device reports; `EILSEQ` for a block that has worn out.
    fn program(&mut self, block: u32, offset_bytes: u32, data: &[u8]) -> Result;

    /// Makes all of `block` ready to be programmed. What it holds then is up to the device.
    ///
    /// # Errors
    /// What the device reports; `EILSEQ` for a block that has worn out.
    fn erase(&mut self, block: u32) -> Result;

    /// Returns when everything programmed is stored.
    ///
    /// # Errors
    /// What the device reports.
    fn sync(&mut self) -> Result {
        Ok(())
    }

    /// The content, when it lies in memory that is mapped for reading.
    fn memory(&self) -> Option<&[u8]> {
        None
    }
}
