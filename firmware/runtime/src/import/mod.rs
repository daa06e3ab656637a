//! Importing modules, loading `.mpy` images, and running source text.
//!
//! A name is looked for among the loaded modules, then in each directory of `sys.path` as a package, a `.py`
//! file and a `.mpy` file, and then among the built-in modules, unless the program shadows them there.

mod loader;
#[cfg(feature = "compiler")]
mod source;

use crate::builtins::modules;
use crate::heap::Ref;
use crate::host::PathKind;
use crate::intern::Qstr;
use crate::names as q;
use crate::native::Args;
use crate::ops::format::Piece;
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::{Code, Dict, Function, Module, TypeId};
use crate::value::{Class as Immediate, Value};

/// The longest path and the longest dotted name.
const MAX_PATH: usize = 256;

/// A path being put together.
#[derive(Clone, Copy)]
struct Path {
    bytes: [u8; MAX_PATH],
    len: usize,
}

impl Path {
    const EMPTY: Path = Path {
        bytes: [0; MAX_PATH],
        len: 0,
    };

    fn push(&mut self, text: &[u8]) -> Option<()> {
        self.bytes
            .get_mut(self.len..self.len + text.len())?
            .copy_from_slice(text);
        self.len += text.len();
        Some(())
    }

    fn get(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Vm<'_> {
    fn name_too_long(&mut self) -> Raised {
        self.raise_text(TypeId::RuntimeError, b"name too long")
    }

    fn joined(&mut self, parts: &[&[u8]]) -> Result<Path> {
        let mut path = Path::EMPTY;
        for part in parts {
            if path.push(part).is_none() {
                return Err(self.name_too_long());
            }
        }
        Ok(path)
    }

    /// `import name`, with the names wanted from it and the level of a relative import.
    pub(crate) fn import_name(
        &mut self,
        name: Qstr,
        wanted: Value,
        level: Value,
        globals: Ref<Dict>,
    ) -> Result<Value> {
        let level = level.as_small().unwrap_or(0);
        let mut full = Path::EMPTY;
        if level > 0 {
            self.relative_base(&mut full, level, globals)?;
            let text = self.qstr_text(name);
            let fits = if text.is_empty() {
                Some(())
            } else {
                full.push(b".").and(full.push(text))
            };
            if fits.is_none() {
                return Err(self.name_too_long());
            }
        } else if full.push(self.qstr_text(name)).is_none() {
            return Err(self.name_too_long());
        }
        self.import_path(full, !wanted.is_none())
    }

    /// Imports a dotted name; the last module if `leaf`, the first otherwise.
    fn import_path(&mut self, full: Path, leaf: bool) -> Result<Value> {
        if full.len == 0 {
            return Err(self.value_error(b""));
        }
        let mut first = None;
        let mut outer: Option<Value> = None;
        let mut start = 0;
        loop {
            let end = full.get()[start..]
                .iter()
                .position(|&byte| byte == b'.')
                .map_or(full.len, |dot| start + dot);
            let name = self.intern(&full.get()[..end])?;
            let part = self.intern(&full.get()[start..end])?;
            let module = self.load_module(name, part, outer)?;
            self.push(module)?;
            first = first.or(Some(module));
            outer = Some(module);
            if end == full.len {
                break;
            }
            start = end + 1;
        }
        let result = if leaf { outer } else { first };
        Ok(result.unwrap_or(Value::NONE))
    }

    /// The package a relative import starts from.
    fn relative_base(&mut self, full: &mut Path, level: isize, globals: Ref<Dict>) -> Result<()> {
        let name = self.get_name(globals, q::__name__).unwrap_or(Value::NONE);
        let name = match (name.as_qstr(), self.get_name(globals, q::__main__)) {
            (Some(q::__main__), Some(real)) => real,
            _ => name,
        };
        let package = self.get_name(globals, q::__path__).is_some();
        let text = self.bytes_of(name);
        let mut level = if package { level - 1 } else { level };
        let mut end = text.len();
        while level > 0 && end > 0 {
            end -= 1;
            if text[end] == b'.' {
                level -= 1;
            }
        }
        if end == 0 {
            return Err(self.raise_text(TypeId::ImportError, b"can't perform relative import"));
        }
        if full.push(&text[..end]).is_none() {
            return Err(self.name_too_long());
        }
        Ok(())
    }

    /// One component of a dotted name: its full name, its own name, and the package it is in.
    fn load_module(&mut self, name: Qstr, part: Qstr, outer: Option<Value>) -> Result<Value> {
        let loaded = self
            .modules
            .and_then(|modules| self.get_name(modules, name));
        if let Some(module) = loaded {
            return Ok(module);
        }
        if let Some(text) = self.qstr_text(name).strip_prefix(b"u") {
            // As MicroPython: `usys` always means the built-in module.
            let code = crate::intern::hash(text);
            if let Some(module) = self.find_qstr(text, code).and_then(modules::find) {
                return Ok(module);
            }
        }
        if outer.is_none() {
            // These cannot be shadowed by files.
            if let Some(module) = modules::find(name)
                && matches!(
                    name,
                    q::sys | q::builtins | q::gc | q::micropython | q::math | q::cmath
                )
            {
                return Ok(module);
            }
        }
        let found = match outer {
            None => self.search_path(part)?,
            Some(outer) => {
                let path = match self.heap.cast::<Module>(outer) {
                    Some(module) => self.get_name(self.heap[module].dict, q::__path__),
                    None => None,
                };
                match path {
                    Some(path) => {
                        let mut directory = Path::EMPTY;
                        if directory.push(self.bytes_of(path)).is_none() {
                            return Err(self.name_too_long());
                        }
                        self.find_file(directory, part)?
                    }
                    None => None,
                }
            }
        };
        let Some((path, kind)) = found else {
            if let (None, Some(module)) = (outer, modules::find(name)) {
                return Ok(module);
            }
            return Err(self.raise(
                TypeId::ImportError,
                &[
                    Piece::Text(b"no module named '"),
                    Piece::Name(name),
                    Piece::Text(b"'"),
                ],
            ));
        };
        let module = self.run_module(name, path, kind)?;
        if let Some(outer) = outer.and_then(|outer| self.heap.cast::<Module>(outer)) {
            let dict = self.heap[outer].dict;
            self.set_name(dict, part, module)?;
        }
        Ok(module)
    }

    fn search_path(&mut self, name: Qstr) -> Result<Option<(Path, PathKind)>> {
        let Some(list) = self.path else {
            return Ok(None);
        };
        let mut index = 0;
        while let Some(&directory) = self.heap[list].items.get(index) {
            index += 1;
            if !self.is_str(directory) {
                continue;
            }
            let mut path = Path::EMPTY;
            if path.push(self.bytes_of(directory)).is_none() {
                return Err(self.name_too_long());
            }
            if let Some(found) = self.find_file(path, name)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// A package or file of this name in a directory.
    fn find_file(&mut self, directory: Path, name: Qstr) -> Result<Option<(Path, PathKind)>> {
        let mut path = directory;
        let fits = if path.len > 0 {
            path.push(b"/")
        } else {
            Some(())
        };
        if fits
            .and_then(|()| path.push(self.qstr_text(name)))
            .is_none()
        {
            return Err(self.name_too_long());
        }
        if self.host.kind(path.get()) == PathKind::Directory {
            return Ok(Some((path, PathKind::Directory)));
        }
        let stem = path.len;
        for extension in [&b".py"[..], b".mpy"] {
            path.len = stem;
            if path.push(extension).is_some() && self.host.kind(path.get()) == PathKind::File {
                return Ok(Some((path, PathKind::File)));
            }
        }
        Ok(None)
    }

    /// Makes a module and runs its code.
    fn run_module(&mut self, name: Qstr, path: Path, kind: PathKind) -> Result<Value> {
        let dict = self.new_dict()?;
        let module = self.alloc(Module { dict })?;
        let top = self.stack_len();
        self.push(module.value())?;
        self.set_name(dict, q::__name__, Value::qstr(name))?;
        if let Some(modules) = self.modules {
            self.set_name(modules, name, module.value())?;
        }
        let mut path = path;
        if kind == PathKind::Directory {
            let text = self.new_str(path.get())?;
            self.set_name(dict, q::__path__, text)?;
            let stem = path.len;
            let mut found = false;
            for extension in [&b"/__init__.py"[..], b"/__init__.mpy"] {
                path.len = stem;
                if path.push(extension).is_some() && self.host.kind(path.get()) == PathKind::File {
                    found = true;
                    break;
                }
            }
            if !found {
                self.truncate(top);
                return Ok(module.value());
            }
        }
        let outcome = self.run_path(path, dict);
        self.truncate(top);
        match outcome {
            Ok(_) => Ok(module.value()),
            Err(Raised) => {
                let exception = self.exception.take();
                if let Some(modules) = self.modules {
                    self.delete_name(modules, name)?;
                }
                self.exception = exception;
                Err(Raised)
            }
        }
    }

    /// Runs a file in a namespace.
    fn run_path(&mut self, path: Path, dict: Ref<Dict>) -> Result<Value> {
        let file = self.intern(path.get())?;
        self.set_name(dict, q::__file__, Value::qstr(file))?;
        let code = if path.get().ends_with(b".mpy") {
            self.load_file(path.get())?
        } else {
            self.compile_file(path.get())?
        };
        self.push(code.value())?;
        self.run_code(code, &[], dict, dict)
    }

    /// `from module import name`
    pub(crate) fn import_from(&mut self, module: Value, name: Qstr) -> Result<Value> {
        match self.lookup(module, name) {
            Ok(Some((value, None))) => return Ok(value),
            Ok(Some((value, Some(this)))) => return self.new_bound_method(value, this),
            Ok(None) => {}
            Err(Raised) if self.exception_is(TypeId::AttributeError) => self.exception = None,
            Err(Raised) => return Err(Raised),
        }
        if let Some(package) = self.heap.cast::<Module>(module) {
            let dict = self.heap[package].dict;
            if self.get_name(dict, q::__path__).is_some() {
                let outer = self.get_name(dict, q::__name__).unwrap_or(Value::NONE);
                let mut full = Path::EMPTY;
                let fits = full
                    .push(self.bytes_of(outer))
                    .and_then(|()| full.push(b"."))
                    .and_then(|()| full.push(self.qstr_text(name)));
                if fits.is_none() {
                    return Err(self.name_too_long());
                }
                return self.import_path(full, true);
            }
        }
        Err(self.raise(
            TypeId::ImportError,
            &[Piece::Text(b"can't import name "), Piece::Name(name)],
        ))
    }

    /// `from module import *`
    pub(crate) fn import_star(&mut self, module: Value, into: Ref<Dict>) -> Result<()> {
        let dict = if let Some(module) = module.payload(Immediate::Module) {
            let dict = modules::dict(self, module)?;
            self.heap.expect(dict)
        } else if let Some(module) = self.heap.cast::<Module>(module) {
            self.heap[module].dict
        } else {
            return self.import_star_of_object(module, into);
        };
        let top = self.stack_len();
        self.push(dict.value())?;
        if let Some(all) = self.get_name(dict, q::__all__) {
            let names = self.list_from(all)?;
            self.push(names.value())?;
            let mut index = 0;
            while let Some(&name) = self.heap[names].items.get(index) {
                index += 1;
                let name = self.intern_value(name)?;
                let value = self.import_from(module, name)?;
                self.set_name(into, name, value)?;
            }
            self.truncate(top);
            return Ok(());
        }
        let mut number = 0;
        while let Some((at, key, value)) = self.heap[dict].map.next(number) {
            number = at + 1;
            let Some(name) = key.as_qstr() else { continue };
            if self.qstr_text(name).first() != Some(&b'_') {
                self.set_name(into, name, value)?;
            }
        }
        self.truncate(top);
        Ok(())
    }

    /// As [`Vm::import_star`] for an object that stands in for a module.
    fn import_star_of_object(&mut self, object: Value, into: Ref<Dict>) -> Result<()> {
        let top = self.stack_len();
        if let Some(all) = self.try_attr(object, q::__all__)? {
            let names = self.list_from(all)?;
            self.push(names.value())?;
            let mut index = 0;
            while let Some(&name) = self.heap[names].items.get(index) {
                index += 1;
                let name = self.intern_value(name)?;
                let value = self.load_attr(object, name)?;
                self.set_name(into, name, value)?;
            }
            self.truncate(top);
            return Ok(());
        }
        let Some(dict) = self.try_attr(object, q::__dict__)? else {
            return Err(self.raise_text(TypeId::ImportError, b"import * not at module level"));
        };
        let Some(dict) = self.heap.cast::<Dict>(dict) else {
            return Err(self.type_error(b"dict expected"));
        };
        self.push(dict.value())?;
        let mut number = 0;
        while let Some((at, key, value)) = self.heap[dict].map.next(number) {
            number = at + 1;
            let Some(name) = key.as_qstr() else { continue };
            if self.qstr_text(name).first() != Some(&b'_') {
                self.set_name(into, name, value)?;
            }
        }
        self.truncate(top);
        Ok(())
    }

    /// The code of a source file.
    fn compile_file(&mut self, path: &[u8]) -> Result<Ref<Code>> {
        let source = self.read_file(path)?;
        self.push(source.value())?;
        let name = self.intern(path)?;
        let code = self.compile_source(source, name, 0);
        self.pop();
        code
    }

    #[cfg(not(feature = "compiler"))]
    pub(crate) fn compile_source(
        &mut self,
        _: Ref<crate::types::Blob>,
        _: Qstr,
        _: u8,
    ) -> Result<Ref<Code>> {
        Err(self.raise_text(TypeId::ImportError, b"script compilation not supported"))
    }

    /// Makes a function of a child of the running code.
    pub(crate) fn make_function(
        &mut self,
        code: Ref<Code>,
        child: usize,
        globals: Ref<Dict>,
        defaults: Option<Value>,
        keyword_defaults: Option<Value>,
    ) -> Result<Value> {
        let child = self.heap[code].children[child];
        let code = self.heap.expect(child);
        let function = Function {
            code,
            globals,
            defaults,
            keyword_defaults,
            attributes: None,
        };
        Ok(self.alloc(function)?.value())
    }

    /// Makes a closure with the cells on the stack.
    pub(crate) fn make_closure(
        &mut self,
        function: Value,
        cells: usize,
        count: usize,
    ) -> Result<Value> {
        self.push(function)?;
        let closure = self.alloc_tailed(crate::types::Closure { function }, count, Value::NONE)?;
        self.pop();
        for index in 0..count {
            let cell = self.stack_at(cells + index);
            self.heap.tail_mut(closure)[index] = cell;
        }
        Ok(closure.value())
    }

    /// Enters the context manager on top: replaces it by its `__exit__` and `self`, and returns what it gave.
    pub(crate) fn enter_context(&mut self) -> Result<Value> {
        let at = self.stack_len() - 1;
        let manager = self.stack_at(at);
        let (exit, this) = self.load_method(manager, q::__exit__)?;
        self.push(exit)?;
        self.push(manager)?;
        let enter = self.load_method(manager, q::__enter__)?;
        let entered = self.call_found(enter, &[])?;
        self.stack.set(at, Some(exit));
        self.stack.set(at + 1, this);
        self.truncate(at + 2);
        Ok(entered)
    }

    /// Calls `__exit__` of the context manager below what the `finally` holds back, and drops it.
    pub(crate) fn leave_context(&mut self) -> Result<()> {
        let last = self.stack_len() - 1;
        let cause = self.stack_at(last);
        let unwinding = cause.payload(Immediate::Unwind).is_some();
        let exit = if unwinding { last - 3 } else { last - 2 };
        let (function, this) = (self.stack_at(exit), self.stack.get(exit + 1));
        if cause.is_none() || unwinding {
            self.call_found((function, this), &[Value::NONE, Value::NONE, Value::NONE])?;
            // What was held back moves down.
            let held = if unwinding { 2 } else { 1 };
            for index in 0..held {
                let value = self.stack.get(exit + 2 + index);
                self.stack.set(exit + index, value);
            }
            self.truncate(exit + held);
            return Ok(());
        }
        let class = self.type_of(cause);
        let swallow = self.call_found((function, this), &[class, cause, Value::NONE])?;
        let swallow = self.truth(swallow)?;
        self.stack
            .set(exit, Some(if swallow { Value::NONE } else { cause }));
        self.truncate(exit + 1);
        Ok(())
    }
}

/// `__import__(name, globals, locals, fromlist, level)`
pub(crate) fn import_function(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let name = args.at(vm, 0);
    if !vm.is_str(name) {
        return Err(crate::types::str::str_expected(vm, name));
    }
    let name = vm.intern_value(name)?;
    let wanted = args.get(vm, 3).unwrap_or(Value::NONE);
    let level = args.get(vm, 4).unwrap_or(Value::small(0));
    let globals = vm.frames.last().map_or(vm.main(), |frame| frame.globals);
    vm.import_name(name, wanted, level, globals)
}

/// The namespaces a call of `exec` or `eval` runs in.
fn namespaces(vm: &mut Vm<'_>, args: Args) -> Result<(Ref<Dict>, Ref<Dict>)> {
    let (mut globals, mut locals) = vm.frames.last().map_or((vm.main(), vm.main()), |frame| {
        (frame.globals, frame.locals)
    });
    if let Some(value) = args.some(vm, 1) {
        let Some(dict) = vm.heap.cast(vm.native_of(value)) else {
            return Err(vm.type_error(b"dict expected"));
        };
        globals = dict;
        locals = dict;
    }
    if let Some(value) = args.some(vm, 2) {
        let Some(dict) = vm.heap.cast(vm.native_of(value)) else {
            return Err(vm.type_error(b"dict expected"));
        };
        locals = dict;
    }
    Ok((globals, locals))
}

/// Compiles the text in an argument, or takes the code it is.
fn code_of(vm: &mut Vm<'_>, value: Value, name: Qstr, mode: u8) -> Result<Ref<Code>> {
    if let Some(code) = vm.heap.cast::<Code>(value) {
        return Ok(code);
    }
    let Some(len) = vm.text_or_bytes(value).map(<[u8]>::len) else {
        return Err(crate::types::str::str_expected(vm, value));
    };
    let source = vm.new_blob(len)?;
    vm.copy_into(source.value(), 0, value, 0, len);
    vm.push(source.value())?;
    let code = vm.compile_source(source, name, mode);
    vm.pop();
    code
}

/// Source of a whole file, of one interactive statement, of an expression.
pub(crate) const MODE_FILE: u8 = 0;
pub(crate) const MODE_SINGLE: u8 = 1;
pub(crate) const MODE_EVAL: u8 = 2;

fn run_text(vm: &mut Vm<'_>, args: Args, mode: u8) -> Result<Value> {
    let (globals, locals) = namespaces(vm, args)?;
    let text = args.at(vm, 0);
    let code = code_of(vm, text, q::string_file, mode)?;
    vm.push(code.value())?;
    vm.run_code(code, &[], globals, locals)
}

/// `exec(text, globals, locals)`
pub(crate) fn exec(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    run_text(vm, args, MODE_FILE)?;
    Ok(Value::NONE)
}

/// `eval(text, globals, locals)`
pub(crate) fn eval(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    run_text(vm, args, MODE_EVAL)
}

/// `compile(text, file, mode)`
pub(crate) fn compile(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (text, file, mode) = (args.at(vm, 0), args.at(vm, 1), args.at(vm, 2));
    let file = vm.intern_value(file)?;
    let mode = match vm.bytes_of(mode) {
        b"single" => MODE_SINGLE,
        b"exec" => MODE_FILE,
        b"eval" => MODE_EVAL,
        _ => return Err(vm.value_error(b"bad compile mode")),
    };
    Ok(code_of(vm, text, file, mode)?.value())
}

/// `execfile(path, globals, locals)`
pub(crate) fn execfile(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (globals, locals) = namespaces(vm, args)?;
    let path = args.at(vm, 0);
    let mut name = Path::EMPTY;
    if name.push(vm.bytes_of(path)).is_none() {
        return Err(vm.name_too_long());
    }
    let code = vm.compile_file(name.get())?;
    vm.push(code.value())?;
    vm.run_code(code, &[], globals, locals)?;
    Ok(Value::NONE)
}

/// What became of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It ran to its end.
    Done,
    /// It raised an exception, which was printed.
    Failed,
    /// It raised `SystemExit` with this status.
    Exit(i32),
    /// It was interrupted from the keyboard.
    Interrupted,
}

impl Vm<'_> {
    /// Runs source text in the namespace of `__main__` and prints what it raises.
    pub fn run_source(&mut self, source: &[u8], name: &[u8], interactive: bool) -> Outcome {
        let outcome = self.try_source(source, name, interactive);
        self.outcome(outcome)
    }

    fn try_source(&mut self, source: &[u8], name: &[u8], interactive: bool) -> Result<()> {
        let blob = self.new_blob(source.len())?;
        self.heap.tail_mut(blob).copy_from_slice(source);
        self.push(blob.value())?;
        let name = self.intern(name)?;
        let mode = if interactive { MODE_SINGLE } else { MODE_FILE };
        let code = self.compile_source(blob, name, mode)?;
        self.truncate(0);
        self.push(code.value())?;
        let main = self.main();
        self.run_code(code, &[], main, main)?;
        Ok(())
    }

    /// Runs a `.mpy` image in the namespace of `__main__` and prints what it raises.
    pub fn run_image(&mut self, image: &[u8]) -> Outcome {
        let outcome = self.try_image(image);
        self.outcome(outcome)
    }

    fn try_image(&mut self, image: &[u8]) -> Result<()> {
        let blob = self.new_blob(image.len())?;
        self.heap.tail_mut(blob).copy_from_slice(image);
        let code = self.load_image(blob, 0, image.len())?;
        self.push(code.value())?;
        let main = self.main();
        self.run_code(code, &[], main, main)?;
        Ok(())
    }

    /// Runs a file in the namespace of `__main__` and prints what it raises.
    pub fn run_file(&mut self, path: &[u8]) -> Outcome {
        let outcome = self.try_file(path);
        self.outcome(outcome)
    }

    fn try_file(&mut self, path: &[u8]) -> Result<()> {
        let path = self.joined(&[path])?;
        let main = self.main();
        self.run_path(path, main)?;
        Ok(())
    }

    /// Imports a module as `__main__` and prints what it raises; for the option `-m`.
    pub fn run_main_module(&mut self, name: &[u8]) -> Outcome {
        let outcome = self.try_main_module(name);
        self.outcome(outcome)
    }

    fn try_main_module(&mut self, name: &[u8]) -> Result<()> {
        let full = self.joined(&[name])?;
        if let Some(dot) = name.iter().rposition(|&byte| byte == b'.') {
            let package = self.joined(&[&name[..dot]])?;
            self.import_path(package, true)?;
        }
        let name = self.intern(full.get())?;
        let part = full
            .get()
            .rsplit(|&byte| byte == b'.')
            .next()
            .unwrap_or(&[]);
        let part = self.intern(part)?;
        let found = match full.get().iter().rposition(|&byte| byte == b'.') {
            Some(dot) => {
                let outer = self.intern(&full.get()[..dot])?;
                let outer = self
                    .modules
                    .and_then(|modules| self.get_name(modules, outer))
                    .unwrap_or(Value::NONE);
                let path = self.load_attr(outer, q::__path__)?;
                let mut directory = Path::EMPTY;
                if directory.push(self.bytes_of(path)).is_none() {
                    return Err(self.name_too_long());
                }
                self.find_file(directory, part)?
            }
            None => self.search_path(part)?,
        };
        let Some((mut path, kind)) = found else {
            return Err(self.raise(
                TypeId::ImportError,
                &[
                    Piece::Text(b"no module named '"),
                    Piece::Name(name),
                    Piece::Text(b"'"),
                ],
            ));
        };
        let main = self.main();
        self.set_name(main, q::__main__, Value::qstr(name))?;
        if kind == PathKind::Directory {
            let text = self.new_str(path.get())?;
            self.set_name(main, q::__path__, text)?;
            let stem = path;
            for file in [&b"/__init__.py"[..], b"/__main__.py"] {
                path = stem;
                if path.push(file).is_some() && self.host.kind(path.get()) == PathKind::File {
                    self.run_path(path, main)?;
                }
            }
            return Ok(());
        }
        self.run_path(path, main)?;
        Ok(())
    }

    /// Runs what was registered with `sys.atexit`.
    pub fn finish(&mut self) {
        if let Some(function) = self.atexit.take()
            && let Err(Raised) = self.call(function, &[])
        {
            let exception = self.take_exception();
            self.print_exception(exception);
        }
    }

    fn outcome(&mut self, outcome: Result<()>) -> Outcome {
        self.truncate(0);
        let Err(Raised) = outcome else {
            return Outcome::Done;
        };
        self.heap.lock_depth = 0;
        let exception = self.take_exception();
        if self.push(exception).is_err() {
            return Outcome::Failed;
        }
        let result = if self.is_instance(exception, TypeId::SystemExit) {
            let value = self.exception_value(exception);
            match (value.is_none(), self.small_of(value)) {
                (true, _) => Outcome::Exit(0),
                (false, Some(status)) => Outcome::Exit(status as i32),
                (false, None) => {
                    let printed = self.put_str(crate::ops::format::Sink::Err, value);
                    if printed.is_err() {
                        self.exception = None;
                    }
                    self.host.write_err(b"\n");
                    Outcome::Exit(1)
                }
            }
        } else {
            self.print_exception(exception);
            match self.is_instance(exception, TypeId::KeyboardInterrupt) {
                true => Outcome::Interrupted,
                false => Outcome::Failed,
            }
        };
        self.truncate(0);
        result
    }

    /// Adds a directory to `sys.path`.
    pub fn add_path(&mut self, directory: &[u8]) {
        let Some(list) = self.path else { return };
        if let Ok(text) = self.new_str(directory)
            && self.list_push(list, text).is_err()
        {
            self.exception = None;
        }
    }

    /// Replaces the first entry of `sys.path`.
    pub fn set_first_path(&mut self, directory: &[u8]) {
        let Some(list) = self.path else { return };
        if let Ok(text) = self.new_str(directory)
            && let Some(first) = self.heap[list].items.first_mut()
        {
            *first = text;
        }
    }

    /// Adds an argument to `sys.argv`.
    pub fn add_argument(&mut self, argument: &[u8]) {
        let Some(list) = self.argv else { return };
        if let Ok(text) = self.new_str(argument)
            && self.list_push(list, text).is_err()
        {
            self.exception = None;
        }
    }

    /// Sets the level of `micropython.opt_level`.
    pub fn set_opt_level(&mut self, level: u8) {
        self.opt_level = level.min(3);
    }
}

impl Vm<'_> {
    /// Compiles a file without running it and prints what is wrong with it.
    pub fn compile_only(&mut self, path: &[u8]) -> Outcome {
        let outcome = self.compile_file(path).map(|_| ());
        self.outcome(outcome)
    }
}
