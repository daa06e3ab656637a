//! `sys`, `gc`, `micropython`, `errno`, the part of `time` a language test needs; `help` and `input`.

use crate::names as q;
use crate::native::{Args, Entry, Item, class, function, item, number};
use crate::ops::format::Sink;
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::{File, TypeId};
use crate::value::Value;

pub(crate) const SYS: &[Entry] = &[
    item(q::__name__, Item::Text(q::sys)),
    item(
        q::path,
        Item::Get(|vm| Ok(vm.path.map_or(Value::NONE, |list| list.value()))),
    ),
    item(
        q::argv,
        Item::Get(|vm| Ok(vm.argv.map_or(Value::NONE, |list| list.value()))),
    ),
    item(
        q::modules,
        Item::Get(|vm| Ok(vm.modules.map_or(Value::NONE, |dict| dict.value()))),
    ),
    item(
        q::version,
        Item::Get(|vm| vm.new_str(b"3.4.0; MicroPython v1.29.0-preview (upy)")),
    ),
    item(
        q::version_info,
        Item::Get(|vm| vm.new_tuple(&[Value::small(3), Value::small(4), Value::small(0)])),
    ),
    item(q::implementation, Item::Get(implementation)),
    item(
        q::platform,
        Item::Get(|vm| vm.new_str(vm.host.platform().as_bytes())),
    ),
    item(q::byteorder, Item::Text(q::little)),
    item(q::maxsize, Item::Get(|vm| vm.new_int(isize::MAX as i64))),
    item(q::stdin, Item::Get(|vm| standard(vm, 0))),
    item(q::stdout, Item::Get(|vm| standard(vm, 1))),
    item(q::stderr, Item::Get(|vm| standard(vm, 2))),
    function(q::exit, exit, 0, 1),
    function(q::print_exception, print_exception, 1, 2),
    function(q::exc_info, exc_info, 0, 0),
    function(q::atexit, atexit, 1, 1),
    item(q::ps1, Item::Get(|vm| vm.new_str(b">>> "))),
    item(q::ps2, Item::Get(|vm| vm.new_str(b"... "))),
];

fn standard(vm: &mut Vm<'_>, handle: u32) -> Result<Value> {
    Ok(vm
        .alloc(File {
            handle,
            binary: false,
            open: true,
        })?
        .value())
}

fn implementation(vm: &mut Vm<'_>) -> Result<Value> {
    let name = vm.new_str(b"micropython")?;
    vm.push(name)?;
    let suffix = vm.new_str(b"preview")?;
    let version = vm.new_tuple(&[Value::small(1), Value::small(29), Value::small(0), suffix])?;
    vm.push(version)?;
    let machine = vm.new_str(vm.host.platform().as_bytes())?;
    vm.push(machine)?;
    let build = vm.new_str(b"standard")?;
    vm.push(build)?;
    let mut fields = [
        Value::qstr(q::name),
        Value::qstr(q::version),
        Value::qstr(q::_machine),
        Value::qstr(q::_mpy),
    ];
    let values = [name, version, machine, Value::small(6 | 3 << 8)];
    // As MicroPython: a tuple that also has these names.
    let names = vm.new_tuple(&fields)?;
    vm.push(names)?;
    let dict = vm.new_dict()?;
    vm.push(dict.value())?;
    vm.set_name(dict, q::_fields, names)?;
    let bases = vm.new_tuple(&[TypeId::Tuple.value()])?;
    let class = vm.alloc(crate::types::Class {
        name: q::empty,
        bases,
        dict,
        native: TypeId::Tuple,
        fields: 4,
        features: crate::types::class::NAMEDTUPLE,
    })?;
    fields.copy_from_slice(&values);
    let tuple = vm.alloc_tailed(crate::types::NamedTuple { class }, 4, Value::NONE)?;
    vm.heap.tail_mut(tuple).copy_from_slice(&fields);
    Ok(tuple.value())
}

fn exit(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let status = args.get(vm, 0);
    Err(vm.raise_with(TypeId::SystemExit, status))
}

fn print_exception(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let sink = match args.get(vm, 1) {
        Some(file) => vm.sink_of(file),
        None => Sink::Out,
    };
    let exception = args.at(vm, 0);
    vm.put_traceback(sink, exception)?;
    Ok(Value::NONE)
}

/// `exc_info()`: class and value of the innermost exception that is being handled, by any caller, and `None`.
fn exc_info(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    let handled = vm.handled_exception();
    let class = match handled {
        Some(exception) => vm.type_of(exception),
        None => Value::NONE,
    };
    vm.new_tuple(&[class, handled.unwrap_or(Value::NONE), Value::NONE])
}

fn atexit(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let old = vm.atexit.replace(args.at(vm, 0));
    Ok(old.unwrap_or(Value::NONE))
}

