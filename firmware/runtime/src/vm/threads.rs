//! Threads of Python: each has its own stacks, one of them runs.
//!
//! A Python thread is carried by a thread of the operating system, so that native code in the middle of its work
//! (a sort that calls a key function, a socket that waits) can stop where it is. What goes from one to the other is
//! the whole [`Vm`], by value: a carrier that waits has an empty one. So no two of them ever see the same memory,
//! and none of this is `unsafe`. The carriers are made by the port, which knows an operating system: [`Relay`].
//!
//! Who runs is decided here, the same way every time: a thread runs until it waits, or for `SLICE` looks at the
//! world, then the next one in the order of their numbers that has something to do. What belongs to a thread lies in
//! a [`Thread`] in the heap while others run; collections look there too.
//!
//! Number 0 is the thread that the program began in. Ctrl-C, scheduled calls and interrupts of pins are its
//! business, and when it ends the others are ended ([`Vm::end_threads`]).
//!
//! Without the feature `threads` there is only the little that waiting code calls.

use crate::raise::Result;
use crate::state::Vm;

/// How long a thread that waits for the console does not look, in microseconds.
const INPUT_US: u64 = 1000;

impl Vm<'_> {
    /// While other threads can run or the library looks after something, waits until the console has input; otherwise whoever reads waits.
    pub(crate) fn await_input(&mut self) -> Result<()> {
        while (self.has_threads() || self.attends) && !self.host.readable() {
            self.rest(INPUT_US)?;
            self.look()?;
        }
        Ok(())
    }
}

#[cfg(feature = "threads")]
pub use with::*;

#[cfg(not(feature = "threads"))]
impl Vm<'_> {
    /// Waits a moment; other threads may run.
    pub fn rest(&mut self, time_us: u64) -> Result<()> {
        self.host.sleep_us(time_us);
        Ok(())
    }

    /// Whether waiting for input may be left to [`Vm::rest`], because others can run meanwhile.
    #[must_use]
    pub fn has_threads(&self) -> bool {
        false
    }

    #[inline]
    pub(crate) fn take_turn(&mut self) -> Result<()> {
        Ok(())
    }

    /// Whether the program began in the running thread.
    #[inline]
    pub(crate) fn is_main_thread(&self) -> bool {
        true
    }

    /// There are none.
    pub(crate) fn end_threads(&mut self) {}
}

#[cfg(feature = "threads")]
mod with {
    use super::{Result, Vm};
    use crate::heap::{Heap, Marker, Recent, Ref, Trace, Vector};
    use crate::host::Host;
    use crate::library::Library;
    use crate::ops::format::Sink;
    use crate::raise::Raised;
    use crate::state::Sizes;
    use crate::types::TypeId;
    use crate::value::Value;
    use crate::vm::stack::{Frame, Frames, Handler, Handlers, Parked, Stack};

    /// How many looks at the world a thread has before the next one's turn.
    const SLICE: u32 = 16;
    /// Threads that can be open at the same time.
    const MOST: usize = 64;
    /// Memory for the stacks of a thread unless the program says otherwise, and the least.
    const STACK_BYTES: usize = 2048 * size_of::<usize>();
    const LEAST_STACK_BYTES: usize = 768 * size_of::<usize>();

    /// Carries Python threads by those of an operating system.
    pub trait Relay<'m>: Sync {
        /// Makes a carrier, which waits for the interpreter to be handed to it as number `number`, lets it
        /// [`Vm::run_thread`] and hands it on to the number that gives; `false` if there can be no more.
        fn start(&self, number: usize) -> bool;

        /// Hands what is in `vm` to the carrier of number `to` and waits until it comes back to number `from`.
        fn hand_over(&self, vm: &mut Vm<'m>, from: usize, to: usize);
    }

