//! `Vm`: the whole state of one interpreter, passed by reference, never a static.

use crate::heap::{Heap, Marker, Object, Ref, Tailed, Vector};
use crate::host::Host;
use crate::intern::Interner;
use crate::library::Library;
use crate::names as q;
use crate::raise::{Raised, Result};
use crate::types::{Dict, Exception, List, TypeId, trace_object};
use crate::value::Value;
use crate::vm::stack::{Frames, Handlers, Stack};

/// How the memory of an interpreter is divided.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Words of the value stack.
    pub stack_words: usize,
    /// Python calls that can be open at the same time.
    pub frames: usize,
    /// Exception handlers that can be open at the same time.
    pub handlers: usize,
    /// How deep native code may call back into Python.
    pub native_depth: u16,
}

impl Sizes {
    /// Words of memory that go to the stacks; the rest is the heap.
    #[must_use]
    pub const fn words(self) -> usize {
        let frames = self.frames * size_of::<crate::vm::stack::Frame>();
        let handlers = self.handlers * size_of::<crate::vm::stack::Handler>();
        let word = size_of::<usize>();
        self.stack_words + frames.div_ceil(word) + handlers.div_ceil(word)
    }

    /// For a board with little memory.
    pub const SMALL: Sizes = Sizes {
        stack_words: 1024,
        frames: 48,
        handlers: 48,
        native_depth: 12,
    };
    /// For a host.
    pub const HOST: Sizes = Sizes {
        stack_words: 40_000,
        frames: 2000,
        handlers: 2000,
        native_depth: 120,
    };
}

/// One interpreter.
pub struct Vm<'m> {
    pub(crate) heap: Heap<'m>,
    pub(crate) stack: Stack<'m>,
    pub(crate) frames: Frames<'m>,
    pub(crate) handlers: Handlers<'m>,
    pub(crate) host: &'m mut dyn Host,
    pub(crate) library: &'static Library,
    pub(crate) interner: Interner,
    /// The exception in flight.
    pub(crate) exception: Option<Value>,
    /// What the iterator that ended last returned.
    pub(crate) stop_value: Value,
    pub(crate) emergency_exception: Option<Value>,
    /// Where the exception kept for that puts its argument.
    pub(crate) emergency_args: Option<Value>,
    /// All empty tuples are this one.
    pub(crate) empty_tuple: Option<Value>,
    /// The namespace of `__main__`.
    pub(crate) main: Option<Ref<Dict>>,
    /// Loaded modules by name.
    pub(crate) modules: Option<Ref<Dict>>,
    /// Names set on `builtins`.
    pub(crate) builtins: Option<Ref<Dict>>,
    /// Namespaces native modules got when something was stored in them: module number to dict.
    pub(crate) module_dicts: Option<Ref<Dict>>,
    pub(crate) path: Option<Ref<List>>,
    pub(crate) argv: Option<Ref<List>>,
    /// Objects whose `__del__` is to be called, and those whose turn has come.
    pub(crate) finalisable: Vector<Value>,
    pub(crate) dying: Vector<Value>,
    /// Pairs being printed or compared, to notice recursion; and callbacks waiting to run.
    pub(crate) scheduled: Vector<Value>,
    pub(crate) guarded: Vector<Value>,
    pub(crate) scheduler_locked: bool,
    /// `micropython.kbd_intr` was scheduled: `KeyboardInterrupt` is raised as soon as no scheduled call runs.
    pub(crate) interrupt_scheduled: bool,
    /// The library is to look after something all the time.
    pub(crate) attends: bool,
    pub(crate) native_depth: u16,
    pub(crate) native_limit: u16,
    pub(crate) opt_level: u8,
    pub(crate) ticks: u32,
    in_no_memory: bool,
    pub(crate) gc_enabled: bool,
    pub(crate) atexit: Option<Value>,
    pub(crate) prompt: crate::prompt::Prompt,
    /// Values that the library keeps.
    pub(crate) roots: Vector<Value>,
    pub(crate) hints: crate::ops::attr::Hints,
    #[cfg(feature = "weakref")]
    pub(crate) watches: crate::weak::Watches,
    #[cfg(feature = "threads")]
    pub(crate) threads: crate::vm::threads::Threads<'m>,
}

impl<'m> Vm<'m> {
    /// Makes an interpreter that lives in `memory`, or `None` if that is too small.
    pub fn new(memory: &'m mut [usize], sizes: Sizes, host: &'m mut dyn Host) -> Option<Self> {
        Self::with_library(memory, sizes, host, &Library::EMPTY)
    }

