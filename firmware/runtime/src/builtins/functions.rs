//! The functions of `builtins`.

use upy_bytecode::BinaryOp;

use super::numbers;
use crate::heap::Ref;
use crate::names as q;
use crate::native::{ANY, Args, Entry, Item, KEYWORDS, class, function, item};
use crate::ops::format::{Piece, Sink};
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::{Class, Complex, Dict, Instance, Module, Tuple, TypeId};
use crate::value::{Class as Immediate, Value};

pub(crate) const ENTRIES: &[Entry] = &[
    item(q::__name__, Item::Text(q::builtins)),
    function(q::abs, abs, 1, 1),
    function(q::all, all, 1, 1),
    function(q::any, any, 1, 1),
    function(q::bin, numbers::bin, 1, 1),
    class(q::bool, TypeId::Bool),
    class(q::bytearray, TypeId::ByteArray),
    class(q::bytes, TypeId::Bytes),
    function(q::callable, callable, 1, 1),
    function(q::chr, chr, 1, 1),
    class(q::classmethod, TypeId::ClassMethod),
    class(q::complex, TypeId::Complex),
    function(q::compile, crate::import::compile, 3, 6),
    function(q::delattr, delattr, 2, 2),
    class(q::dict, TypeId::Dict),
    function(q::dir, dir, 0, 1),
    function(q::divmod, numbers::divmod, 2, 2),
    class(q::enumerate, TypeId::Enumerate),
    function(q::eval, crate::import::eval, 1, 3),
    function(q::exec, crate::import::exec, 1, 3),
    function(q::execfile, crate::import::execfile, 1, 3),
    class(q::filter, TypeId::Filter),
    class(q::float, TypeId::Float),
    function(q::format, format, 1, 2),
    class(q::frozenset, TypeId::FrozenSet),
    function(q::getattr, getattr, 2, 3),
    function(q::globals, globals, 0, 0),
    function(q::hasattr, hasattr, 2, 2),
    function(q::hash, hash, 1, 1),
    function(q::help, super::system::help, 0, 1),
    function(q::hex, numbers::hex, 1, 1),
    function(q::id, id, 1, 1),
    function(q::input, super::system::input, 0, 1),
    class(q::int, TypeId::Int),
    function(q::isinstance, isinstance, 2, 2),
    function(q::issubclass, issubclass, 2, 2),
    function(q::iter, iter, 1, 1),
    function(q::len, len, 1, 1),
    class(q::list, TypeId::List),
    function(q::locals, locals, 0, 0),
    class(q::map, TypeId::Map),
    function(q::max, max, 1, KEYWORDS | ANY),
    class(q::memoryview, TypeId::MemoryView),
    function(q::min, min, 1, KEYWORDS | ANY),
    function(q::next, next, 1, 2),
    class(q::object, TypeId::Object),
    function(q::oct, numbers::oct, 1, 1),
    function(q::open, crate::types::stream::open, 1, KEYWORDS | ANY),
    function(q::ord, ord, 1, 1),
    function(q::pow, numbers::pow, 2, 3),
    function(q::print, print, 0, KEYWORDS | ANY),
    class(q::property, TypeId::Property),
    class(q::range, TypeId::Range),
    function(q::repr, repr, 1, 1),
    class(q::reversed, TypeId::Reversed),
    function(q::round, numbers::round, 1, 2),
    class(q::set, TypeId::Set),
    function(q::setattr, setattr, 3, 3),
    class(q::slice, TypeId::Slice),
    function(q::sorted, sorted, 1, KEYWORDS | 1),
    class(q::staticmethod, TypeId::StaticMethod),
    class(q::str, TypeId::Str),
    function(q::sum, sum, 1, 2),
    class(q::super_, TypeId::Super),
    class(q::tuple, TypeId::Tuple),
    class(q::type_, TypeId::Type),
    class(q::zip, TypeId::Zip),
    function(q::__import__, crate::import::import_function, 1, 5),
    item(q::Ellipsis, Item::Value(Value::ELLIPSIS)),
    item(q::NotImplemented, Item::Value(Value::NOT_IMPLEMENTED)),
    class(q::BaseException, TypeId::BaseException),
    class(q::SystemExit, TypeId::SystemExit),
    class(q::KeyboardInterrupt, TypeId::KeyboardInterrupt),
    class(q::GeneratorExit, TypeId::GeneratorExit),
    class(q::Exception, TypeId::Exception),
    class(q::StopAsyncIteration, TypeId::StopAsyncIteration),
    class(q::StopIteration, TypeId::StopIteration),
    class(q::ArithmeticError, TypeId::ArithmeticError),
    class(q::OverflowError, TypeId::OverflowError),
    class(q::ZeroDivisionError, TypeId::ZeroDivisionError),
    class(q::AssertionError, TypeId::AssertionError),
    class(q::AttributeError, TypeId::AttributeError),
    class(q::EOFError, TypeId::EOFError),
    class(q::ImportError, TypeId::ImportError),
    class(q::LookupError, TypeId::LookupError),
    class(q::IndexError, TypeId::IndexError),
    class(q::KeyError, TypeId::KeyError),
    class(q::MemoryError, TypeId::MemoryError),
    class(q::NameError, TypeId::NameError),
    class(q::OSError, TypeId::OSError),
    class(q::RuntimeError, TypeId::RuntimeError),
    class(q::NotImplementedError, TypeId::NotImplementedError),
    class(q::SyntaxError, TypeId::SyntaxError),
    class(q::IndentationError, TypeId::IndentationError),
    class(q::TypeError, TypeId::TypeError),
    class(q::ValueError, TypeId::ValueError),
    class(q::UnicodeError, TypeId::UnicodeError),
    class(q::ViperTypeError, TypeId::ViperTypeError),
    function(q::__repl_print__, repl_print, 1, 1),
    function(q::__native_init__, native_init, 1, KEYWORDS | ANY),
    function(q::__build_class__, build_class, 2, KEYWORDS | ANY),
];

