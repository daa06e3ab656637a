//! The only raw memory of the interpreter: a precise, non-moving mark-sweep heap.
//!
//! The memory is divided into blocks of four words. Each has two bits in a table: free, head of an
//! allocation, its tail, or marked head; a second table has one bit for heads that are objects.
//!
//! ```text
//! object    [header: kind 8, flags 4, tail length][body][tail]      found through a Value
//! storage   [items]                                                  owned by a Vector in a body
//! ```
//!
//! Invariants:
//! - an object is traced by the function its layer above supplies for its kind, which visits every value and
//!   every vector of the body; storage is never looked into except through its owner;
//! - a collection runs only inside `Vm::collect`, so a borrow of the heap can never outlive an object;
//! - roots are what `Vm` says they are, and what was allocated last: native code may hold up to [`RECENT`]
//!   fresh objects in Rust variables. What it holds longer it keeps on the value stack. Between two instructions
//!   the dispatch loop forgets what the one before has allocated: by then it is on the stack or unused. What
//!   native code below the loop had allocated when it entered the loop stays remembered until the loop is left.
//!
//! With the feature `gc-stress` every allocation collects and freed blocks are overwritten, so that a value
//! used after its object is gone is noticed.
#![expect(unsafe_code, reason = "this is the memory everything else stands on")]

mod foreign;
mod layout;
mod mark;
mod recent;
#[cfg(test)]
mod tests;
mod vector;

use core::marker::PhantomData;
use core::ops::{Index, IndexMut};
use core::ptr;

pub use foreign::Body;
pub(crate) use foreign::FOREIGN;
pub(crate) use layout::{BLOCK, Header};
use layout::{State, Table};
pub use mark::Marker;
pub(crate) use mark::Trace;
#[cfg(feature = "threads")]
pub(crate) use recent::Recent;
pub(crate) use vector::Vector;

use crate::value::Value;

/// How many allocations are kept alive without being rooted.
pub(crate) const RECENT: usize = 32;
/// Allocations of more blocks than this are placed from the top of the heap.
const SMALL_BLOCKS: usize = 16;
/// How far one look for free blocks goes.
const RUN_LIMIT: usize = 4096;

/// A body of one kind of object. The macro `objects!` gives each its own kind.
pub(crate) trait Object: Trace + Copy {
    /// The number in the header of such objects; not [`FOREIGN`].
    const KIND: u8;
}

/// A body followed by a variable number of items.
pub(crate) trait Tailed: Object {
    /// The items: plain data for which any bits are valid, or values.
    type Item: Copy;
}

/// A reference to an object of a known kind.
///
/// It is never 0, so that `Option<Ref<T>>` is one word.
pub struct Ref<T> {
    value: Value,
    kind: PhantomData<fn() -> T>,
}

impl<T> Clone for Ref<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Ref<T> {}
impl<T> PartialEq for Ref<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T> Ref<T> {
    /// The reference as a value.
    #[inline]
    #[must_use]
    pub fn value(self) -> Value {
        self.value
    }

    #[inline]
    fn address(self) -> usize {
        self.value.word()
    }
}

impl<T> From<Ref<T>> for Value {
    fn from(reference: Ref<T>) -> Value {
        reference.value()
    }
}

/// What the memory of an object looks like.
#[repr(C)]
struct Boxed<T> {
    header: Header,
    body: T,
}

/// The heap. All fields that are addresses lie within the memory it was given.
pub(crate) struct Heap<'m> {
    table: Table,
    base: usize,
    blocks: usize,
    /// The run of free blocks small allocations are cut from.
    cursor: usize,
    run_end: usize,
    /// No free block for a large allocation lies above this.
    large_top: usize,
    /// While this is not 0 nothing can be allocated.
    pub(crate) lock_depth: u16,
    /// Blocks allocated since the last collection, and how many start one.
    pub(crate) allocated: usize,
    pub(crate) threshold: usize,
    /// Blocks in use after the last collection, and those given back by hand since.
    live: usize,
    given_back: usize,
    /// Blocks allocated before the last collection, and the most that were in use.
    total: usize,
    peak: usize,
    /// The last allocations: number `n` is in place `n % RECENT`.
    recent: [usize; RECENT],
    /// How many are remembered, and how many of them the running dispatch loop must not forget.
    recent_count: usize,
    recent_floor: usize,
    memory: PhantomData<&'m mut [usize]>,
}

