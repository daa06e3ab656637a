//! What was allocated last and need not be rooted yet: see the invariants in `mod.rs`.

use super::{Heap, RECENT};
use crate::value::Value;

/// What native code that goes on later has allocated last; storage that was given back since may be among it.
#[cfg(feature = "threads")]
#[derive(Clone, Copy)]
pub(crate) struct Recent {
    places: [usize; RECENT],
    count: usize,
    floor: usize,
}

#[cfg(feature = "threads")]
impl Recent {
    /// Nothing is remembered.
    pub(crate) const NONE: Self = Self {
        places: [0; RECENT],
        count: 0,
        floor: 0,
    };

    pub(crate) fn places(&self) -> &[usize] {
        &self.places[..self.count.min(RECENT)]
    }
}

impl Heap<'_> {
    /// Takes what is remembered out, for native code that goes on later.
    #[cfg(feature = "threads")]
    pub(crate) fn take_recent(&mut self) -> Recent {
        let recent = Recent {
            places: self.recent,
            count: self.recent_count,
            floor: self.recent_floor,
        };
        (self.recent_count, self.recent_floor) = (0, 0);
        recent
    }

    /// Puts back what was taken out.
    #[cfg(feature = "threads")]
    pub(crate) fn put_recent(&mut self, recent: Recent) {
        self.recent = recent.places;
        (self.recent_count, self.recent_floor) = (recent.count, recent.floor);
    }

    /// The remembered allocations; places whose storage was given back are 0.
    pub(super) fn remembered(&self) -> &[usize] {
        &self.recent[..self.recent_count.min(RECENT)]
    }

    /// Forgets what was allocated since the dispatch loop was entered: the caller holds it nowhere but on the
    /// stack.
    #[inline]
    pub(crate) fn forget_recent(&mut self) {
        self.recent_count = self.recent_floor;
    }

    /// A dispatch loop starts: what is remembered now outlasts it. The result is for [`Heap::leave_loop`].
    pub(crate) fn enter_loop(&mut self) -> usize {
        core::mem::replace(&mut self.recent_floor, self.recent_count)
    }

    /// The dispatch loop ends with a value, which nothing but the native code that entered it may hold.
    pub(crate) fn leave_loop(&mut self, outer: usize, value: Option<Value>) {
        self.forget_recent();
        self.recent_floor = outer;
        if let Some(address) = value.and_then(Value::address) {
            self.remember(address);
        }
    }
}
