//! A block device that is a Python object: `readblocks`, `writeblocks`, `ioctl`.

use upy_runtime::{Raised, Result, Value, Vm};
use upy_vfs::{BlockDevice, Errno};

use crate::names as q;

/// Requests of `ioctl`, as in MicroPython's documentation of `vfs.AbstractBlockDev`.
mod request {
    pub(super) const INIT: isize = 1;
    pub(super) const SYNC: isize = 3;
    pub(super) const COUNT: isize = 4;
    pub(super) const SIZE: isize = 5;
    pub(super) const ERASE: isize = 6;
}

/// The device for the time of a call of a file system.
pub(super) struct Device<'v, 'm> {
    pub(super) vm: &'v mut Vm<'m>,
    object: Value,
    block_size: u32,
    count: u32,
    /// Blocks are read and written in parts, and erased; else as a whole.
    is_extended: bool,
    is_read_only: bool,
    /// The object has no `ioctl`.
    is_old: bool,
    /// The object raised an exception, which is in flight.
    pub(super) has_raised: bool,
}

impl<'v, 'm> Device<'v, 'm> {
    /// Asks the object for its sizes.
    pub(super) fn new(
        vm: &'v mut Vm<'m>,
        object: Value,
        is_extended: bool,
        is_read_only: bool,
    ) -> Result<Self> {
        let is_old = vm.try_attr(object, q::ioctl)?.is_none();
        let mut this = Self {
            vm,
            object,
            is_old,
            block_size: 512,
            count: 0,
            is_extended,
            is_read_only,
            has_raised: false,
        };
        if let Some(size) = this.ask(request::SIZE, 0)? {
            this.block_size = u32::try_from(size).unwrap_or(0);
        }
        let count = this.ask(request::COUNT, 0)?;
        this.count = count
            .and_then(|count| u32::try_from(count).ok())
            .unwrap_or(0);
        Ok(this)
    }

    /// Tells the object that it is going to be used.
    pub(super) fn init(vm: &mut Vm<'_>, object: Value) -> Result<()> {
        if vm.try_attr(object, q::ioctl)?.is_none() {
            return Ok(());
        }
        vm.call_method(
            object,
            q::ioctl,
            &[Value::small(request::INIT), Value::small(1)],
        )?;
        Ok(())
    }

    fn ask(&mut self, request: isize, argument: isize) -> Result<Option<isize>> {
        if self.is_old {
            return self.ask_old(request);
        }
        let args = [Value::small(request), Value::small(argument)];
        let answer = self.vm.call_method(self.object, q::ioctl, &args)?;
        if answer.is_none() {
            return Ok(None);
        }
        self.vm.to_isize(answer).map(Some)
    }

    /// Devices of the old protocol have `count` and `sync` instead of `ioctl`.
    fn ask_old(&mut self, request: isize) -> Result<Option<isize>> {
        let method = match request {
            request::COUNT => q::count,
            request::SYNC => q::sync,
            _ => return Ok(None),
        };
        let answer = self.vm.call_method(self.object, method, &[])?;
        if answer.is_none() {
            return Ok(None);
        }
        self.vm.to_isize(answer).map(Some)
    }

    fn raised(&mut self, _: Raised) -> Errno {
        self.has_raised = true;
        Errno::EIO
    }

    /// What a method answered: nothing or 0 is good, a negative number is an error.
    fn verdict(&mut self, answer: Value) -> upy_vfs::Result {
        if answer.is_none() {
            return Ok(());
        }
        let number = match self.vm.to_isize(answer) {
            Ok(number) => number,
            Err(raised) => return Err(self.raised(raised)),
        };
        match number {
            0 => Ok(()),
            // FAT knows only that something went wrong.
            _ if !self.is_extended => Err(Errno::EIO),
            1.. => Err(Errno::EINVAL),
            _ => Err(Errno(u16::try_from(-number).unwrap_or(Errno::EIO.0))),
        }
    }

    fn transfer(&mut self, block: u32, offset: u32, data: Value, is_write: bool) -> Result<Value> {
        let method = if is_write {
            q::writeblocks
        } else {
            q::readblocks
        };
        let args = [
            Value::small(block as isize),
            data,
            Value::small(offset as isize),
        ];
        self.vm.call_method(
            self.object,
            method,
            &args[..if self.is_extended { 3 } else { 2 }],
        )
    }
}

impl BlockDevice for Device<'_, '_> {
    fn block_size_bytes(&self) -> u32 {
        self.block_size
    }

    fn block_count(&self) -> u32 {
        self.count
    }

    fn read(&mut self, block: u32, offset: u32, buffer: &mut [u8]) -> upy_vfs::Result {
        if self.has_raised {
            return Err(Errno::EIO);
        }
        let top = self.vm.stack_len();
        let made = self
            .vm
            .new_zeros(buffer.len())
            .and_then(|data| self.vm.push(data).map(|()| data));
        let data = made.map_err(|raised| self.raised(raised))?;
        let answer = self.transfer(block, offset, data, false);
        let answer = answer.map_err(|raised| self.raised(raised));
        let result = answer.and_then(|answer| self.verdict(answer));
        if result.is_ok() {
            let bytes = self.vm.bytes_of(data);
            if bytes.len() == buffer.len() {
                buffer.copy_from_slice(bytes);
            } else {
                // The device may fill the buffer, not change its size.
                let raised = self.vm.value_error(b"");
                self.vm.truncate(top);
                return Err(self.raised(raised));
            }
        }
        self.vm.truncate(top);
        result
    }

    fn program(&mut self, block: u32, offset: u32, bytes: &[u8]) -> upy_vfs::Result {
        if self.has_raised {
            return Err(Errno::EIO);
        }
        if self.is_read_only {
            return Err(Errno::EROFS);
        }
        let top = self.vm.stack_len();
        let made = self
            .vm
            .new_bytearray(bytes)
            .and_then(|data| self.vm.push(data).map(|()| data));
        let data = made.map_err(|raised| self.raised(raised))?;
        let answer = self.transfer(block, offset, data, true);
        let answer = answer.map_err(|raised| self.raised(raised));
        self.vm.truncate(top);
        answer.and_then(|answer| self.verdict(answer))
    }

    fn erase(&mut self, block: u32) -> upy_vfs::Result {
        if self.has_raised {
            return Err(Errno::EIO);
        }
        if self.is_read_only {
            return Err(Errno::EROFS);
        }
        let args = [Value::small(request::ERASE), Value::small(block as isize)];
        let answer = self.vm.call_method(self.object, q::ioctl, &args);
        let answer = answer.map_err(|raised| self.raised(raised))?;
        self.verdict(answer)
    }

    fn sync(&mut self) -> upy_vfs::Result {
        if self.has_raised {
            return Err(Errno::EIO);
        }
        match self.ask(request::SYNC, 0) {
            Ok(answer) => self.verdict(answer.map_or(Value::NONE, Value::small)),
            Err(raised) => Err(self.raised(raised)),
        }
    }
}