/// What was allocated over time, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct History {
    /// Everything ever allocated.
    pub(crate) total: usize,
    /// In use, garbage included.
    pub(crate) current: usize,
    /// The most that was in use.
    pub(crate) peak: usize,
}

/// What `gc` and `micropython` report, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Statistics {
    pub(crate) total: usize,
    pub(crate) used: usize,
    pub(crate) one_blocks: usize,
    pub(crate) two_blocks: usize,
    pub(crate) longest_used: usize,
    pub(crate) longest_free: usize,
}

impl<'m> Heap<'m> {
    /// Takes over `memory`.
    pub(crate) fn new(memory: &'m mut [usize]) -> Self {
        let start = memory.as_mut_ptr().expose_provenance();
        let end = start + size_of_val(memory);
        let blocks = layout::blocks_for(start, end);
        let (table, base) = Table::new(start, blocks);
        Self {
            table,
            base,
            blocks,
            cursor: 0,
            run_end: 0,
            large_top: blocks,
            lock_depth: 0,
            allocated: 0,
            threshold: usize::MAX,
            live: 0,
            given_back: 0,
            total: 0,
            peak: 0,
            recent: [0; RECENT],
            recent_count: 0,
            recent_floor: 0,
            memory: PhantomData,
        }
    }

    fn block_of(&self, address: usize) -> usize {
        (address - self.base) / BLOCK
    }

    fn address_of(&self, block: usize) -> usize {
        self.base + block * BLOCK
    }

    /// Finds `count` free blocks and marks them taken.
    fn take(&mut self, count: usize) -> Option<usize> {
        let first = if count <= SMALL_BLOCKS {
            self.take_small(count)?
        } else {
            self.take_large(count)?
        };
        self.table.occupy(first, count);
        self.allocated += count;
        Some(first)
    }

    #[inline]
    fn take_small(&mut self, count: usize) -> Option<usize> {
        while self.cursor + count > self.run_end {
            let (start, end) =
                self.table
                    .free_run(self.run_end.max(self.cursor), self.blocks, RUN_LIMIT)?;
            self.cursor = start;
            self.run_end = end;
        }
        let first = self.cursor;
        self.cursor += count;
        Some(first)
    }

    fn take_large(&mut self, count: usize) -> Option<usize> {
        let first = self.table.free_run_down(self.large_top, count)?;
        self.large_top = first;
        if first < self.run_end && first + count > self.cursor {
            self.run_end = self.run_end.min(first).max(self.cursor);
        }
        Some(first)
    }

    /// Allocates storage for a vector; the bytes have no defined content.
    pub(crate) fn try_storage(&mut self, bytes: usize) -> Option<usize> {
        let first = self.take(bytes.div_ceil(BLOCK).max(1))?;
        self.table.set_object(first, false);
        let address = self.address_of(first);
        self.remember(address);
        Some(address)
    }

    #[inline]
    fn remember(&mut self, address: usize) {
        self.recent[self.recent_count % RECENT] = address;
        self.recent_count += 1;
    }

    /// Allocates an object without a tail.
    #[inline]
    pub(crate) fn try_new<T: Object>(&mut self, body: T) -> Option<Ref<T>> {
        self.try_boxed(body, 0, 0)
    }