pub(crate) const GC: &[Entry] = &[
    item(q::__name__, Item::Text(q::gc)),
    function(q::collect, collect, 0, 1),
    function(
        q::disable,
        |vm, _| {
            vm.gc_enabled = false;
            Ok(Value::NONE)
        },
        0,
        0,
    ),
    function(
        q::enable,
        |vm, _| {
            vm.gc_enabled = true;
            Ok(Value::NONE)
        },
        0,
        0,
    ),
    function(q::isenabled, |vm, _| Ok(Value::bool(vm.gc_enabled)), 0, 0),
    function(
        q::mem_alloc,
        |vm, _| Ok(Value::small(vm.heap.statistics().used as isize)),
        0,
        0,
    ),
    function(q::mem_free, mem_free, 0, 0),
    function(q::threshold, threshold, 0, 1),
];

fn collect(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    vm.collect();
    vm.finalise();
    Ok(Value::small(0))
}

fn mem_free(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    let statistics = vm.heap.statistics();
    Ok(Value::small((statistics.total - statistics.used) as isize))
}

/// `gc.threshold(amount)`; -1 is never.
fn threshold(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    if args.count == 0 {
        let blocks = vm.heap.threshold;
        return Ok(Value::small(if blocks == usize::MAX {
            -1
        } else {
            (blocks * crate::heap::BLOCK) as isize
        }));
    }
    let bytes = vm.int_arg(args, 0)?;
    vm.heap.threshold =
        usize::try_from(bytes).map_or(usize::MAX, |bytes| bytes / crate::heap::BLOCK);
    Ok(Value::NONE)
}

pub(crate) const MICROPYTHON: &[Entry] = &[
    item(q::__name__, Item::Text(q::micropython)),
    function(q::const_, |vm, args| Ok(args.at(vm, 0)), 1, 1),
    function(q::opt_level, opt_level, 0, 1),
    function(q::mem_info, super::memory::mem_info, 0, 1),
    function(
        q::mem_total,
        |vm, _| Ok(Value::small(vm.heap.history().total as isize)),
        0,
        0,
    ),
    function(
        q::mem_current,
        |vm, _| Ok(Value::small(vm.heap.history().current as isize)),
        0,
        0,
    ),
    function(
        q::mem_peak,
        |vm, _| Ok(Value::small(vm.heap.history().peak as isize)),
        0,
        0,
    ),
    function(q::qstr_info, super::memory::qstr_info, 0, 1),
    function(
        q::stack_use,
        |vm, _| Ok(Value::small((vm.stack_len() * size_of::<Value>()) as isize)),
        0,
        0,
    ),
    function(
        q::alloc_emergency_exception_buf,
        |_, _| Ok(Value::NONE),
        1,
        1,
    ),
    function(q::heap_lock, heap_lock, 0, 0),
    function(q::heap_unlock, heap_unlock, 0, 0),
    function(q::kbd_intr, kbd_intr, 1, 1),
    function(q::schedule, schedule, 2, 2),
    class(q::RingIO, TypeId::RingIo),
];

/// `micropython.kbd_intr(byte)`; -1 is none.
fn kbd_intr(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let byte = vm.int_arg(args, 0)?;
    vm.host.set_interrupt(u8::try_from(byte).ok());
    Ok(Value::NONE)
}

fn opt_level(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    if args.count == 0 {
        return Ok(Value::small(isize::from(vm.opt_level)));
    }
    vm.opt_level = vm.int_arg(args, 0)?.clamp(0, 3) as u8;
    Ok(Value::NONE)
}

fn heap_lock(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    vm.heap.lock_depth += 1;
    Ok(Value::NONE)
}

fn heap_unlock(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    vm.heap.lock_depth = vm.heap.lock_depth.saturating_sub(1);
    Ok(Value::small(vm.heap.lock_depth as isize))
}

/// Calls that can wait at the same time.
const SCHEDULED_MAX: usize = 8;

/// `micropython.schedule(function, argument)`
fn schedule(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let interrupt = vm
        .find_native_module(q::micropython)
        .map(|module| vm.lookup(module, q::kbd_intr));
    let interrupt = interrupt.transpose()?.flatten();
    if interrupt.is_some_and(|(function, _)| function == args.at(vm, 0)) {
        vm.interrupt_scheduled = true;
        vm.ticks = u32::MAX;
        return Ok(Value::NONE);
    }
    let (function, argument) = (args.at(vm, 0), args.at(vm, 1));
    if vm.schedule(function, argument)? {
        return Ok(Value::NONE);
    }
    Err(vm.raise_text(TypeId::RuntimeError, b"schedule queue full"))
}

