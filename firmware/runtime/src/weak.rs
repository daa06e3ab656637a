//! Weak references: who watches which object, and who is to be told that its object is gone.
//!
//! The list holds neither the watchers nor what they watch. When a collection has marked everything that can be
//! reached, a pair whose watcher was not reached is dropped, and one whose object was not is turned over to the
//! watchers that are told: an object is never looked at after it was freed.
//!
//! What is told is a Python object with a method `_gone`, which answers with what is to be called: `None` or a
//! callable, a tuple of arguments and a dict of keywords or `None`. That keeps this small, and no frame of ours
//! stands in a traceback of the callback.
//!
//! Source: MicroPython `docs/library/weakref.rst`; order and texts as its unix port has them.

use crate::heap::{Marker, Vector};
use crate::names as q;
use crate::ops::format::Sink;
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::{Dict, Tuple};
use crate::value::Value;

/// Who watches what; with `first` it is told before all others.
#[derive(Clone, Copy)]
struct Watch {
    watcher: Value,
    object: Value,
    first: bool,
}

/// The two lists.
pub(crate) struct Watches {
    pairs: Vector<Watch>,
    gone: Vector<Watch>,
}

impl Watches {
    pub(crate) const fn new() -> Self {
        Self {
            pairs: Vector::new(),
            gone: Vector::new(),
        }
    }

    /// The lists themselves, and the watchers that wait to be told.
    pub(crate) fn trace(&self, marker: &mut Marker<'_, '_>) {
        marker.plain(&self.pairs);
        marker.plain(&self.gone);
        for watch in self.gone.iter() {
            marker.value(watch.watcher);
        }
    }

    /// Everything that can be reached is marked: sorts out what is gone.
    pub(crate) fn sort_out(&mut self, marker: &Marker<'_, '_>) {
        let mut kept = 0;
        for index in 0..self.pairs.len() {
            let watch = self.pairs[index];
            if !marker.is_marked(watch.watcher) {
                continue;
            }
            if marker.is_marked(watch.object) || self.gone.len() == self.gone.capacity() {
                self.pairs[kept] = watch;
                kept += 1;
            } else {
                self.gone.push_within(Watch {
                    object: Value::NONE,
                    ..watch
                });
            }
        }
        self.pairs.truncate(kept);
    }

    /// The next watcher to be told: the last of the first ones, then the last of the others.
    fn next_gone(&mut self) -> Option<Value> {
        let at = self.gone.iter().rposition(|watch| watch.first);
        let at = at.or(self.gone.len().checked_sub(1))?;
        let watcher = self.gone[at].watcher;
        self.gone.remove_range(at, at + 1);
        Some(watcher)
    }
}

impl Vm<'_> {
    /// `watcher` is told when `object` is gone; with `first` before others.
    ///
    /// # Errors
    /// `TypeError` for what is not in the heap, `MemoryError`.
    pub fn watch(&mut self, watcher: Value, object: Value, first: bool) -> Result<()> {
        if object.address().is_none() || self.empty_tuple == Some(object) {
            return Err(self.type_error(b"not a heap object"));
        }
        let top = self.stack_len();
        self.push(watcher)?;
        self.push(object)?;
        self.reserve_doubling(|vm| &mut vm.watches.pairs, 1)?;
        // Every watcher must find room among those that are told without an allocation.
        let room = self.watches.pairs.len() + 1;
        self.reserve(|vm| &mut vm.watches.gone, room)?;
        self.truncate(top);
        self.watches.pairs.push_within(Watch {
            watcher,
            object,
            first,
        });
        Ok(())
    }

    /// What `watcher` watches, if that is still there.
    #[must_use]
    pub fn watched(&self, watcher: Value) -> Option<Value> {
        let mut watches = self.watches.pairs.iter();
        let watch = watches.find(|watch| watch.watcher == watcher)?;
        Some(watch.object)
    }

    /// `watcher` watches nothing any more.
    pub fn unwatch(&mut self, watcher: Value) {
        let mut watches = self.watches.pairs.iter();
        if let Some(at) = watches.position(|watch| watch.watcher == watcher) {
            self.watches.pairs.remove_range(at, at + 1);
        }
    }

    /// Tells the watchers whose objects are gone.
    pub(crate) fn tell_watchers(&mut self) {
        while let Some(watcher) = self.watches.next_gone() {
            let top = self.stack_len();
            let saved = self.exception.take();
            if let Err(Raised) = self.tell_watcher(watcher) {
                let exception = self.take_exception();
                let said = self.put(Sink::Err, b"Unhandled exception in weakref callback:\n");
                if said.is_err() || self.push(exception).is_err() {
                    self.exception = None;
                }
                self.print_exception(exception);
            }
            self.exception = saved;
            self.truncate(top);
        }
    }

    fn tell_watcher(&mut self, watcher: Value) -> Result<()> {
        self.push(watcher)?;
        let method = self.load_method(watcher, q::_gone)?;
        let work = self.call_found(method, &[])?;
        let Some(work) = self.heap.cast::<Tuple>(work) else {
            return Ok(());
        };
        self.push(work.value())?;
        let &[callee, args, keywords] = self.heap.tail(work) else {
            return Ok(());
        };
        let base = self.stack_len();
        let count = self
            .heap
            .cast::<Tuple>(args)
            .map_or(0, |args| self.heap.tail_len(args));
        for index in 0..count {
            let item = self.heap.tail(self.heap.expect::<Tuple>(args))[index];
            self.push(item)?;
        }
        let mut named = 0;
        if let Some(dict) = self.heap.cast::<Dict>(keywords) {
            let mut at = 0;
            while let Some((found, key, value)) = self.heap[dict].map.next(at) {
                at = found + 1;
                self.push(key)?;
                self.push(value)?;
                named += 1;
            }
        }
        self.call_on_stack(callee, base, named).map(|_| ())
    }
}