/// `super().__init__(...)` of a class with a built-in base.
fn native_init(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let this = args.at(vm, 0);
    if let Some(instance) = vm.heap.cast::<Instance>(this) {
        let native = vm.heap[vm.heap[instance].class].native;
        let made = vm.make_instance(native, args.from(1))?;
        vm.set_native(this, made);
    }
    Ok(Value::NONE)
}

fn build_class(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    vm.build_class(args)
}

fn abs(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let value = args.at(vm, 0);
    if let Some(found) = vm.lookup_special(value, q::__abs__)? {
        return vm.call_found(found, &[]);
    }
    let native = vm.native_of(value);
    if let Some(number) = vm.float_of(native) {
        return vm.new_float(crate::types::float::math::copysign(number, 1.0));
    }
    if let Some(complex) = vm.heap.cast::<Complex>(native) {
        let Complex { real, imag } = vm.heap[complex];
        return vm.new_float(crate::types::float::math::sqrt(real * real + imag * imag));
    }
    if vm.is_int(native) {
        let op = if vm.is_negative(native) {
            upy_bytecode::UnaryOp::Negative
        } else {
            upy_bytecode::UnaryOp::Positive
        };
        return vm.int_unary(op, native);
    }
    let name = vm.type_name(value);
    Err(vm.unsupported_unary(q::__abs__, name))
}

fn any_is(vm: &mut Vm<'_>, args: Args, wanted: bool) -> Result<Value> {
    let source = args.at(vm, 0);
    let mut cursor = vm.cursor(source)?;
    vm.push(cursor.source)?;
    while let Some(item) = vm.cursor_next(&mut cursor)? {
        if vm.truth(item)? == wanted {
            return Ok(Value::TRUE);
        }
    }
    Ok(Value::FALSE)
}

fn all(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    Ok(Value::bool(any_is(vm, args, false)? == Value::FALSE))
}
fn any(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    any_is(vm, args, true)
}

fn callable(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let value = args.at(vm, 0);
    vm.is_callable(value).map(Value::bool)
}

fn chr(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let code = vm.int_arg(args, 0)?;
    if !(0..0x11_0000).contains(&code) {
        return Err(vm.value_error(b"chr() arg not in range(0x110000)"));
    }
    let (bytes, len) = crate::types::str::encode_char(code as u32);
    let hash = crate::intern::hash(&bytes[..len]);
    match vm.find_qstr(&bytes[..len], hash) {
        Some(name) => Ok(Value::qstr(name)),
        None => vm.new_str(&bytes[..len]),
    }
}