    /// As [`Vm::new`], with modules, types and files beyond those of the language.
    pub fn with_library(
        memory: &'m mut [usize],
        sizes: Sizes,
        host: &'m mut dyn Host,
        library: &'static Library,
    ) -> Option<Self> {
        let (stack, memory) = Stack::carve(memory, sizes.stack_words)?;
        let (frames, memory) = Frames::carve(memory, sizes.frames)?;
        let (handlers, memory) = Handlers::carve(memory, sizes.handlers)?;
        let heap = Heap::new(memory);
        let mut vm = Self::assemble(heap, (stack, frames, handlers), host, library, sizes);
        vm.start().ok()?;
        Some(vm)
    }

    /// An interpreter whose first objects are not made yet.
    pub(crate) fn assemble(
        heap: Heap<'m>,
        (stack, frames, handlers): (Stack<'m>, Frames<'m>, Handlers<'m>),
        host: &'m mut dyn Host,
        library: &'static Library,
        sizes: Sizes,
    ) -> Self {
        Self {
            heap,
            stack,
            frames,
            handlers,
            host,
            library,
            interner: Interner::new(),
            exception: None,
            stop_value: Value::NONE,
            emergency_exception: None,
            emergency_args: None,
            empty_tuple: None,
            main: None,
            modules: None,
            builtins: None,
            module_dicts: None,
            path: None,
            argv: None,
            finalisable: Vector::new(),
            dying: Vector::new(),
            scheduled: Vector::new(),
            guarded: Vector::new(),
            scheduler_locked: false,
            interrupt_scheduled: false,
            attends: false,
            native_depth: 0,
            native_limit: sizes.native_depth,
            opt_level: 0,
            ticks: 0,
            in_no_memory: false,
            gc_enabled: true,
            atexit: None,
            prompt: crate::prompt::Prompt::new(),
            roots: Vector::new(),
            hints: crate::ops::attr::Hints::new(),
            #[cfg(feature = "weakref")]
            watches: crate::weak::Watches::new(),
            #[cfg(feature = "threads")]
            threads: crate::vm::threads::Threads::new(),
        }
    }

    /// Makes the objects every program finds.
    fn start(&mut self) -> Result<()> {
        let exception = self.alloc(Exception::new(TypeId::MemoryError, Value::NONE))?;
        self.heap[exception].args = None;
        self.emergency_exception = Some(exception.value());
        self.empty_tuple = Some(self.new_tuple(&[])?);
        self.emergency_args = Some(self.new_tuple(&[Value::NONE])?);
        self.reserve(|vm| &mut vm.heap[exception].traceback, 12)?;
        let main = self.new_dict()?;
        self.main = Some(main);
        self.set_name(main, q::__name__, Value::qstr(q::__main__))?;
        let modules = self.new_dict()?;
        self.modules = Some(modules);
        let module = self.alloc(crate::types::Module { dict: main })?;
        self.set_name(modules, q::__main__, module.value())?;
        self.path = Some(self.new_list(&[])?);
        self.argv = Some(self.new_list(&[])?);
        let count = self.library.roots;
        self.reserve(|vm| &mut vm.roots, count)?;
        self.roots.insert_within(0, count, Value::NONE);
        Ok(())
    }

    /// The namespace of `__main__`.
    ///
    /// # Panics
    /// Never: `new` has made it.
    pub(crate) fn main(&self) -> Ref<Dict> {
        self.main.expect("made by start")
    }

    // ---- the value stack -------------------------------------------------------------------------------

    /// How many values are on the stack.
    #[inline]
    pub fn stack_len(&self) -> usize {
        self.stack.len()
    }

    /// Keeps a value alive until it is popped.
    #[inline]
    pub fn push(&mut self, value: Value) -> Result<()> {
        if self.stack.push(value) {
            Ok(())
        } else {
            Err(self.too_deep())
        }
    }

    /// Takes the last value that was pushed.
    #[inline]
    pub fn pop(&mut self) -> Value {
        self.stack.pop()
    }

    /// Pops values until `len` are left.
    #[inline]
    pub fn truncate(&mut self, len: usize) {
        self.stack.truncate(len);
    }

    /// A value on the stack.
    #[inline]
    pub fn stack_at(&self, index: usize) -> Value {
        self.stack.get(index).unwrap_or(Value::NONE)
    }

    /// The error of code that nests too deep.
    #[cold]
    pub(crate) fn too_deep(&mut self) -> Raised {
        // The message needs a little stack itself.
        self.stack.borrow_reserve();
        let raised = self.raise_text(TypeId::RuntimeError, b"maximum recursion depth exceeded");
        self.stack.return_reserve();
        raised
    }

    // ---- allocation ------------------------------------------------------------------------------------

    /// Makes an object; what its body refers to survives a collection.
    #[inline]
    pub(crate) fn alloc<T: Object>(&mut self, body: T) -> Result<Ref<T>> {
        if self.may_allocate()
            && let Some(made) = self.heap.try_new(body)
        {
            return Ok(made);
        }
        self.alloc_slowly(&body, size_of::<T>(), |heap| heap.try_new(body))
    }

    /// Makes an object with a tail of `len` copies of `fill`.
    pub(crate) fn alloc_tailed<T: Tailed>(
        &mut self,
        body: T,
        len: usize,
        fill: T::Item,
    ) -> Result<Ref<T>> {
        if self.may_allocate()
            && let Some(made) = self.heap.try_tailed(body, len, fill)
        {
            return Ok(made);
        }
        let bytes = size_of::<T>().saturating_add(len.saturating_mul(size_of::<T::Item>()));
        self.alloc_slowly(&body, bytes, |heap| heap.try_tailed(body, len, fill))
    }

    /// Whether an allocation may go ahead without thinking.
    #[inline]
    pub(crate) fn may_allocate(&self) -> bool {
        !cfg!(feature = "gc-stress")
            && self.heap.lock_depth == 0
            && self.heap.allocated < self.heap.threshold
    }

    #[cold]
    #[inline(never)]
    fn alloc_slowly<T: Object, R>(
        &mut self,
        body: &T,
        bytes: usize,
        mut attempt: impl FnMut(&mut Heap<'m>) -> Option<R>,
    ) -> Result<R> {
        if self.heap.lock_depth > 0 {
            return Err(self.heap_is_locked());
        }
        if self.gc_enabled || cfg!(feature = "gc-stress") {
            self.collect_with(&mut |marker| body.trace(marker));
        }
        match attempt(&mut self.heap) {
            Some(made) => Ok(made),
            None => Err(self.no_memory(bytes)),
        }
    }

    /// Collects for an allocation by hand; what `trace` passes survives.
    #[cold]
    #[inline(never)]
    pub(crate) fn alloc_slowly_traced(
        &mut self,
        trace: &mut dyn FnMut(&mut Marker<'_, '_>),
    ) -> Result<()> {
        if self.heap.lock_depth > 0 {
            return Err(self.heap_is_locked());
        }
        if self.gc_enabled || cfg!(feature = "gc-stress") {
            self.collect_with(trace);
        }
        Ok(())
    }

    #[cold]
    pub(crate) fn heap_is_locked(&mut self) -> Raised {
        self.raise_emergency(b"memory allocation failed, heap is locked")
    }

    /// An array has room behind its items up to the next block, but whether it has must not decide what
    /// fails while the heap is locked.
    ///
    /// # Errors
    /// `MemoryError` while the heap is locked.
    pub(crate) fn may_lengthen(&mut self) -> Result<()> {
        if self.heap.lock_depth > 0 {
            return Err(self.heap_is_locked());
        }
        Ok(())
    }

    /// The error of an allocation of `bytes` that failed.
    #[cold]
    pub(crate) fn no_memory(&mut self, bytes: usize) -> Raised {
        if self.in_no_memory {
            return self.raise_emergency(b"");
        }
        self.in_no_memory = true;
        use crate::ops::format::Piece;
        let message = [
            Piece::Text(b"memory allocation failed, allocating "),
            Piece::Number(bytes as isize),
            Piece::Text(b" bytes"),
        ];
        let raised = self.raise(TypeId::MemoryError, &message);
        self.in_no_memory = false;
        raised
    }

    /// Raises the `MemoryError` that needs no memory.
    fn raise_emergency(&mut self, _message: &[u8]) -> Raised {
        let value = self.emergency_exception.unwrap_or(Value::NONE);
        if let Some(exception) = self.heap.cast::<Exception>(value) {
            let body = &mut self.heap[exception];
            body.class = TypeId::MemoryError;
            body.args = None;
            body.traceback.truncate(0);
        }
        self.raise_value(value)
    }

    /// Makes room for `extra` more items in a vector, whose owner is rooted.
    pub(crate) fn reserve<T: Copy>(
        &mut self,
        find: impl for<'v> Fn(&'v mut Self) -> &'v mut Vector<T>,
        extra: usize,
    ) -> Result<()> {
        let vector = *find(self);
        let wanted = vector.len() + extra;
        if wanted <= vector.capacity() {
            return Ok(());
        }
        let Some(bytes) = wanted
            .checked_mul(size_of::<T>())
            .filter(|_| u32::try_from(wanted).is_ok())
        else {
            return Err(self.no_memory(usize::MAX >> 1));
        };
        if self.heap.lock_depth > 0 {
            return Err(self.heap_is_locked());
        }
        let bytes = bytes.next_multiple_of(crate::heap::BLOCK);
        let capacity = bytes / size_of::<T>();
        if let Some(address) = vector.address()
            && self.heap.try_grow(address, bytes)
        {
            let grown = self.heap.grown(vector, capacity);
            *find(self) = grown;
            return Ok(());
        }
        if !self.may_allocate() {
            self.collect();
        }
        let storage = match self.heap.try_storage(bytes) {
            Some(storage) => Some(storage),
            None => {
                self.collect();
                self.heap.try_storage(bytes)
            }
        };
        let Some(address) = storage else {
            return Err(self.no_memory(bytes));
        };
        let moved = self.heap.relocate(vector, address, capacity);
        *find(self) = moved;
        Ok(())
    }

    /// As [`Vm::reserve`] for a vector that is filled step by step: doubles its room.
    pub(crate) fn reserve_doubling<T: Copy>(
        &mut self,
        find: impl for<'v> Fn(&'v mut Self) -> &'v mut Vector<T>,
        extra: usize,
    ) -> Result<()> {
        let vector = *find(self);
        if vector.len() + extra <= vector.capacity() {
            return Ok(());
        }
        let doubled = extra.max(vector.capacity() - vector.len() + vector.capacity().max(4));
        if vector.capacity() > 1024 && vector.address().is_some() {
            // A large vector first tries to take what it needs where it is.
            let bytes = (vector.len() + doubled) * size_of::<T>();
            if self.heap.lock_depth == 0 && self.heap.try_grow(vector.address().unwrap_or(0), bytes)
            {
                let grown = self.heap.grown(vector, vector.len() + doubled);
                *find(self) = grown;
                return Ok(());
            }
        }
        match self.reserve(&find, doubled) {
            Ok(()) => Ok(()),
            Err(Raised) if doubled > extra && self.heap.lock_depth == 0 => {
                self.exception = None;
                self.reserve(&find, extra)
            }
            Err(Raised) => Err(Raised),
        }
    }

