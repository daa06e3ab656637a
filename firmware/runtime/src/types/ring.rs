//! `micropython.RingIO`: a queue of bytes with room for one less than its buffer holds.

use crate::heap::Ref;
use crate::names as q;
use crate::native::{Args, Entry, function};
use crate::ops::stream::{Transfer, poll};
use crate::raise::Result;
use crate::state::Vm;
use crate::types::{RingIo, TypeId, stream};
use crate::value::Value;

pub(crate) const ENTRIES: &[Entry] = &[
    function(q::any, any, 1, 1),
    function(q::read, stream::read, 1, 2),
    function(q::readline, stream::readline, 1, 2),
    function(q::readinto, stream::readinto, 2, 3),
    function(q::write, stream::write, 2, 4),
    function(q::close, stream::close, 1, 1),
];

/// Bytes of the largest buffer.
const LARGEST: usize = 0xffff;

/// `RingIO(size)`, `RingIO(buffer)`
pub(crate) fn make(vm: &mut Vm<'_>, _: TypeId, args: Args) -> Result<Value> {
    if args.count != 1 || args.keywords > 0 {
        return Err(vm.wrong_count(1, 1, args.count));
    }
    let source = vm.native_of(args.at(vm, 0));
    let buffer = match vm.buffer_bytes_mut(source).map(|bytes| bytes.len()) {
        Some(len) if !(2..=LARGEST).contains(&len) => return Err(vm.value_error(b"")),
        Some(_) => source,
        None => {
            let size = vm.to_isize(source)?;
            let Some(room) = usize::try_from(size)
                .ok()
                .filter(|size| (1..LARGEST).contains(size))
                .map(|size| size + 1)
            else {
                return Err(vm.value_error(b""));
            };
            vm.new_array(0, room)?.value()
        }
    };
    let ring = RingIo {
        buffer,
        get: 0,
        put: 0,
    };
    Ok(vm.alloc(ring)?.value())
}

fn any(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let value = vm.native_of(args.at(vm, 0));
    let Some(ring) = vm.heap.cast::<RingIo>(value) else {
        return Err(vm.type_error(b"RingIO expected"));
    };
    Ok(Value::small(vm.ring_len(ring) as isize))
}

impl Vm<'_> {
    fn ring_size(&self, ring: Ref<RingIo>) -> usize {
        self.bytes_of(self.heap[ring].buffer).len().max(1)
    }

    /// How many bytes wait.
    fn ring_len(&self, ring: Ref<RingIo>) -> usize {
        let size = self.ring_size(ring);
        let RingIo { get, put, .. } = self.heap[ring];
        (put as usize + size - get as usize) % size
    }

    pub(crate) fn ring_read(&mut self, ring: Ref<RingIo>, buffer: &mut [u8]) -> Transfer {
        let (size, waiting) = (self.ring_size(ring), self.ring_len(ring));
        let count = waiting.min(buffer.len());
        let RingIo {
            buffer: own, get, ..
        } = self.heap[ring];
        for (index, byte) in buffer[..count].iter_mut().enumerate() {
            *byte = self.bytes_of(own)[(get as usize + index) % size];
        }
        self.heap[ring].get = ((get as usize + count) % size) as u32;
        Ok(count)
    }

    pub(crate) fn ring_write(&mut self, ring: Ref<RingIo>, bytes: &[u8]) -> Transfer {
        let (size, waiting) = (self.ring_size(ring), self.ring_len(ring));
        let count = bytes.len().min(size - 1 - waiting);
        let RingIo { buffer, put, .. } = self.heap[ring];
        if let Some(own) = self.buffer_bytes_mut(buffer) {
            for (index, &byte) in bytes[..count].iter().enumerate() {
                own[(put as usize + index) % size] = byte;
            }
        }
        self.heap[ring].put = ((put as usize + count) % size) as u32;
        Ok(count)
    }

    /// Which of the events are there.
    pub(crate) fn ring_poll(&self, ring: Ref<RingIo>, events: isize) -> isize {
        let waiting = self.ring_len(ring);
        let readable = if waiting > 0 { poll::READ } else { 0 };
        let writable = if waiting + 1 < self.ring_size(ring) {
            poll::WRITE
        } else {
            0
        };
        events & (readable | writable)
    }
}