fn ord(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let value = vm.native_of(args.at(vm, 0));
    if vm.is_str(value) {
        let text = vm.bytes_of(value);
        let (code, len) = crate::types::str::decode_char(text);
        if !text.is_empty() && len == text.len() {
            return Ok(Value::small(code as isize));
        }
        let chars = vm.str_len(value);
        return Err(ord_error(vm, chars));
    }
    match vm.buffer_bytes(value) {
        Some(&[byte]) => Ok(Value::small(isize::from(byte))),
        Some(bytes) => {
            let len = bytes.len();
            Err(ord_error(vm, len))
        }
        None => {
            let name = vm.type_name(value);
            let _ = name;
            Err(vm.type_error(b"ord() expected a character"))
        }
    }
}

fn ord_error(vm: &mut Vm<'_>, len: usize) -> Raised {
    vm.raise(
        TypeId::TypeError,
        &[
            Piece::Text(b"ord() expected a character, but string of length "),
            Piece::Number(len as isize),
            Piece::Text(b" found"),
        ],
    )
}

fn dir(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let names = vm.new_dict()?;
    vm.push(names.value())?;
    let object = args.get(vm, 0);
    let Some(object) = object else {
        let locals = vm.frames.last().map_or(vm.main(), |frame| frame.locals);
        vm.dict_merge(names, locals)?;
        return Ok(vm.list_from(names.value())?.value());
    };
    if let Some(found) = vm.lookup_special(object, q::__dir__)? {
        let listed = vm.call_found(found, &[])?;
        return Ok(vm.list_from(listed)?.value());
    }
    add_names(vm, names, object)?;
    Ok(vm.list_from(names.value())?.value())
}

/// Adds all names of an object to a dict.
fn add_names(vm: &mut Vm<'_>, names: Ref<Dict>, object: Value) -> Result<()> {
    if let Some(module) = vm.heap.cast::<Module>(object) {
        let dict = vm.heap[module].dict;
        return vm.dict_merge(names, dict);
    }
    if let Some(module) = object.payload(Immediate::Module) {
        let dict = super::modules::dict(vm, module)?;
        let dict = vm.heap.expect(dict);
        return vm.dict_merge(names, dict);
    }
    if let Some(instance) = vm.heap.cast::<Instance>(object) {
        let Instance { class, members, .. } = vm.heap[instance];
        if let Some(members) = members {
            vm.dict_merge(names, members)?;
        }
        return add_names(vm, names, class.value());
    }
    if let Some(class) = vm.heap.cast::<Class>(object) {
        let Class {
            dict,
            bases,
            native,
            ..
        } = vm.heap[class];
        vm.dict_merge(names, dict)?;
        let mut index = 0;
        while let Some(base) = vm.item_at(bases, index) {
            add_names(vm, names, base)?;
            index += 1;
        }
        return add_names(vm, names, native.value());
    }
    vm.set_name(names, q::__class__, Value::NONE)?;
    let mut class = TypeId::from_value(object).unwrap_or_else(|| vm.native_type(object));
    loop {
        for entry in vm.type_info(class).entries {
            vm.set_name(names, entry.name, Value::NONE)?;
        }
        if class == TypeId::Object || vm.type_info(class).base == TypeId::Object {
            return Ok(());
        }
        class = vm.type_info(class).base;
    }
}

fn format(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (value, spec) = (
        args.at(vm, 0),
        args.get(vm, 1)
            .unwrap_or(Value::qstr(crate::ops::printf::NO_SPEC)),
    );
    vm.format_value(value, spec)
}

/// The attribute name an argument gives.
fn name_arg(vm: &mut Vm<'_>, args: Args, index: usize) -> Result<crate::intern::Qstr> {
    let name = args.at(vm, index);
    if !vm.is_str(name) {
        return Err(vm.type_error(b"attribute name must be string"));
    }
    vm.intern_value(name)
}

fn getattr(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (object, name) = (args.at(vm, 0), name_arg(vm, args, 1)?);
    match args.get(vm, 2) {
        None => vm.load_attr(object, name),
        Some(default) => Ok(vm.try_attr(object, name)?.unwrap_or(default)),
    }
}