    // ---- collection ------------------------------------------------------------------------------------

    /// Frees what cannot be reached.
    pub fn collect(&mut self) {
        self.collect_with(&mut |_| {});
    }

    fn collect_with(&mut self, extra: &mut dyn FnMut(&mut Marker<'_, '_>)) {
        let roots = [
            self.exception,
            Some(self.stop_value),
            self.emergency_exception,
            self.emergency_args,
            self.empty_tuple,
            self.main.map(Ref::value),
            self.modules.map(Ref::value),
            self.builtins.map(Ref::value),
            self.module_dicts.map(Ref::value),
            self.path.map(Ref::value),
            self.argv.map(Ref::value),
            self.atexit,
        ];
        let Self {
            heap,
            stack,
            frames,
            handlers,
            interner,
            scheduled,
            guarded,
            finalisable,
            dying,
            prompt,
            roots: kept,
            #[cfg(feature = "weakref")]
            watches,
            #[cfg(feature = "threads")]
            threads,
            ..
        } = self;
        heap.collect(trace_object, |marker, finalising| {
            if finalising {
                #[cfg(feature = "weakref")]
                watches.sort_out(marker);
                move_unreached(marker, finalisable, dying);
                marker.values(dying);
                return;
            }
            for root in roots {
                marker.option(root);
            }
            stack.trace(marker);
            frames.trace(marker);
            handlers.trace(marker);
            interner.trace(marker);
            marker.values(scheduled);
            marker.values(kept);
            marker.values(guarded);
            marker.plain(finalisable);
            marker.values(dying);
            #[cfg(feature = "weakref")]
            watches.trace(marker);
            #[cfg(feature = "threads")]
            marker.values(&threads.list);
            prompt.trace(marker);
            extra(marker);
        });
        self.hints.clear();
    }

