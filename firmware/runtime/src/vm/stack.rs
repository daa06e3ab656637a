//! The value stack, the stack of calls and the stack of exception handlers.
//!
//! All three are fixed arrays in the memory given to the interpreter. The value stack holds locals, operands
//! and the temporaries of native code; words above its length mean nothing.
#![expect(
    unsafe_code,
    reason = "the dispatch loop keeps raw pointers into the value stack"
)]

use core::marker::PhantomData;
use core::ptr;

#[cfg(feature = "threads")]
use crate::heap::Vector;
use crate::heap::{Marker, Ref};
use crate::types::{Code, Dict, Generator};
use crate::value::Value;

/// Words kept free for raising the exception that says the stack is full.
const RESERVE: usize = 64;

/// Where a stack lies that nobody works on now.
#[cfg(feature = "threads")]
#[derive(Clone, Copy)]
pub(crate) struct Parked {
    start: usize,
    len: usize,
    capacity: usize,
}

#[cfg(feature = "threads")]
impl Parked {
    /// No stack.
    pub(crate) const NONE: Self = Self {
        start: align_of::<usize>(),
        len: 0,
        capacity: 0,
    };

    /// An empty stack of `capacity` items of type `T` that lies in storage from the word `from` on; and the first word
    /// behind it.
    ///
    /// # Panics
    /// If it does not fit.
    pub(crate) fn within<T>(
        storage: &Vector<usize>,
        from: usize,
        capacity: usize,
    ) -> (Self, usize) {
        let words = (capacity * size_of::<T>()).div_ceil(size_of::<usize>());
        assert!(from + words <= storage.len(), "within the storage");
        let start = storage.address().unwrap_or(0) + from * size_of::<usize>();
        let parked = Self {
            start,
            len: 0,
            capacity,
        };
        (parked, from + words)
    }

    /// As value stack.
    pub(crate) fn trace_values(&self, marker: &mut Marker<'_, '_>) {
        Stack::of(*self).trace(marker);
    }

    /// As stack of calls.
    pub(crate) fn trace_frames(&self, marker: &mut Marker<'_, '_>) {
        Frames::of(*self).trace(marker);
    }

    /// As stack of handlers.
    pub(crate) fn trace_handlers(&self, marker: &mut Marker<'_, '_>) {
        Handlers::of(*self).trace(marker);
    }
}

/// The value stack.
pub(crate) struct Stack<'m> {
    start: usize,
    len: usize,
    limit: usize,
    capacity: usize,
    memory: PhantomData<&'m mut [usize]>,
}

#[cfg(feature = "threads")]
impl Stack<'_> {
    /// Goes on where a stack was left. Its words were set to 0 before its first use.
    pub(crate) fn of(parked: Parked) -> Self {
        Self {
            start: parked.start,
            len: parked.len,
            limit: parked.capacity.saturating_sub(RESERVE),
            capacity: parked.capacity,
            memory: PhantomData,
        }
    }

    /// What [`Stack::of`] needs.
    pub(crate) fn park(&self) -> Parked {
        Parked {
            start: self.start,
            len: self.len,
            capacity: self.capacity,
        }
    }
}

#[cfg(feature = "threads")]
impl<T> Fixed<'_, T> {
    /// Goes on where a stack was left.
    pub(crate) fn of(parked: Parked) -> Self {
        Self {
            start: parked.start,
            len: parked.len,
            capacity: parked.capacity,
            memory: PhantomData,
        }
    }

    /// What [`Fixed::of`] needs.
    pub(crate) fn park(&self) -> Parked {
        Parked {
            start: self.start,
            len: self.len,
            capacity: self.capacity,
        }
    }
}