    /// Allocates an object with `len` tail items, all of them `fill`.
    pub(crate) fn try_tailed<T: Tailed>(
        &mut self,
        body: T,
        len: usize,
        fill: T::Item,
    ) -> Option<Ref<T>> {
        let bytes = len.checked_mul(size_of::<T::Item>())?;
        let reference = self.try_boxed(body, len, bytes)?;
        let start: *mut T::Item = ptr::with_exposed_provenance_mut(tail_address(reference));
        for index in 0..len {
            // SAFETY: `try_boxed` has made room for `len` items behind the body.
            let item = unsafe { start.add(index) };
            // SAFETY: as above; the memory is ours and aligned to the block.
            unsafe { item.write(fill) };
        }
        Some(reference)
    }

    #[inline]
    fn try_boxed<T: Object>(
        &mut self,
        body: T,
        tail_len: usize,
        tail_bytes: usize,
    ) -> Option<Ref<T>> {
        const { assert!(align_of::<T>() <= 16 && T::KIND != FOREIGN) };
        let header = Header::new(T::KIND, tail_len)?;
        let bytes = size_of::<Boxed<T>>().checked_add(tail_bytes)?;
        let first = self.take(bytes.div_ceil(BLOCK))?;
        self.table.set_object(first, true);
        let address = self.address_of(first);
        let pointer: *mut Boxed<T> = ptr::with_exposed_provenance_mut(address);
        // SAFETY: the blocks were free and are large enough; a block is aligned for any body.
        unsafe { pointer.write(Boxed { header, body }) };
        self.remember(address);
        Some(Ref {
            value: Value::from_address(address),
            kind: PhantomData,
        })
    }

    /// Header of the object behind a value, if it is one.
    #[inline]
    pub(crate) fn header(&self, value: Value) -> Option<Header> {
        let address = value.address()?;
        self.check_live(address);
        let pointer: *const Header = ptr::with_exposed_provenance(address);
        // SAFETY: a value with an address was made by `try_boxed`, so a header is there.
        Some(unsafe { pointer.read() })
    }

    /// Sets the four flag bits in the header of an object.
    pub(crate) fn set_flags<T: Object>(&mut self, object: Ref<T>, flags: u8) {
        let pointer: *mut Header = ptr::with_exposed_provenance_mut(object.address());
        // SAFETY: a reference was made by `try_boxed`.
        let header = unsafe { &mut *pointer };
        header.set_flags(flags);
    }

    /// The object behind a value, if it is of kind `T`.
    #[inline]
    pub(crate) fn cast<T: Object>(&self, value: Value) -> Option<Ref<T>> {
        let header = self.header(value)?;
        (header.kind() == T::KIND).then_some(Ref {
            value,
            kind: PhantomData,
        })
    }

    /// As [`Heap::cast`] when the kind is known.
    ///
    /// # Panics
    /// If it is of another kind.
    #[inline]
    pub(crate) fn expect<T: Object>(&self, value: Value) -> Ref<T> {
        self.cast(value)
            .expect("the caller has established the kind")
    }

    /// Notices uses of freed objects in the stress build.
    #[inline]
    fn check_live(&self, address: usize) {
        if cfg!(feature = "gc-stress") {
            let block = self.block_of(address);
            let state = self.table.state(block);
            assert!(
                matches!(state, State::Head | State::Mark) && self.table.is_object(block),
                "stale reference to block {block}"
            );
        }
    }

    /// How many tail items an object has.
    #[inline]
    pub(crate) fn tail_len<T: Tailed>(&self, object: Ref<T>) -> usize {
        self.header(object.value()).map_or(0, Header::tail_len)
    }

    /// The tail items of an object.
    #[inline]
    pub(crate) fn tail<T: Tailed>(&self, object: Ref<T>) -> &[T::Item] {
        let len = self.tail_len(object);
        let start: *const T::Item = ptr::with_exposed_provenance(tail_address(object));
        // SAFETY: the header, written only here, says how many items are behind the body.
        unsafe { core::slice::from_raw_parts(start, len) }
    }