    /// What belongs to a thread and is not in use now.
    #[derive(Clone, Copy)]
    pub(crate) struct Thread {
        /// The memory of its three stacks; that of the first thread is not in the heap.
        storage: Vector<usize>,
        stack: Parked,
        frames: Parked,
        handlers: Parked,
        recent: Recent,
        exception: Option<Value>,
        stop_value: Value,
        guarded: Vector<Value>,
        native_depth: u16,
        lock_depth: u16,
        /// While it waits: when it is to look again.
        due_us: u64,
        identity: u32,
        function: Value,
        /// Its arguments as they lie on a stack, and how many of them are positional.
        arguments: Value,
        positional: usize,
    }

    impl Trace for Thread {
        fn trace(&self, marker: &mut Marker<'_, '_>) {
            marker.plain(&self.storage);
            self.stack.trace_values(marker);
            self.frames.trace_frames(marker);
            self.handlers.trace_handlers(marker);
            marker.remembered(self.recent.places());
            marker.option(self.exception);
            marker.value(self.stop_value);
            marker.values(&self.guarded);
            marker.value(self.function);
            marker.value(self.arguments);
        }
    }

    /// The threads of an interpreter.
    pub(crate) struct Threads<'m> {
        relay: Option<&'m dyn Relay<'m>>,
        /// By number; `None` in Python where there is none. Empty until a program starts one.
        pub(crate) list: Vector<Value>,
        current: usize,
        /// How many there are beside the first.
        others: usize,
        last_identity: u32,
        /// Looks at the world since the last change.
        looks: u32,
        /// The first one ends: the others are to end too.
        ending: bool,
        /// What the program has asked for; 0 for the usual.
        pub(crate) stack_bytes: usize,
    }

    impl Threads<'_> {
        pub(crate) const fn new() -> Self {
            Self {
                relay: None,
                list: Vector::new(),
                current: 0,
                others: 0,
                last_identity: 1,
                looks: 0,
                ending: false,
                stack_bytes: 0,
            }
        }
    }

    impl<'m> Vm<'m> {
        /// An interpreter without memory: what a carrier has while the interpreter is elsewhere.
        #[must_use]
        pub fn hollow(host: &'m mut dyn Host) -> Self {
            let stacks = (
                Stack::of(Parked::NONE),
                Frames::of(Parked::NONE),
                Handlers::of(Parked::NONE),
            );
            let sizes = Sizes {
                stack_words: 0,
                frames: 0,
                handlers: 0,
                native_depth: 0,
            };
            Self::assemble(Heap::new(&mut []), stacks, host, &Library::EMPTY, sizes)
        }

        /// From now on programs can start threads.
        pub fn use_relay(&mut self, relay: &'m dyn Relay<'m>) {
            self.threads.relay = Some(relay);
        }

        /// Goes on with another thread; returns when it is the turn of this one again.
        fn switch_to(&mut self, to: usize) {
            let from = self.threads.current;
            let Some(relay) = self.threads.relay else {
                return;
            };
            if from == to {
                return;
            }
            self.leave();
            self.resume_thread(to);
            relay.hand_over(self, from, to);
        }

        /// Puts what belongs to the running thread away.
        fn leave(&mut self) {
            let Some(thread) = self.thread(self.threads.current) else {
                return;
            };
            let recent = self.heap.take_recent();
            let saved = Thread {
                stack: self.stack.park(),
                frames: self.frames.park(),
                handlers: self.handlers.park(),
                recent,
                exception: self.exception.take(),
                stop_value: core::mem::replace(&mut self.stop_value, Value::NONE),
                guarded: core::mem::replace(&mut self.guarded, Vector::new()),
                native_depth: self.native_depth,
                lock_depth: core::mem::take(&mut self.heap.lock_depth),
                ..self.heap[thread]
            };
            self.heap[thread] = saved;
        }

        /// Takes out what belongs to a thread. It stays in no other place: what lies above the end of a stack in use
        /// must not be looked at.
        fn resume_thread(&mut self, number: usize) {
            let Some(thread) = self.thread(number) else {
                return;
            };
            let saved = self.heap[thread];
            self.heap[thread] = Thread {
                stack: Parked::NONE,
                frames: Parked::NONE,
                handlers: Parked::NONE,
                recent: Recent::NONE,
                exception: None,
                stop_value: Value::NONE,
                guarded: Vector::new(),
                ..saved
            };
            self.stack = Stack::of(saved.stack);
            self.frames = Frames::of(saved.frames);
            self.handlers = Handlers::of(saved.handlers);
            self.heap.put_recent(saved.recent);
            self.exception = saved.exception;
            self.stop_value = saved.stop_value;
            self.guarded = saved.guarded;
            self.native_depth = saved.native_depth;
            self.heap.lock_depth = saved.lock_depth;
            self.threads.current = number;
            self.threads.looks = 0;
        }
    }

    impl Vm<'_> {
        fn thread(&self, number: usize) -> Option<Ref<Thread>> {
            let value = *self.threads.list.get(number)?;
            self.heap.cast(value)
        }

        /// Whether waiting for input may be left to [`Vm::rest`], because others can run meanwhile.
        #[must_use]
        pub fn has_threads(&self) -> bool {
            self.threads.others > 0
        }

        /// Whether the program began in the running thread.
        #[inline]
        pub(crate) fn is_main_thread(&self) -> bool {
            self.threads.current == 0
        }

        /// The number that `_thread.get_ident` gives: never 0, and no other thread had it.
        #[must_use]
        pub fn thread_identity(&self) -> u32 {
            self.thread(self.threads.current)
                .map_or(1, |thread| self.heap[thread].identity)
        }

        /// Sets how many bytes the stacks of the next thread take, 0 for the usual, and returns what it was.
        pub fn set_thread_stack(&mut self, bytes: usize) -> usize {
            core::mem::replace(&mut self.threads.stack_bytes, bytes)
        }

        // ---- starting ------------------------------------------------------------------------------------

        /// Starts a thread that calls `function` with the items of `arguments` and the entries of `keywords`; its
        /// identity. It begins when the running one waits or its turn is over.
        ///
        /// # Errors
        /// `TypeError` for what is no tuple or dict, `MemoryError`, and `OSError` when there are too many.
        pub fn start_thread(
            &mut self,
            function: Value,
            arguments: Value,
            keywords: Option<Value>,
        ) -> Result<u32> {
            let top = self.stack_len();
            let Some(positional) = self.items_of(arguments).map(<[Value]>::len) else {
                return Err(self.not_a_sequence(arguments));
            };
            for index in 0..positional {
                let item = self.item_at(arguments, index).unwrap_or(Value::NONE);
                self.push(item)?;
            }
            if let Some(keywords) = keywords {
                let Some(dict) = self.as_dict(keywords) else {
                    return Err(self.type_error(b"expecting a dict for keyword args"));
                };
                let mut place = 0;
                while let Some((at, key, value)) = self.dict_entry(dict, place) {
                    place = at + 1;
                    self.push(key)?;
                    self.push(value)?;
                }
            }
            let count = self.stack_len() - top;
            let arguments = self.tuple_from_stack(top, count)?;
            self.truncate(top);
            self.push(arguments)?;
            let number = self.free_number()?;
            let identity = self.threads.last_identity + 1;
            let thread = self.alloc(Thread {
                identity,
                function,
                arguments,
                positional,
                ..Thread::NEW
            })?;
            self.push(thread.value())?;
            self.give_stacks(thread)?;
            // EAGAIN
            let Some(relay) = self.threads.relay else {
                return Err(self.os_error(11));
            };
            if !relay.start(number) {
                return Err(self.os_error(11));
            }
            self.threads.list[number] = thread.value();
            self.threads.last_identity = identity;
            self.threads.others += 1;
            self.truncate(top);
            Ok(identity)
        }

        #[cold]
        fn not_a_sequence(&mut self, value: Value) -> Raised {
            use crate::ops::format::Piece;
            let name = self.type_name(value);
            let message = [
                Piece::Text(b"object '"),
                Piece::Name(name),
                Piece::Text(b"' isn't a tuple or list"),
            ];
            self.raise(TypeId::TypeError, &message)
        }

        /// A number that no thread has; makes the entry of the first one if it is not there.
        fn free_number(&mut self) -> Result<usize> {
            if self.threads.list.is_empty() {
                let first = self.alloc(Thread {
                    identity: 1,
                    ..Thread::NEW
                })?;
                self.push(first.value())?;
                self.reserve_doubling(|vm| &mut vm.threads.list, 1)?;
                self.pop();
                self.threads.list.push_within(first.value());
            }
            let free = self.threads.list.iter().position(|slot| slot.is_none());
            if let Some(free) = free {
                return Ok(free);
            }
            let number = self.threads.list.len();
            if number >= MOST {
                return Err(self.os_error(11));
            }
            self.reserve_doubling(|vm| &mut vm.threads.list, 1)?;
            self.threads.list.push_within(Value::NONE);
            Ok(number)
        }

        /// Gives a thread its stacks: six tenths for values, three for calls, the rest for handlers.
        fn give_stacks(&mut self, thread: Ref<Thread>) -> Result<()> {
            let bytes = match self.threads.stack_bytes {
                0 => STACK_BYTES,
                bytes => bytes.max(LEAST_STACK_BYTES),
            };
            let words = bytes / size_of::<usize>();
            self.reserve(|vm| &mut vm.heap[thread].storage, words)?;
            self.heap[thread].storage.insert_within(0, words, 0);
            let storage = self.heap[thread].storage;
            let values = words * 6 / 10;
            let frames = words * 3 / 10 * size_of::<usize>() / size_of::<Frame>();
            let (stack, next) = Parked::within::<usize>(&storage, 0, values);
            let (frames, next) = Parked::within::<Frame>(&storage, next, frames);
            let left = (words - next) * size_of::<usize>() / size_of::<Handler>();
            let (handlers, _) = Parked::within::<Handler>(&storage, next, left);
            let body = &mut self.heap[thread];
            (body.stack, body.frames, body.handlers) = (stack, frames, handlers);
            Ok(())
        }

        // ---- running -------------------------------------------------------------------------------------

        /// Runs the thread that the interpreter was handed over for, to its end, and returns the number of the one
        /// that goes on.
        pub fn run_thread(&mut self) -> usize {
            if let Some(thread) = self.thread(self.threads.current)
                && !self.threads.ending
                && let Err(Raised) = self.call_thread(self.heap[thread])
            {
                let function = self.heap[thread].function;
                self.report_unhandled(function);
            }
            let ended = self.threads.current;
            self.truncate(0);
            self.exception = None;
            self.threads.list[ended] = Value::NONE;
            self.threads.others -= 1;
            let next = self.next_thread(u64::MAX).unwrap_or(0);
            self.resume_thread(next);
            next
        }

        fn call_thread(&mut self, thread: Thread) -> Result<()> {
            self.push(thread.function)?;
            let base = self.stack_len();
            let count = self.items_of(thread.arguments).map_or(0, <[Value]>::len);
            for index in 0..count {
                let item = self.item_at(thread.arguments, index);
                self.push(item.unwrap_or(Value::NONE))?;
            }
            let keywords = (count - thread.positional) / 2;
            self.call_on_stack(thread.function, base, keywords)?;
            Ok(())
        }

        /// What a thread ended with is shown, unless it is `SystemExit`.
        fn report_unhandled(&mut self, function: Value) {
            if self.exception_is(TypeId::SystemExit) {
                return;
            }
            let exception = self.take_exception();
            if self.push(exception).is_err() {
                return;
            }
            let said = self
                .put(Sink::Err, b"Unhandled exception in thread started by ")
                .and_then(|()| self.put_repr(Sink::Err, function))
                .and_then(|()| self.put(Sink::Err, b"\n"));
            if said.is_err() {
                self.exception = None;
            }
            self.print_exception(exception);
        }

        /// The next one in the order of numbers that does not wait, or has waited until `now_us`; not the running one.
        fn next_thread(&self, now_us: u64) -> Option<usize> {
            let count = self.threads.list.len();
            (1..count)
                .map(|step| (self.threads.current + step) % count)
                .find(|&number| {
                    self.thread(number)
                        .is_some_and(|thread| self.heap[thread].due_us <= now_us)
                })
        }

        /// Lets another thread run when this one has had its turn.
        #[inline]
        pub(crate) fn take_turn(&mut self) -> Result<()> {
            if self.threads.others == 0 {
                return Ok(());
            }
            self.count_look()
        }

        #[cold]
        fn count_look(&mut self) -> Result<()> {
            self.threads.looks += 1;
            if self.threads.looks < SLICE {
                return Ok(());
            }
            self.threads.looks = 0;
            self.set_due(0);
            let now = self.host.ticks_us();
            if let Some(next) = self.next_thread(now) {
                self.switch_to(next);
                return self.look();
            }
            Ok(())
        }

        fn set_due(&mut self, due_us: u64) {
            if let Some(thread) = self.thread(self.threads.current) {
                self.heap[thread].due_us = due_us;
            }
        }

        /// Waits a moment; other threads run meanwhile.
        pub fn rest(&mut self, time_us: u64) -> Result<()> {
            if self.threads.others == 0 {
                self.host.sleep_us(time_us);
                return Ok(());
            }
            let due = self.host.ticks_us().saturating_add(time_us);
            self.set_due(due);
            loop {
                let now = self.host.ticks_us();
                if let Some(next) = self.next_thread(now) {
                    self.switch_to(next);
                    return Ok(());
                }
                if now >= due {
                    return Ok(());
                }
                // All wait: so does this one, until the first of them is due.
                let first = (0..self.threads.list.len())
                    .filter_map(|number| self.thread(number))
                    .map(|thread| self.heap[thread].due_us)
                    .min()
                    .unwrap_or(due);
                self.host.sleep_us(first.saturating_sub(now));
                self.look()?;
            }
        }

        /// What waiting threads wait for may be there: they look before the time they wait for is over.
        pub fn wake_threads(&mut self) {
            for number in 0..self.threads.list.len() {
                if let Some(thread) = self.thread(number) {
                    self.heap[thread].due_us = 0;
                }
            }
        }

        /// Whether the running thread is to end because the first one does.
        pub(crate) fn is_ending(&self) -> bool {
            self.threads.ending && self.threads.current != 0
        }

        /// Ends all threads but the first, which runs: nothing they could catch, no handlers.
        pub(crate) fn end_threads(&mut self) {
            if self.threads.others == 0 || self.threads.current != 0 {
                return;
            }
            self.threads.ending = true;
            let aborts = core::mem::replace(&mut self.prompt.aborts, true);
            while let Some(next) = self.next_thread(u64::MAX) {
                self.switch_to(next);
            }
            self.prompt.aborts = aborts;
            self.threads.ending = false;
        }
    }

    impl Thread {
        const NEW: Self = Self {
            storage: Vector::new(),
            stack: Parked::NONE,
            frames: Parked::NONE,
            handlers: Parked::NONE,
            recent: Recent::NONE,
            exception: None,
            stop_value: Value::NONE,
            guarded: Vector::new(),
            native_depth: 0,
            lock_depth: 0,
            due_us: 0,
            identity: 0,
            function: Value::NONE,
            arguments: Value::NONE,
            positional: 0,
        };
    }
}