impl<'m> Stack<'m> {
    /// Takes `words` from the front of `memory`.
    pub(crate) fn carve(memory: &'m mut [usize], words: usize) -> Option<(Self, &'m mut [usize])> {
        if words <= RESERVE {
            return None;
        }
        let (own, rest) = memory.split_at_mut_checked(words)?;
        own.fill(0);
        let start = own.as_mut_ptr().expose_provenance();
        let stack = Self {
            start,
            len: 0,
            limit: words - RESERVE,
            capacity: words,
            memory: PhantomData,
        };
        Some((stack, rest))
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    #[inline]
    fn slot(&self, index: usize) -> *mut Option<Value> {
        let start: *mut Option<Value> = ptr::with_exposed_provenance_mut(self.start);
        start.wrapping_add(index)
    }

    /// Pushes unless the stack is full.
    #[inline]
    pub(crate) fn push(&mut self, value: Value) -> bool {
        if self.len >= self.limit {
            return false;
        }
        // SAFETY: `len` is below the capacity.
        unsafe { self.slot(self.len).write(Some(value)) };
        self.len += 1;
        true
    }

    /// Puts a value on top where another was before.
    ///
    /// # Panics
    /// If the stack is full.
    #[inline]
    pub(crate) fn append(&mut self, value: Value) {
        self.set(self.len, Some(value));
        self.len += 1;
    }

    /// Pops; an empty stack or an absent value gives `None` (the Python one).
    #[inline]
    pub(crate) fn pop(&mut self) -> Value {
        self.len = self.len.saturating_sub(1);
        // SAFETY: `len` is below the capacity and all words were initialised.
        unsafe { self.slot(self.len).read() }.unwrap_or(Value::NONE)
    }

    #[inline]
    pub(crate) fn get(&self, index: usize) -> Option<Value> {
        if index >= self.capacity {
            return None;
        }
        // SAFETY: just checked.
        unsafe { self.slot(index).read() }
    }

    #[inline]
    pub(crate) fn set(&mut self, index: usize, value: Option<Value>) {
        assert!(index < self.capacity, "within the stack");
        // SAFETY: just checked.
        unsafe { self.slot(index).write(value) };
    }

    #[inline]
    pub(crate) fn truncate(&mut self, len: usize) {
        debug_assert!(len <= self.capacity);
        self.len = len.min(self.capacity);
    }

    /// Sets the length to `len`, filling new words with no value. The caller has checked the limit.
    #[inline]
    pub(crate) fn fill_to(&mut self, len: usize) {
        assert!(len <= self.capacity, "within the stack");
        // A few words mostly: that they are zeros is hidden, or a function is called to write them.
        let none = core::hint::black_box(None);
        for index in self.len..len {
            // SAFETY: below the capacity.
            unsafe { self.slot(index).write(none) };
        }
        self.len = len;
    }

    /// Puts values on top. The caller has checked the limit.
    pub(crate) fn extend_from(&mut self, values: &[Option<Value>]) {
        let (from, to) = (self.len, self.len + values.len());
        assert!(to <= self.capacity, "within the stack");
        for (index, &value) in values.iter().enumerate() {
            // A few words mostly, for which a call of `memcpy` costs more than they do.
            // SAFETY: just checked.
            unsafe { self.slot(from + index).write_volatile(value) };
        }
        self.len = to;
    }

    /// The values of a range.
    pub(crate) fn slice(&self, from: usize, to: usize) -> &[Option<Value>] {
        assert!(from <= to && to <= self.capacity, "within the stack");
        // SAFETY: just checked; all words were initialised.
        unsafe { core::slice::from_raw_parts(self.slot(from), to - from) }
    }

    pub(crate) fn slice_mut(&mut self, from: usize, to: usize) -> &mut [Option<Value>] {
        assert!(from <= to && to <= self.capacity, "within the stack");
        // SAFETY: as in `slice`; borrowed exclusively.
        unsafe { core::slice::from_raw_parts_mut(self.slot(from), to - from) }
    }

    /// Address of a word, for the dispatch loop.
    #[inline]
    pub(crate) fn address(&self, index: usize) -> *mut Option<Value> {
        self.slot(index)
    }

    /// Index of a word the dispatch loop points at.
    #[inline]
    pub(crate) fn index_of(&self, pointer: *mut Option<Value>) -> usize {
        (pointer.addr() - self.start) / size_of::<Value>()
    }

    /// Lets the error that says the stack is full use the words kept for it.
    pub(crate) fn borrow_reserve(&mut self) {
        self.limit = self.capacity;
    }

    pub(crate) fn return_reserve(&mut self) {
        self.limit = self.capacity - RESERVE;
    }

    pub(crate) fn trace(&self, marker: &mut Marker<'_, '_>) {
        for &value in self.slice(0, self.len) {
            marker.option(value);
        }
    }
}

/// What happens with the result of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    /// It goes on the caller's stack.
    Call,
    /// It leaves the dispatch loop: native code has called.
    Entry,
    /// It must be `None`; the instance below goes on the caller's stack.
    Init,
    /// A generator resumed by `for`: yielding gives the next item, returning ends the loop.
    ForIter,
    /// A generator resumed by `yield from`.
    YieldFrom,
}

