//! Marking and sweeping.
//!
//! Marked objects wait on a short stack to be traced; when it is full they are found again by walking the
//! table. Nothing recurses.
#![expect(
    unsafe_code,
    reason = "freed blocks are overwritten in the stress build"
)]

use core::ptr;

use super::layout::State;
use super::{BLOCK, Header, Heap, Vector};
use crate::value::Value;

/// Objects that can wait to be traced.
const STACK: usize = 64;

/// Visits everything a body refers to.
pub(crate) trait Trace {
    /// Passes every value and every vector of this body to `marker`.
    fn trace(&self, marker: &mut Marker<'_, '_>);
}

/// Collects what can be reached.
pub struct Marker<'h, 'm> {
    heap: &'h Heap<'m>,
    waiting: [usize; STACK],
    count: usize,
    overflow: bool,
}

/// Traces the object behind a value; supplied by the layer that knows the kinds.
pub(crate) type Tracer = fn(&Heap<'_>, Header, Value, &mut Marker<'_, '_>);

impl<'h, 'm> Marker<'h, 'm> {
    /// A value that is in use.
    #[inline]
    pub fn value(&mut self, value: Value) {
        let Some(address) = value.address() else {
            return;
        };
        let block = self.heap.block_of(address);
        if self.heap.table.state(block) != State::Head {
            return;
        }
        self.heap.table.set(block, State::Mark);
        match self.waiting.get_mut(self.count) {
            Some(slot) => {
                *slot = address;
                self.count += 1;
            }
            None => self.overflow = true,
        }
    }

    /// A value that may be absent.
    #[inline]
    pub fn option(&mut self, value: Option<Value>) {
        if let Some(value) = value {
            self.value(value);
        }
    }

    /// A vector whose items are values.
    pub(crate) fn values(&mut self, vector: &Vector<Value>) {
        self.plain(vector);
        for &value in vector.iter() {
            self.value(value);
        }
    }

    /// A vector whose items are no values.
    pub(crate) fn plain<T: Copy>(&mut self, vector: &Vector<T>) {
        if let Some(address) = vector.address() {
            self.storage(address);
        }
    }

    fn storage(&mut self, address: usize) {
        let block = self.heap.block_of(address);
        if self.heap.table.state(block) == State::Head {
            self.heap.table.set(block, State::Mark);
        }
    }

    /// Allocations that native code may hold: objects and storage; 0 is none.
    pub(crate) fn remembered(&mut self, places: &[usize]) {
        for &address in places.iter().filter(|&&address| address != 0) {
            if self.heap.table.is_object(self.heap.block_of(address)) {
                self.value(Value::from_address(address));
            } else {
                self.storage(address);
            }
        }
    }

    /// Whether the object behind a value has been reached so far.
    pub(crate) fn is_marked(&self, value: Value) -> bool {
        value
            .address()
            .is_none_or(|address| self.heap.table.state(self.heap.block_of(address)) == State::Mark)
    }

    /// Traces until nothing waits.
    pub(crate) fn drain(&mut self, tracer: Tracer) {
        loop {
            while self.count > 0 {
                self.count -= 1;
                self.trace(self.waiting[self.count], tracer);
            }
            if !self.overflow {
                return;
            }
            self.overflow = false;
            for block in 0..self.heap.blocks {
                if self.heap.table.state(block) == State::Mark && self.heap.table.is_object(block) {
                    self.trace(self.heap.address_of(block), tracer);
                }
            }
        }
    }

    fn trace(&mut self, address: usize, tracer: Tracer) {
        let value = Value::from_address(address);
        let heap = self.heap;
        if let Some(header) = heap.header(value) {
            tracer(heap, header, value, self);
        }
    }
}

impl Heap<'_> {
    /// Runs a collection: `roots` passes all roots to the marker, and is called with `true` a second time when
    /// everything reachable is marked, to look for objects to finalise.
    pub(crate) fn collect(
        &mut self,
        tracer: Tracer,
        mut roots: impl FnMut(&mut Marker<'_, '_>, bool),
    ) {
        let mut marker = Marker {
            heap: self,
            waiting: [0; STACK],
            count: 0,
            overflow: false,
        };
        roots(&mut marker, false);
        marker.remembered(marker.heap.remembered());
        marker.drain(tracer);
        roots(&mut marker, true);
        marker.drain(tracer);
        self.sweep();
    }

    fn sweep(&mut self) {
        self.note_peak();
        self.total = self.total.saturating_add(self.allocated);
        let mut free = false;
        let mut block = 0;
        let mut live = 0;
        while block < self.blocks {
            if !free && let Some((passed, kept)) = self.table.keep_word(block) {
                block += passed;
                live += kept;
                continue;
            }
            match self.table.state(block) {
                State::Mark => {
                    self.table.set(block, State::Head);
                    free = false;
                }
                State::Head => free = true,
                State::Tail => {}
                State::Free => free = false,
            }
            if free {
                self.table.set(block, State::Free);
                if cfg!(feature = "gc-stress") {
                    self.poison(block);
                }
            } else if self.table.state(block) != State::Free {
                live += 1;
            }
            block += 1;
        }
        self.cursor = 0;
        self.run_end = 0;
        self.large_top = self.blocks;
        self.allocated = 0;
        self.live = live;
        self.given_back = 0;
    }

    fn poison(&mut self, block: usize) {
        let start: *mut u8 = ptr::with_exposed_provenance_mut(self.address_of(block));
        // SAFETY: the block is free and lies in the memory of the heap.
        unsafe { start.write_bytes(0xdb, BLOCK) };
    }
}