    /// Calls `__del__` of the objects a collection found unreachable.
    pub(crate) fn finalise(&mut self) {
        while let Some(object) = self.dying.pop() {
            if self.push(object).is_err() {
                self.exception = None;
                return;
            }
            self.call_finaliser(object);
            self.pop();
        }
        #[cfg(feature = "weakref")]
        self.tell_watchers();
    }

    /// Registers an object whose `__del__` is to be called when it is unreachable.
    pub fn register_finaliser(&mut self, object: Value) -> Result<()> {
        self.push(object)?;
        let room = self.finalisable.len() + 1;
        self.reserve_doubling(|vm| &mut vm.finalisable, 1)?;
        // Every registered object must find room among the dying without an allocation.
        let waiting = self.dying.len();
        self.reserve(|vm| &mut vm.dying, room + waiting - waiting)?;
        self.finalisable.push_within(object);
        self.pop();
        Ok(())
    }
}

/// Moves objects that were not reached from one list to the other.
fn move_unreached(marker: &mut Marker<'_, '_>, from: &mut Vector<Value>, to: &mut Vector<Value>) {
    let mut kept = 0;
    for index in 0..from.len() {
        let object = from[index];
        if marker.is_marked(object) || to.len() == to.capacity() {
            from[kept] = object;
            kept += 1;
        } else {
            to.push_within(object);
        }
    }
    from.truncate(kept);
}