    /// The tail items of an object, for writing.
    #[inline]
    pub(crate) fn tail_mut<T: Tailed>(&mut self, object: Ref<T>) -> &mut [T::Item] {
        let len = self.tail_len(object);
        let start: *mut T::Item = ptr::with_exposed_provenance_mut(tail_address(object));
        // SAFETY: as in `tail`; the heap is borrowed exclusively.
        unsafe { core::slice::from_raw_parts_mut(start, len) }
    }

    /// Gives storage back at once.
    pub(crate) fn free_storage(&mut self, address: usize) {
        let first = self.block_of(address);
        let count = self.table.run_len(first);
        let remembered = self.recent_count.min(RECENT);
        for slot in &mut self.recent[..remembered] {
            if *slot == address {
                *slot = 0;
            }
        }
        self.note_peak();
        self.given_back += count;
        self.table.release(first, count);
        if first + count == self.cursor {
            self.cursor = first;
        }
        self.large_top = self.large_top.max(first + count);
    }

    /// Tries to make storage at `address` hold `bytes` without moving it.
    pub(crate) fn try_grow(&mut self, address: usize, bytes: usize) -> bool {
        let first = self.block_of(address);
        let old = self.table.run_len(first);
        let new = bytes.div_ceil(BLOCK);
        if new <= old {
            return true;
        }
        let end = first + new;
        if end > self.blocks || !self.table.all_free(first + old, end) {
            return false;
        }
        self.table.extend(first + old, end);
        self.allocated += new - old;
        if first + old <= self.cursor && self.cursor < end {
            self.cursor = end;
            self.run_end = self.run_end.max(end);
        } else if self.cursor <= first + old && first + old < self.run_end {
            self.run_end = first + old;
        }
        true
    }

    /// Gives back the blocks of storage beyond `bytes`.
    pub(crate) fn shrink(&mut self, address: usize, bytes: usize) {
        let first = self.block_of(address);
        let old = self.table.run_len(first);
        let keep = bytes.div_ceil(BLOCK).max(1);
        if keep < old {
            self.note_peak();
            self.given_back += old - keep;
            self.table.release(first + keep, old - keep);
        }
    }

    fn blocks_in_use(&self) -> usize {
        (self.live + self.allocated).saturating_sub(self.given_back)
    }

    /// To be called before the number of blocks in use falls.
    fn note_peak(&mut self) {
        self.peak = self.peak.max(self.blocks_in_use());
    }

    /// What was allocated over time.
    pub(crate) fn history(&self) -> History {
        let current = self.blocks_in_use();
        History {
            total: self
                .total
                .saturating_add(self.allocated)
                .saturating_mul(BLOCK),
            current: current * BLOCK,
            peak: self.peak.max(current) * BLOCK,
        }
    }

    /// Draws the states of the blocks from `first` on as letters and returns how many there are.
    pub(crate) fn draw(&self, first: usize, letters: &mut [u8]) -> usize {
        let count = letters.len().min(self.blocks.saturating_sub(first));
        for (index, letter) in letters[..count].iter_mut().enumerate() {
            *letter = match self.table.state(first + index) {
                State::Free => b'.',
                State::Head | State::Mark => b'h',
                State::Tail => b'=',
            };
        }
        count
    }

    /// Bytes in use and the shape of what is free.
    pub(crate) fn statistics(&self) -> Statistics {
        let mut statistics = Statistics {
            total: self.blocks * BLOCK,
            ..Statistics::default()
        };
        let mut block = 0;
        let mut free = 0;
        while block < self.blocks {
            if self.table.state(block) == State::Free {
                free += 1;
                statistics.longest_free = statistics.longest_free.max(free);
                block += 1;
                continue;
            }
            free = 0;
            let count = self.table.run_len(block);
            statistics.used += count * BLOCK;
            statistics.one_blocks += usize::from(count == 1);
            statistics.two_blocks += usize::from(count == 2);
            statistics.longest_used = statistics.longest_used.max(count);
            block += count;
        }
        statistics
    }
}