/// One open call.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) code: Ref<Code>,
    pub(crate) globals: Ref<Dict>,
    /// The namespace names are stored in: the globals, or that of the class being made.
    pub(crate) locals: Ref<Dict>,
    pub(crate) generator: Option<Ref<Generator>>,
    /// The generator that was resumed, where this frame is that of one it delegates to: those between the two have
    /// no frame until they are needed.
    pub(crate) root: Option<Ref<Generator>>,
    /// Offset of the next instruction; only while another call is running.
    pub(crate) ip: u32,
    /// Index of the first local.
    pub(crate) base: u32,
    /// Where the result goes and the stack ends afterwards.
    pub(crate) result: u32,
    /// Open handlers below this one belong to callers.
    pub(crate) handlers: u32,
    pub(crate) purpose: Purpose,
}

/// One open exception handler.
#[derive(Clone, Copy)]
pub(crate) struct Handler {
    /// Offset of its code.
    pub(crate) target: u32,
    /// Length of the stack when it was opened, relative to the frame's base.
    pub(crate) depth: u32,
    /// It is a `finally` or `with`.
    pub(crate) finally: bool,
    /// The exception it is handling.
    pub(crate) exception: Option<Value>,
}

/// A fixed array used as a stack.
pub(crate) struct Fixed<'m, T> {
    start: usize,
    len: usize,
    capacity: usize,
    memory: PhantomData<&'m mut [T]>,
}

/// The open calls.
pub(crate) type Frames<'m> = Fixed<'m, Frame>;
/// The open handlers.
pub(crate) type Handlers<'m> = Fixed<'m, Handler>;

impl<'m, T: Copy> Fixed<'m, T> {
    /// Takes room for `count` from the front of `memory`.
    pub(crate) fn carve(memory: &'m mut [usize], count: usize) -> Option<(Self, &'m mut [usize])> {
        const { assert!(align_of::<T>() <= align_of::<usize>()) };
        let words = (count * size_of::<T>()).div_ceil(size_of::<usize>());
        let (own, rest) = memory.split_at_mut_checked(words)?;
        let start = own.as_mut_ptr().expose_provenance();
        Some((
            Self {
                start,
                len: 0,
                capacity: count,
                memory: PhantomData,
            },
            rest,
        ))
    }

    #[inline]
    fn slot(&self, index: usize) -> *mut T {
        let start: *mut T = ptr::with_exposed_provenance_mut(self.start);
        start.wrapping_add(index)
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Pushes unless the array is full.
    #[inline]
    pub(crate) fn push(&mut self, item: T) -> bool {
        if self.len == self.capacity {
            return false;
        }
        // SAFETY: below the capacity.
        unsafe { self.slot(self.len).write(item) };
        self.len += 1;
        true
    }

    #[inline]
    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    #[inline]
    pub(crate) fn items(&self) -> &[T] {
        // SAFETY: the first `len` items were written.
        unsafe { core::slice::from_raw_parts(self.slot(0), self.len) }
    }

    #[inline]
    pub(crate) fn items_mut(&mut self) -> &mut [T] {
        // SAFETY: as in `items`; borrowed exclusively.
        unsafe { core::slice::from_raw_parts_mut(self.slot(0), self.len) }
    }

    #[inline]
    pub(crate) fn last(&self) -> Option<&T> {
        self.items().last()
    }

    #[inline]
    pub(crate) fn last_mut(&mut self) -> Option<&mut T> {
        self.items_mut().last_mut()
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<T> {
        let item = self.last().copied()?;
        self.len -= 1;
        Some(item)
    }
}

impl Frames<'_> {
    pub(crate) fn trace(&self, marker: &mut Marker<'_, '_>) {
        for frame in self.items() {
            marker.value(frame.code.value());
            marker.value(frame.globals.value());
            marker.value(frame.locals.value());
            marker.option(frame.generator.map(Ref::value));
            // Its state holds the generator it delegates to, and so on down to this one.
            marker.option(frame.root.map(Ref::value));
        }
    }
}

impl Handlers<'_> {
    pub(crate) fn trace(&self, marker: &mut Marker<'_, '_>) {
        for handler in self.items() {
            marker.option(handler.exception);
        }
    }
}