fn setattr(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (object, name, value) = (args.at(vm, 0), name_arg(vm, args, 1)?, args.at(vm, 2));
    vm.store_attr(object, name, Some(value))?;
    Ok(Value::NONE)
}

fn delattr(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (object, name) = (args.at(vm, 0), name_arg(vm, args, 1)?);
    vm.store_attr(object, name, None)?;
    Ok(Value::NONE)
}

fn hasattr(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (object, name) = (args.at(vm, 0), name_arg(vm, args, 1)?);
    Ok(Value::bool(vm.try_attr(object, name)?.is_some()))
}

fn globals(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    Ok(vm
        .frames
        .last()
        .map_or(vm.main(), |frame| frame.globals)
        .value())
}

fn locals(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    Ok(vm
        .frames
        .last()
        .map_or(vm.main(), |frame| frame.locals)
        .value())
}

fn hash(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let value = args.at(vm, 0);
    if let Some(found) = vm.lookup_special(value, q::__hash__)? {
        let answer = vm.call_found(found, &[])?;
        if vm.is_int(answer) {
            return vm.new_int(vm.low_bits(answer) as i64 & 0x3fff_ffff_ffff_ffff);
        }
    }
    let real = match vm.heap.cast::<Complex>(value) {
        Some(complex) if vm.heap[complex].imag == 0.0 => vm.new_float(vm.heap[complex].real)?,
        _ => value,
    };
    if let Some(number) = vm.integral(real) {
        return Ok(Value::small(number));
    }
    if vm.heap.cast::<crate::types::Slice>(value).is_some() {
        let name = vm.type_name(value);
        return Err(vm.unhashable(name));
    }
    let hash = vm.hash(value)?;
    Ok(Value::small(hash as isize >> 2))
}

fn id(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let value = args.at(vm, 0);
    vm.new_unsigned(value.word() as u64)
}