/// Where the tail of an object starts: behind the body, aligned for any item.
#[inline]
fn tail_address<T: Object>(object: Ref<T>) -> usize {
    object.address() + size_of::<Boxed<T>>()
}

impl<T: Object> Index<Ref<T>> for Heap<'_> {
    type Output = T;

    #[inline]
    fn index(&self, object: Ref<T>) -> &T {
        self.check_live(object.address());
        let pointer: *const Boxed<T> = ptr::with_exposed_provenance(object.address());
        // SAFETY: a reference is made only by `try_boxed` and `cast`, for objects of this kind.
        let boxed = unsafe { &*pointer };
        &boxed.body
    }
}

impl<T: Object> IndexMut<Ref<T>> for Heap<'_> {
    #[inline]
    fn index_mut(&mut self, object: Ref<T>) -> &mut T {
        self.check_live(object.address());
        let pointer: *mut Boxed<T> = ptr::with_exposed_provenance_mut(object.address());
        // SAFETY: as in `index`; the heap is borrowed exclusively.
        let boxed = unsafe { &mut *pointer };
        &mut boxed.body
    }
}

impl Heap<'_> {
    /// The tail of one object for writing, and those of two others for reading.
    ///
    /// # Panics
    /// If the target is one of the sources.
    pub(crate) fn tails<T: Tailed>(
        &mut self,
        target: Ref<T>,
        sources: [Option<Ref<T>>; 2],
    ) -> (&mut [T::Item], [&[T::Item]; 2]) {
        let views = sources.map(|source| {
            let Some(source) = source else { return &[][..] };
            assert!(
                source.address() != target.address(),
                "the target is another object"
            );
            let start: *const T::Item = ptr::with_exposed_provenance(tail_address(source));
            // SAFETY: as in `tail`; the target is another object, so nothing here is written through it.
            unsafe { core::slice::from_raw_parts(start, self.tail_len(source)) }
        });
        (self.tail_mut(target), views)
    }

    /// Makes the tail of an object shorter.
    pub(crate) fn shorten<T: Tailed>(&mut self, object: Ref<T>, len: usize) {
        debug_assert!(len <= self.tail_len(object));
        let pointer: *mut Header = ptr::with_exposed_provenance_mut(object.address());
        // SAFETY: a reference was made by `try_boxed`.
        let header = unsafe { &mut *pointer };
        header.set_tail_len(len);
        self.shrink(
            object.address(),
            size_of::<Boxed<T>>() + len * size_of::<T::Item>(),
        );
    }
}

impl Heap<'_> {
    /// Lends the words of one object as scratch together with the bytes of another.
    pub(crate) fn with_scratch<A: Tailed<Item = u32>, B: Tailed<Item = u8>, R>(
        &mut self,
        scratch: Ref<A>,
        bytes: Ref<B>,
        work: impl FnOnce(&mut [u32], &[u8]) -> R,
    ) -> R {
        assert!(scratch.address() != bytes.address(), "two objects");
        let start: *const u8 = ptr::with_exposed_provenance(tail_address(bytes));
        // SAFETY: as in `tail`; the scratch is another object, so nothing here is written through it.
        let view = unsafe { core::slice::from_raw_parts(start, self.tail_len(bytes)) };
        work(self.tail_mut(scratch), view)
    }

    /// Lends the bytes of one object for writing together with those of another.
    #[cfg(feature = "compiler")]
    pub(crate) fn with_work<A: Tailed<Item = u8>, B: Tailed<Item = u8>, R>(
        &mut self,
        target: Ref<A>,
        bytes: Ref<B>,
        work: impl FnOnce(&mut [u8], &[u8]) -> R,
    ) -> R {
        assert!(target.address() != bytes.address(), "two objects");
        let start: *const u8 = ptr::with_exposed_provenance(tail_address(bytes));
        // SAFETY: as in `with_scratch`.
        let view = unsafe { core::slice::from_raw_parts(start, self.tail_len(bytes)) };
        work(self.tail_mut(target), view)
    }
}