impl Vm<'_> {
    /// Lets a function be called with an argument as soon as the program can be held up; false if too many
    /// wait already.
    pub fn schedule(&mut self, function: Value, argument: Value) -> Result<bool> {
        if self.scheduled.len() >= SCHEDULED_MAX * 2 {
            return Ok(false);
        }
        self.reserve(|vm| &mut vm.scheduled, 2)?;
        self.scheduled.push_within(function);
        self.scheduled.push_within(argument);
        self.ticks = u32::MAX;
        Ok(true)
    }

    /// Looks at the world: Ctrl-C, calls that wait, objects to finalise.
    #[cold]
    pub fn poll(&mut self) -> Result<()> {
        self.look()?;
        self.take_turn()
    }

    /// As [`Vm::poll`], for code that waits: it lets other threads run by [`Vm::rest`].
    #[cold]
    pub fn look(&mut self) -> Result<()> {
        if self.host.aborted() {
            self.prompt.aborts = true;
            return Err(self.raise_with(TypeId::SystemExit, None));
        }
        if !self.is_main_thread() {
            return self.look_aside();
        }
        if !self.scheduler_locked && core::mem::take(&mut self.interrupt_scheduled) {
            return Err(self.raise_with(TypeId::KeyboardInterrupt, None));
        }
        if self.host.interrupted() {
            return Err(self.raise_with(TypeId::KeyboardInterrupt, None));
        }
        if (self.attends || self.host.event_waits())
            && let Some(service) = self.library.service
        {
            service(self)?;
        }
        if !self.dying.is_empty() {
            self.finalise();
        }
        // Those that wait now: a call that schedules itself again does not hold up the program.
        let mut waiting = self.scheduled.len() / 2;
        while !self.scheduler_locked && waiting > 0 && self.scheduled.len() >= 2 {
            waiting -= 1;
            let (function, argument) = (self.scheduled[0], self.scheduled[1]);
            self.scheduled.remove_range(0, 2);
            self.scheduler_locked = true;
            let outcome = self.call(function, &[argument]);
            self.scheduler_locked = false;
            if let Err(Raised) = outcome {
                let exception = self.take_exception();
                self.print_exception(exception);
            }
        }
        Ok(())
    }

    /// What a thread looks at that is not the first one: it may have to end.
    #[cold]
    fn look_aside(&mut self) -> Result<()> {
        #[cfg(feature = "threads")]
        if self.is_ending() {
            return Err(self.raise_with(TypeId::SystemExit, None));
        }
        if !self.dying.is_empty() {
            self.finalise();
        }
        Ok(())
    }

    /// Where `file=` leads.
    pub(crate) fn sink_of(&self, file: Value) -> Sink {
        match self.heap.cast::<File>(file).map(|file| self.heap[file]) {
            Some(File { handle: 1, .. }) => Sink::Out,
            Some(File { handle: 2, .. }) => Sink::Err,
            _ => Sink::Object(file),
        }
    }
}

pub(crate) const ERRNO: &[Entry] = &[
    item(q::__name__, Item::Text(q::errno)),
    item(q::errorcode, Item::Get(errorcode)),
    number(q::EPERM, 1),
    number(q::ENOENT, 2),
    number(q::EIO, 5),
    number(q::EBADF, 9),
    number(q::EAGAIN, 11),
    number(q::ENOMEM, 12),
    number(q::EACCES, 13),
    number(q::EEXIST, 17),
    number(q::ENODEV, 19),
    number(q::EISDIR, 21),
    number(q::EINVAL, 22),
    number(q::EOPNOTSUPP, 95),
    number(q::EADDRINUSE, 98),
    number(q::ECONNABORTED, 103),
    number(q::ECONNRESET, 104),
    number(q::ENOBUFS, 105),
    number(q::ENOTCONN, 107),
    number(q::ETIMEDOUT, 110),
    number(q::ECONNREFUSED, 111),
    number(q::EHOSTUNREACH, 113),
    number(q::EALREADY, 114),
    number(q::EINPROGRESS, 115),
];

fn errorcode(vm: &mut Vm<'_>) -> Result<Value> {
    let dict = vm.new_dict()?;
    vm.push(dict.value())?;
    for &(number, name) in crate::types::exception::ERRNO {
        vm.dict_set(dict, Value::small(number as isize), Value::qstr(name))?;
    }
    vm.heap.set_flags(dict, 2);
    vm.pop();
    Ok(dict.value())
}

pub(crate) const TIME: &[Entry] = &[
    item(q::__name__, Item::Text(q::time)),
    function(
        q::ticks_us,
        |vm, _| Ok(Value::small((vm.host.ticks_us() & 0x3fff_ffff) as isize)),
        0,
        0,
    ),
    function(
        q::ticks_ms,
        |vm, _| {
            Ok(Value::small(
                ((vm.host.ticks_us() / 1000) & 0x3fff_ffff) as isize,
            ))
        },
        0,
        0,
    ),
    function(q::ticks_diff, ticks_diff, 2, 2),
    function(q::ticks_add, ticks_add, 2, 2),
    function(q::time, time, 0, 0),
    function(q::sleep, sleep, 1, 1),
    function(q::sleep_ms, sleep_ms, 1, 1),
];