fn classes(vm: &mut Vm<'_>, value: Value, of: Value) -> Result<bool> {
    if let Some(tuple) = vm.heap.cast::<Tuple>(of) {
        for index in 0..vm.heap.tail_len(tuple) {
            let class = vm.heap.tail(tuple)[index];
            if classes(vm, value, class)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    if TypeId::from_value(of).is_none() && vm.heap.cast::<Class>(of).is_none() {
        return Err(vm.type_error(b"issubclass() arg 2 must be a class or a tuple of classes"));
    }
    Ok(vm.is_subclass(value, of))
}

fn isinstance(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let class = vm.type_of(args.at(vm, 0));
    let of = args.at(vm, 1);
    classes(vm, class, of).map(Value::bool)
}

fn issubclass(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (value, of) = (args.at(vm, 0), args.at(vm, 1));
    if TypeId::from_value(value).is_none() && vm.heap.cast::<Class>(value).is_none() {
        return Err(vm.type_error(b"issubclass() arg 1 must be a class"));
    }
    classes(vm, value, of).map(Value::bool)
}

fn iter(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let value = args.at(vm, 0);
    vm.iterate(value)
}

fn len(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let value = args.at(vm, 0);
    vm.length(value)
}

fn extreme(vm: &mut Vm<'_>, args: Args, op: BinaryOp) -> Result<Value> {
    vm.check_keywords(args, &[q::key, q::default])?;
    let key = args.named(vm, q::key).filter(|key| !key.is_none());
    if args.count > 1 && key.is_none() {
        let mut best = args.at(vm, 0);
        for index in 1..args.count {
            let item = args.at(vm, index);
            let answer = vm.binary(op, item, best)?;
            if vm.truth(answer)? {
                best = item;
            }
        }
        return Ok(best);
    }
    let source = match args.count {
        1 => args.at(vm, 0),
        count => vm.tuple_from_stack(args.base, count)?,
    };
    let mut cursor = vm.cursor(source)?;
    vm.push(cursor.source)?;
    vm.push(Value::NONE)?;
    vm.push(Value::NONE)?;
    let top = vm.stack_len();
    let mut best: Option<(Value, Value)> = None;
    while let Some(item) = vm.cursor_next(&mut cursor)? {
        vm.push(item)?;
        let rank = match key {
            Some(key) => vm.call(key, &[item])?,
            None => item,
        };
        let better = match best {
            None => true,
            Some((_, other)) => {
                vm.push(rank)?;
                let answer = vm.binary(op, rank, other)?;
                vm.truth(answer)?
            }
        };
        if better {
            best = Some((item, rank));
        }
        // The two slots below the items keep the best one so far.
        if let Some((item, rank)) = best {
            vm.stack.set(top - 2, Some(item));
            vm.stack.set(top - 1, Some(rank));
        }
        vm.truncate(top);
    }
    match best {
        Some((item, _)) => Ok(item),
        None => match args.named(vm, q::default) {
            Some(default) if args.count == 1 => Ok(default),
            _ => Err(vm.value_error(b"arg is an empty sequence")),
        },
    }
}

fn max(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    extreme(vm, args, BinaryOp::More)
}
fn min(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    extreme(vm, args, BinaryOp::Less)
}

fn next(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let iterator = args.at(vm, 0);
    if let (Some(generator), 1) = (
        vm.heap.cast::<crate::types::Generator>(iterator),
        args.count,
    ) {
        return match vm.resume(generator, Value::NONE, None)? {
            (Some(value), _) => Ok(value),
            (None, value) => Err(vm.raise_with(
                TypeId::StopIteration,
                Some(value).filter(|value| !value.is_none()),
            )),
        };
    }
    if let (Some(found), 1) = (vm.lookup_special(iterator, q::__next__)?, args.count) {
        return vm.call_found(found, &[]);
    }
    match (vm.iterate_next(iterator)?, args.get(vm, 1)) {
        (Some(value), _) => Ok(value),
        (None, Some(default)) => Ok(default),
        (None, None) => {
            let value = vm.stop_value;
            Err(vm.raise_with(
                TypeId::StopIteration,
                Some(value).filter(|value| !value.is_none()),
            ))
        }
    }
}

/// `print(*objects, sep=' ', end='\n', file=None)`
fn print(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    vm.check_keywords(args, &[q::sep, q::end, q::file, q::flush])?;
    let text = |vm: &mut Vm<'_>, name, default| -> Result<Value> {
        match args.named(vm, name).filter(|value| !value.is_none()) {
            None => Ok(Value::qstr(default)),
            Some(value) if vm.is_str(value) => Ok(value),
            Some(value) => Err(crate::types::str::str_expected(vm, value)),
        }
    };
    let separator = text(vm, q::sep, q::space)?;
    let end = text(vm, q::end, q::newline)?;
    let sink = match args.named(vm, q::file).filter(|value| !value.is_none()) {
        None => Sink::Out,
        Some(file) => vm.sink_of(file),
    };
    for index in 0..args.count {
        if index > 0 {
            vm.put_value(sink, separator)?;
        }
        let value = args.at(vm, index);
        vm.put_str(sink, value)?;
    }
    vm.put_value(sink, end)?;
    Ok(Value::NONE)
}

/// Shows the value of an interactive statement.
fn repl_print(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let value = args.at(vm, 0);
    if !value.is_none() {
        vm.put_repr(Sink::Out, value)?;
        vm.put(Sink::Out, b"\n")?;
        let main = vm.main();
        vm.set_name(main, q::_underscore, value)?;
    }
    Ok(Value::NONE)
}

fn repr(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let value = args.at(vm, 0);
    vm.to_repr(value)
}

fn sorted(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let source = args.at(vm, 0);
    let list = vm.list_from(source)?;
    vm.push(list.value())?;
    crate::types::list::sort_with(vm, list, args)?;
    Ok(list.value())
}

fn sum(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (source, mut total) = (args.at(vm, 0), args.get(vm, 1).unwrap_or(Value::small(0)));
    let mut cursor = vm.cursor(source)?;
    vm.push(cursor.source)?;
    let top = vm.stack_len();
    while let Some(item) = vm.cursor_next(&mut cursor)? {
        vm.push(item)?;
        total = vm.binary(BinaryOp::Add, total, item)?;
        vm.truncate(top);
        vm.push(total)?;
    }
    Ok(total)
}

/// All names of an object and, for modules and instances, their values.
pub(crate) fn names_of(vm: &mut Vm<'_>, object: Value) -> Result<Ref<Dict>> {
    let names = vm.new_dict()?;
    vm.push(names.value())?;
    add_names(vm, names, object)?;
    Ok(names)
}
