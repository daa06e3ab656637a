//! A growable array in the heap, owned by the body of one object.
//!
//! It is a plain handle: copying it does not copy the items, and only its owner's `Trace` keeps them alive.
//! It grows through `Vm::reserve`, which may collect.
#![expect(unsafe_code, reason = "a view of raw storage")]

use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::ptr;

/// An array of plain items or values.
pub(crate) struct Vector<T> {
    address: usize,
    len: u32,
    capacity: u32,
    items: PhantomData<fn() -> T>,
}

impl<T> Clone for Vector<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Vector<T> {}

impl<T: Copy> Vector<T> {
    pub(crate) const fn new() -> Self {
        Self {
            address: 0,
            len: 0,
            capacity: 0,
            items: PhantomData,
        }
    }

    /// Where its storage is, if it has any.
    pub(crate) fn address(&self) -> Option<usize> {
        (self.address != 0).then_some(self.address)
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity as usize
    }

    /// Adds an item for which there is room.
    ///
    /// # Panics
    /// If there is none.
    #[inline]
    pub(crate) fn push_within(&mut self, item: T) {
        assert!(self.len < self.capacity, "room was reserved");
        let start: *mut T = ptr::with_exposed_provenance_mut(self.address);
        // SAFETY: the storage holds `capacity` items.
        let slot = unsafe { start.add(self.len as usize) };
        // SAFETY: as above.
        unsafe { slot.write(item) };
        self.len += 1;
    }

    /// Replaces all items by others, for which there is room.
    ///
    /// # Panics
    /// If there is none.
    pub(crate) fn refill(&mut self, items: &[T]) {
        assert!(items.len() <= self.capacity as usize, "room was reserved");
        self.len = items.len() as u32;
        let target: *mut T = ptr::with_exposed_provenance_mut(self.address);
        for (index, &item) in items.iter().enumerate() {
            // A few words mostly, for which a call of `memcpy` costs more than they do.
            // SAFETY: the storage holds `capacity` items; another vector or stack is the source.
            unsafe { target.wrapping_add(index).write_volatile(item) };
        }
    }

    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len as u32);
    }

    pub(crate) fn pop(&mut self) -> Option<T> {
        let last = self.last().copied()?;
        self.len -= 1;
        Some(last)
    }

    /// Removes the items of a range, which must lie within.
    pub(crate) fn remove_range(&mut self, from: usize, to: usize) {
        self.copy_within(to.., from);
        self.len -= (to - from) as u32;
    }

    /// Makes room within the reserved capacity: `count` copies of `fill` at `at`.
    pub(crate) fn insert_within(&mut self, at: usize, count: usize, fill: T) {
        for _ in 0..count {
            self.push_within(fill);
        }
        let len = self.len();
        self.copy_within(at..len - count, at + count);
    }

    /// Says that the items now live at `address`, with room for `capacity`; they were copied there.
    pub(super) fn moved(&mut self, address: usize, capacity: usize) {
        self.address = address;
        self.capacity = capacity.min(u32::MAX as usize) as u32;
    }
}

impl<T: Copy> Deref for Vector<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        if self.len == 0 {
            return &[];
        }
        let start: *const T = ptr::with_exposed_provenance(self.address);
        // SAFETY: `len` items have been written, and the owner keeps the storage alive.
        unsafe { core::slice::from_raw_parts(start, self.len as usize) }
    }
}

impl<T: Copy> DerefMut for Vector<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        if self.len == 0 {
            return &mut [];
        }
        let start: *mut T = ptr::with_exposed_provenance_mut(self.address);
        // SAFETY: as in `deref`; the owner is borrowed exclusively.
        unsafe { core::slice::from_raw_parts_mut(start, self.len as usize) }
    }
}

impl super::Heap<'_> {
    /// Moves the items of `vector` to new storage and frees the old; the caller stores the result.
    pub(crate) fn relocate<T: Copy>(
        &mut self,
        vector: Vector<T>,
        address: usize,
        capacity: usize,
    ) -> Vector<T> {
        let mut moved = vector;
        let target: *mut T = ptr::with_exposed_provenance_mut(address);
        if let Some(old) = vector.address() {
            let source: *const T = ptr::with_exposed_provenance(old);
            // SAFETY: the new storage is larger and does not overlap.
            unsafe { ptr::copy_nonoverlapping(source, target, vector.len()) };
            self.free_storage(old);
        }
        moved.moved(address, capacity);
        moved
    }

    /// Notes that storage now has room for `capacity` items where it is.
    pub(crate) fn grown<T: Copy>(&mut self, vector: Vector<T>, capacity: usize) -> Vector<T> {
        let mut grown = vector;
        grown.moved(vector.address, capacity);
        grown
    }
}

impl super::Heap<'_> {
    /// Copies the bytes of a vector into the tail of another object.
    pub(crate) fn copy_tail<T: super::Tailed<Item = u8>>(
        &mut self,
        target: super::Ref<T>,
        at: usize,
        source: Vector<u8>,
    ) {
        self.tail_mut(target)[at..at + source.len()].copy_from_slice(&source);
    }
}
