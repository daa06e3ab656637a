//! Calling anything: functions, methods, classes, native code.
//!
//! [`Vm::begin_call`] either finishes a call at once (native code) or leaves a new frame for the dispatch loop, so
//! Python calling Python does not nest in Rust. [`Vm::call`] is for native code and enters the loop.

use upy_bytecode::code::FLAG_GENERATOR;

use crate::heap::{Ref, Vector};
use crate::names as q;
use crate::native::{ANY, Args, Entry, Item, KEYWORDS};
use crate::ops::format::Piece;
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::{
    BoundMethod, Class, Closure, Code, Dict, Exception, Function, Generator, Instance, Kind,
    Progress, TypeId,
};
use crate::value::{Class as Immediate, Value};
use crate::vm::stack::{Frame, Purpose};

/// Where a call's parts lie on the value stack.
#[derive(Clone, Copy)]
pub(crate) struct Site {
    /// The arguments.
    pub(crate) args: Args,
    /// Where the result goes; the stack ends behind it afterwards.
    pub(crate) result: usize,
    pub(crate) purpose: Purpose,
}

impl Vm<'_> {
    /// Starts a call. `Some` is its result, `None` means that a frame was pushed.
    pub(crate) fn begin_call(&mut self, callee: Value, site: Site) -> Result<Option<Value>> {
        let mut callee = callee;
        let mut site = site;
        loop {
            if let Some((class, payload)) = callee.as_immediate() {
                return match class {
                    Immediate::Native => self.call_native(payload, site.args).map(Some),
                    Immediate::Type => self.make_instance(TypeId::of(payload), site.args).map(Some),
                    _ => Err(self.not_callable(callee)),
                };
            }
            let Some(header) = self.heap.header(callee) else {
                return Err(self.not_callable(callee));
            };
            match Kind::of(header.kind()) {
                Kind::Function => return self.call_function(self.heap.expect(callee), site),
                Kind::Closure => {
                    let closure: Ref<Closure> = self.heap.expect(callee);
                    let count = self.heap.tail_len(closure);
                    self.open_gap(&mut site, count)?;
                    for index in 0..count {
                        let cell = self.heap.tail(closure)[index];
                        self.stack.set(site.args.base + index, Some(cell));
                    }
                    callee = self.heap[closure].function;
                }
                Kind::BoundMethod => {
                    let BoundMethod { function, this } =
                        self.heap[self.heap.expect::<BoundMethod>(callee)];
                    self.open_gap(&mut site, 1)?;
                    self.stack.set(site.args.base, Some(this));
                    callee = function;
                }
                Kind::Class => return self.call_class(self.heap.expect(callee), site),
                Kind::Instance | Kind::Foreign => {
                    let Some((function, this)) = self.lookup_special(callee, q::__call__)? else {
                        return Err(self.not_callable(callee));
                    };
                    if let Some(this) = this {
                        self.open_gap(&mut site, 1)?;
                        self.stack.set(site.args.base, Some(this));
                    }
                    callee = function;
                }
                _ => return Err(self.not_callable(callee)),
            }
        }
    }

    /// Makes room for `count` arguments in front of the others.
    fn open_gap(&mut self, site: &mut Site, count: usize) -> Result<()> {
        let args = &mut site.args;
        // Words between the result and the arguments hold the callee, which is not needed any more.
        let spare =
            (args.base - site.result).saturating_sub(usize::from(site.purpose == Purpose::Init));
        let shift = count.saturating_sub(spare);
        if shift > 0 {
            let end = args.base + args.count + 2 * args.keywords;
            if end + shift > self.stack.limit() {
                return Err(self.too_deep());
            }
            self.stack.fill_to(end + shift);
            self.stack
                .slice_mut(args.base, end + shift)
                .copy_within(..end - args.base, shift);
        }
        args.base = args.base + shift - count;
        args.count += count;
        Ok(())
    }

    #[cold]
    fn not_callable(&mut self, callee: Value) -> Raised {
        let name = self.type_name(callee);
        self.raise(
            TypeId::TypeError,
            &[
                Piece::Text(b"'"),
                Piece::Name(name),
                Piece::Text(b"' object isn't callable"),
            ],
        )
    }

    #[inline]
    fn call_function(&mut self, function: Ref<Function>, site: Site) -> Result<Option<Value>> {
        let Function { code, globals, .. } = self.heap[function];
        let body = &self.heap[code];
        let (locals, stack) = (usize::from(body.locals), usize::from(body.stack));
        let args = site.args;
        let fits = body.simple && args.keywords == 0 && args.count == usize::from(body.positional);
        let generator = body.flags & FLAG_GENERATOR != 0;
        if args.base + locals + stack > self.stack.limit() {
            return Err(self.too_deep());
        }
        if fits {
            self.stack.truncate(args.base + args.count);
        } else {
            self.bind_arguments(function, args)?;
        }
        self.stack.fill_to(args.base + locals);
        if !fits {
            self.make_cells(code, args.base)?;
        }
        if generator {
            return self.new_generator(code, globals, args.base).map(Some);
        }
        self.push_frame(code, globals, globals, args.base, site)?;
        Ok(None)
    }

    #[inline]
    fn push_frame(
        &mut self,
        code: Ref<Code>,
        globals: Ref<Dict>,
        locals: Ref<Dict>,
        base: usize,
        site: Site,
    ) -> Result<()> {
        let frame = Frame {
            code,
            globals,
            locals,
            generator: None,
            root: None,
            ip: 0,
            base: base as u32,
            result: site.result as u32,
            handlers: self.handlers.len() as u32,
            purpose: site.purpose,
        };
        if self.frames.push(frame) {
            Ok(())
        } else {
            Err(self.too_deep())
        }
    }

    fn new_generator(&mut self, code: Ref<Code>, globals: Ref<Dict>, base: usize) -> Result<Value> {
        let generator = self.alloc(Generator {
            code,
            globals,
            state: Vector::new(),
            handlers: Vector::new(),
            ip: 0,
            progress: Progress::Fresh,
            pending: Value::NONE,
        })?;
        let body = &self.heap[code];
        let (locals, room) = (
            usize::from(body.locals),
            usize::from(body.locals + body.stack),
        );
        self.reserve(|vm| &mut vm.heap[generator].state, room)?;
        for index in base..base + locals {
            let value = self.stack.get(index);
            self.heap[generator].state.push_within(value);
        }
        Ok(generator.value())
    }

    /// Runs a function's code with another namespace for names; for classes, `exec` and modules.
    pub(crate) fn run_code(
        &mut self,
        code: Ref<Code>,
        cells: &[Value],
        globals: Ref<Dict>,
        locals: Ref<Dict>,
    ) -> Result<Value> {
        let top = self.stack_len();
        let count = usize::from(self.heap[code].locals);
        if top + count + usize::from(self.heap[code].stack) + cells.len() > self.stack.limit() {
            return Err(self.too_deep());
        }
        for &cell in cells {
            self.push(cell)?;
        }
        self.stack.fill_to(top + count);
        self.make_cells(code, top)?;
        let site = Site {
            args: Args::EMPTY,
            result: top,
            purpose: Purpose::Entry,
        };
        self.push_frame(code, globals, locals, top, site)?;
        let outcome = self.enter();
        self.truncate(top);
        outcome
    }

    /// Runs the frame on top until it returns.
    pub(crate) fn enter(&mut self) -> Result<Value> {
        let floor = self.frames.len() - 1;
        if self.native_depth >= self.native_limit {
            self.frames.truncate(floor);
            return Err(self.too_deep());
        }
        self.native_depth += 1;
        let outer = self.heap.enter_loop();
        let outcome = self.run(floor, false);
        let value = outcome.as_ref().ok().map(|&(value, _)| value);
        self.heap.leave_loop(outer, value);
        self.native_depth -= 1;
        outcome.map(|(value, _)| value)
    }

    // ---- native code -----------------------------------------------------------------------------------

    /// Calls a native function by the payload of its value.
    #[inline]
    pub(crate) fn call_native(&mut self, payload: usize, args: Args) -> Result<Value> {
        let entry = self.native_entry(payload);
        match entry.item {
            Item::Function(native, least, most)
            | Item::ClassFunction(native, least, most)
            | Item::StaticFunction(native, least, most) => {
                let limit = usize::from(most & ANY);
                if args.count < usize::from(least)
                    || (args.count > limit && limit != usize::from(ANY))
                    || (args.keywords > 0 && most & KEYWORDS == 0)
                {
                    return Err(self.wrong_arguments(entry, args));
                }
                let top = self.stack_len();
                let outcome = native(self, args);
                self.stack.truncate(top);
                outcome
            }
            _ => Err(self.type_error(b"object isn't callable")),
        }
    }

    #[cold]
    fn wrong_arguments(&mut self, entry: &Entry, args: Args) -> Raised {
        let (Item::Function(_, least, most)
        | Item::ClassFunction(_, least, most)
        | Item::StaticFunction(_, least, most)) = entry.item
        else {
            return self.type_error(b"object isn't callable");
        };
        if args.keywords > 0 && most & KEYWORDS == 0 {
            return self.type_error(b"function doesn't take keyword arguments");
        }
        self.wrong_count(usize::from(least), usize::from(most & ANY), args.count)
    }

    /// The error of a call with the wrong number of arguments.
    #[cold]
    pub fn wrong_count(&mut self, least: usize, most: usize, given: usize) -> Raised {
        let number = |number: usize| Piece::Number(number as isize);
        if least == most {
            return self.raise(
                TypeId::TypeError,
                &[
                    Piece::Text(b"function takes "),
                    number(least),
                    Piece::Text(b" positional arguments but "),
                    number(given),
                    Piece::Text(b" were given"),
                ],
            );
        }
        if given < least {
            return self.raise(
                TypeId::TypeError,
                &[
                    Piece::Text(b"function missing "),
                    number(least - given),
                    Piece::Text(b" required positional arguments"),
                ],
            );
        }
        self.raise(
            TypeId::TypeError,
            &[
                Piece::Text(b"function expected at most "),
                number(most),
                Piece::Text(b" arguments, got "),
                number(given),
            ],
        )
    }

    /// Makes an instance of a built-in type.
    pub(crate) fn make_instance(&mut self, class: TypeId, args: Args) -> Result<Value> {
        let Some(make) = self.type_info(class).make else {
            return Err(self.raise(
                TypeId::TypeError,
                &[
                    Piece::Text(b"cannot create '"),
                    Piece::Name(self.type_info(class).name),
                    Piece::Text(b"' instances"),
                ],
            ));
        };
        let top = self.stack_len();
        let outcome = make(self, class, args);
        self.stack.truncate(top);
        outcome
    }

    // ---- calls by native code --------------------------------------------------------------------------

    /// Calls with arguments that lie on the top of the stack, the first at `base`. They are popped.
    pub fn call_on_stack(&mut self, callee: Value, base: usize, keywords: usize) -> Result<Value> {
        // Native code may call for ever without a jump in what it calls: `1 in x` with a `__getitem__` that has
        // an answer to everything.
        self.ticks = self.ticks.wrapping_add(1);
        if self.ticks.is_multiple_of(super::dispatch::POLL_INTERVAL)
            && let Err(raised) = self.poll()
        {
            self.truncate(base);
            return Err(raised);
        }
        // A word of its own for the result keeps the callee's place free.
        let count = self.stack_len() - base - 2 * keywords;
        let site = Site {
            args: Args {
                base,
                count,
                keywords,
            },
            result: base,
            purpose: Purpose::Entry,
        };
        let outcome = match self.begin_call(callee, site) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => self.enter(),
            Err(Raised) => Err(Raised),
        };
        self.truncate(base);
        outcome
    }

    /// Calls with the given arguments.
    pub fn call(&mut self, callee: Value, args: &[Value]) -> Result<Value> {
        let top = self.stack_len();
        self.push(callee)?;
        let base = top + 1;
        for &arg in args {
            self.push(arg)?;
        }
        let outcome = self.call_on_stack(callee, base, 0);
        self.truncate(top);
        outcome
    }

    /// Calls what a lookup found: a function and perhaps its `self`.
    pub fn call_found(&mut self, found: (Value, Option<Value>), args: &[Value]) -> Result<Value> {
        let (function, this) = found;
        let top = self.stack_len();
        self.push(function)?;
        let base = top + 1;
        if let Some(this) = this {
            self.push(this)?;
        }
        for &arg in args {
            self.push(arg)?;
        }
        let outcome = self.call_on_stack(function, base, 0);
        self.truncate(top);
        outcome
    }

    /// Calls `__del__` of an object; what it raises is printed and forgotten.
    pub(crate) fn call_finaliser(&mut self, object: Value) {
        let saved = self.exception.take();
        let found = self.lookup_special(object, q::__del__).unwrap_or_default();
        if let Some(found) = found
            && let Err(Raised) = self.call_found(found, &[])
        {
            // As MicroPython: an exception of a finaliser is ignored.
            self.exception = None;
        }
        self.exception = saved;
    }

    // ---- classes ---------------------------------------------------------------------------------------

    /// Makes an instance of a class written in Python.
    fn call_class(&mut self, class: Ref<Class>, site: Site) -> Result<Option<Value>> {
        let Class {
            native, features, ..
        } = self.heap[class];
        if features & crate::types::class::NAMEDTUPLE != 0 {
            return self.make_namedtuple(class, site.args).map(Some);
        }
        let custom_new = self.find_in_class(class, q::__new__);
        let object = match custom_new {
            Some(function) if features & crate::types::class::CUSTOM_NEW != 0 => {
                let made = self.call_new(class, function, site.args)?;
                if !self.is_instance_of(made, class.value()) {
                    return Ok(Some(made));
                }
                made
            }
            _ => self.new_instance(class)?.value(),
        };
        self.push(object)?;
        if features & crate::types::class::FINALISER != 0 {
            self.register_finaliser(object)?;
        }
        let init = self.find_in_class(class, q::__init__);
        if native == TypeId::Tuple && init.is_some() {
            let made = self.make_instance(native, site.args)?;
            self.set_native(object, made);
        }
        let Some(init) = init else {
            self.default_init(object, native, site.args, custom_new.is_some())?;
            self.pop();
            return Ok(Some(object));
        };
        self.pop();
        let mut site = site;
        let entry = site.purpose == Purpose::Entry;
        if entry {
            // The result is handed over in Rust; run `__init__` to its end here.
            return self.init_now(object, init, site.args).map(Some);
        }
        site.purpose = Purpose::Init;
        self.open_gap(&mut site, 1)?;
        self.stack.set(site.args.base, Some(object));
        self.stack.set(site.result, Some(object));
        match self.begin_call(init, site)? {
            None => Ok(None),
            Some(value) => {
                self.check_init(value)?;
                Ok(Some(object))
            }
        }
    }

    fn init_now(&mut self, object: Value, init: Value, args: Args) -> Result<Value> {
        let top = self.stack_len();
        self.push(object)?;
        self.push(init)?;
        let base = self.stack_len();
        self.push(object)?;
        for index in 0..args.count + 2 * args.keywords {
            self.push(self.stack_at(args.base + index))?;
        }
        let value = self.call_on_stack(init, base, args.keywords)?;
        self.check_init(value)?;
        self.truncate(top);
        self.complete_native(object)?;
        Ok(object)
    }

    /// `__init__` must return nothing.
    pub(crate) fn check_init(&mut self, value: Value) -> Result<()> {
        if value.is_none() {
            return Ok(());
        }
        let name = self.type_name(value);
        Err(self.raise(
            TypeId::TypeError,
            &[
                Piece::Text(b"__init__() should return None, not '"),
                Piece::Name(name),
                Piece::Text(b"'"),
            ],
        ))
    }

    fn call_new(&mut self, class: Ref<Class>, function: Value, args: Args) -> Result<Value> {
        let function = self.unwrap_static(function);
        let top = self.stack_len();
        self.push(function)?;
        let base = self.stack_len();
        self.push(class.value())?;
        for index in 0..args.count + 2 * args.keywords {
            self.push(self.stack_at(args.base + index))?;
        }
        let made = self.call_on_stack(function, base, args.keywords);
        self.truncate(top);
        made
    }

    /// An instance without an `__init__` of its own: the built-in base takes the arguments.
    fn default_init(
        &mut self,
        object: Value,
        native: TypeId,
        args: Args,
        custom_new: bool,
    ) -> Result<()> {
        if native != TypeId::Object {
            let made = self.make_instance(native, args)?;
            self.set_native(object, made);
            return Ok(());
        }
        if args.count + args.keywords > 0 && !custom_new {
            return Err(self.wrong_count(0, 0, args.count));
        }
        Ok(())
    }

    /// Makes the object of the built-in base if `__init__` has not done so.
    pub(crate) fn complete_native(&mut self, object: Value) -> Result<()> {
        let Some(instance) = self.heap.cast::<Instance>(object) else {
            return Ok(());
        };
        let Instance { class, native, .. } = self.heap[instance];
        let base = self.heap[class].native;
        if let Some(native) = native {
            if let Some(exception) = self.heap.cast::<Exception>(native) {
                self.heap[exception].complete = true;
            }
            return Ok(());
        }
        if base == TypeId::Object {
            return Ok(());
        }
        self.push(object)?;
        let made = self.make_instance(base, Args::EMPTY)?;
        self.pop();
        self.set_native(object, made);
        Ok(())
    }

    /// Puts the object of the built-in base into an instance.
    pub(crate) fn set_native(&mut self, object: Value, native: Value) {
        if let Some(instance) = self.heap.cast::<Instance>(object) {
            self.heap[instance].native = Some(native);
        }
    }

    /// A fresh instance; one with a built-in base gets an empty object of it when that takes no arguments.
    pub(crate) fn new_instance(&mut self, class: Ref<Class>) -> Result<Ref<Instance>> {
        let native = self.heap[class].native;
        let instance = self.alloc(Instance {
            class,
            members: None,
            native: None,
        })?;
        if self.is_exception_type(native) {
            let args = self.new_tuple(&[])?;
            let exception = self.alloc(Exception {
                complete: false,
                ..Exception::new(native, args)
            })?;
            self.heap[instance].native = Some(exception.value());
        }
        Ok(instance)
    }
}