fn time(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    let now = vm.host.time_ns();
    vm.new_float(now as crate::types::float::Real / 1e9)
}

fn ticks_diff(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (a, b) = (vm.int_arg(args, 0)?, vm.int_arg(args, 1)?);
    Ok(Value::small(
        (a.wrapping_sub(b).wrapping_add(0x2000_0000) & 0x3fff_ffff) - 0x2000_0000,
    ))
}

fn ticks_add(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (a, b) = (vm.int_arg(args, 0)?, vm.int_arg(args, 1)?);
    Ok(Value::small(a.wrapping_add(b) & 0x3fff_ffff))
}

fn sleep(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let seconds = args.at(vm, 0);
    let seconds = vm.to_float(seconds)?;
    vm.host.sleep_us((seconds * 1e6) as u64);
    vm.poll()?;
    Ok(Value::NONE)
}

fn sleep_ms(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let milliseconds = vm.int_arg(args, 0)?;
    vm.host.sleep_us(milliseconds.max(0) as u64 * 1000);
    vm.poll()?;
    Ok(Value::NONE)
}

/// `help(object)`
pub(crate) fn help(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let Some(object) = args.get(vm, 0) else {
        vm.put(Sink::Out, b"Welcome to MicroPython!\n\nFor online docs please visit http://docs.micropython.org/\n\nFor further help on a specific object, type help(obj)\n")?;
        return Ok(Value::NONE);
    };
    if object == Value::qstr(q::modules) {
        for name in vm.native_module_names() {
            vm.put_value(Sink::Out, Value::qstr(name))?;
            vm.put(Sink::Out, b"\n")?;
        }
        for frozen in vm.library.frozen {
            let name = frozen.path.strip_suffix(".mpy").unwrap_or(frozen.path);
            vm.put(Sink::Out, name.as_bytes())?;
            vm.put(Sink::Out, b"\n")?;
        }
        vm.put(Sink::Out, b"Plus any modules on the filesystem\n")?;
        return Ok(Value::NONE);
    }
    vm.put(Sink::Out, b"object ")?;
    vm.put_str(Sink::Out, object)?;
    vm.put(Sink::Out, b" is of type ")?;
    let name = vm.type_name(object);
    vm.put_value(Sink::Out, Value::qstr(name))?;
    vm.put(Sink::Out, b"\n")?;
    let names = super::functions::names_of(vm, object)?;
    let mut number = 0;
    while let Some((at, key, value)) = vm.heap[names].map.next(number) {
        number = at + 1;
        if key == Value::qstr(q::__class__) {
            continue;
        }
        vm.put(Sink::Out, b"  ")?;
        vm.put_str(Sink::Out, key)?;
        vm.put(Sink::Out, b" -- ")?;
        match native_kind(vm, object, key) {
            Some(kind) if value.is_none() => vm.put(Sink::Out, kind)?,
            _ => vm.put_str(Sink::Out, value)?,
        }
        vm.put(Sink::Out, b"\n")?;
    }
    Ok(Value::NONE)
}

/// What `help` says of a member of a built-in type.
fn native_kind(vm: &mut Vm<'_>, object: Value, key: Value) -> Option<&'static [u8]> {
    let class = TypeId::from_value(object).unwrap_or_else(|| vm.native_type(object));
    let payload = vm.find_in_type(class, key.as_qstr()?)?;
    Some(match vm.native_entry(payload).item {
        Item::ClassFunction(..) => b"<classmethod>",
        Item::StaticFunction(..) => b"<staticmethod>",
        Item::Function(..) => b"<function>",
        _ => return None,
    })
}

/// `input(prompt)`
pub(crate) fn input(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    if let Some(prompt) = args.get(vm, 0) {
        vm.put_str(Sink::Out, prompt)?;
    }
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    if vm.host.enter_is_return() {
        vm.read_typed_line(buffer)?;
        return vm.take_text(buffer);
    }
    let mut any = false;
    loop {
        let mut byte = [0];
        vm.await_input()?;
        match vm.host.read_in(&mut byte) {
            Ok(0) => break,
            Ok(_) => any = true,
            Err(errno) => return Err(vm.os_error(errno)),
        }
        if byte[0] == b'\n' {
            break;
        }
        vm.put(Sink::Buffer(buffer), &byte)?;
    }
    if !any {
        return Err(vm.raise_with(TypeId::EOFError, None));
    }
    vm.take_text(buffer)
}
