//! Importing modules, loading `.mpy` images, and running source text.
//!
//! A name is looked for among the loaded modules, then in each directory of `sys.path` as a package, a `.py`
//! file and a `.mpy` file, and then among the built-in modules, unless the program shadows them there.

mod loader;
mod run;
#[cfg(feature = "compiler")]
mod source;
mod star;

pub use run::Outcome;

use crate::heap::Ref;
use crate::host::PathKind;
use crate::intern::Qstr;
use crate::names as q;
use crate::native::Args;
use crate::ops::format::Piece;
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::{Code, Dict, Module, TypeId};
use crate::value::Value;

/// The longest path and the longest dotted name.
const MAX_PATH: usize = 256;
/// How the paths of frozen code begin.
const FROZEN: &[u8] = b".frozen/";

/// A path being put together.
#[derive(Clone, Copy)]
pub(crate) struct Path {
    bytes: [u8; MAX_PATH],
    len: usize,
}

impl Path {
    pub(crate) const EMPTY: Path = Path {
        bytes: [0; MAX_PATH],
        len: 0,
    };

    pub(crate) fn push(&mut self, text: &[u8]) -> Option<()> {
        self.bytes
            .get_mut(self.len..self.len + text.len())?
            .copy_from_slice(text);
        self.len += text.len();
        Some(())
    }

    pub(crate) fn get(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Vm<'_> {
    pub(crate) fn name_too_long(&mut self) -> Raised {
        self.raise_text(TypeId::RuntimeError, b"name too long")
    }

    pub(crate) fn joined(&mut self, parts: &[&[u8]]) -> Result<Path> {
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
        if level < 0 {
            return Err(self.value_error(b""));
        }
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
    pub(crate) fn import_path(&mut self, full: Path, leaf: bool) -> Result<Value> {
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
    pub(crate) fn relative_base(
        &mut self,
        full: &mut Path,
        level: isize,
        globals: Ref<Dict>,
    ) -> Result<()> {
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
    pub(crate) fn load_module(
        &mut self,
        name: Qstr,
        part: Qstr,
        outer: Option<Value>,
    ) -> Result<Value> {
        let loaded = self
            .modules
            .and_then(|modules| self.get_name(modules, name));
        // As MicroPython: with an empty `sys.path` the built-in module is meant, also by a file that
        // goes by its name and is being loaded.
        let built_in_only = outer.is_none()
            && self
                .path
                .is_some_and(|list| self.heap[list].items.is_empty());
        if let Some(module) = loaded {
            return match self.find_native_module(name) {
                Some(built_in) if built_in_only => Ok(built_in),
                _ => Ok(module),
            };
        }
        if let Some(text) = self.qstr_text(name).strip_prefix(b"u") {
            // As MicroPython: `usys` always means the built-in module.
            let code = crate::intern::hash(text);
            if let Some(module) = self
                .find_qstr(text, code)
                .and_then(|name| self.find_native_module(name))
            {
                return Ok(module);
            }
        }
        if outer.is_none() {
            // These cannot be shadowed by files.
            if let Some(module) = self.find_native_module(name)
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
            if let (None, Some(module)) = (outer, self.find_native_module(name)) {
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

    pub(crate) fn search_path(&mut self, name: Qstr) -> Result<Option<(Path, PathKind)>> {
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

    /// What a path names: code of the library in `.frozen`, anything else where files are.
    pub(crate) fn path_kind(&mut self, path: &Path) -> Result<PathKind> {
        if let Some(frozen) = path.get().strip_prefix(FROZEN) {
            return Ok(self.frozen_kind(frozen));
        }
        match self.library.files {
            Some(files) => (files.kind)(self, path.get()),
            None => Ok(self.host.kind(path.get())),
        }
    }

    fn frozen_kind(&self, path: &[u8]) -> PathKind {
        for frozen in self.library.frozen {
            if let Some(rest) = frozen.path.as_bytes().strip_prefix(path) {
                match rest.first() {
                    None => return PathKind::File,
                    Some(b'/') => return PathKind::Directory,
                    Some(_) => {}
                }
            }
        }
        PathKind::Absent
    }

    /// A package or file of this name in a directory.
    pub(crate) fn find_file(
        &mut self,
        directory: Path,
        name: Qstr,
    ) -> Result<Option<(Path, PathKind)>> {
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
        if self.path_kind(&path)? == PathKind::Directory {
            return Ok(Some((path, PathKind::Directory)));
        }
        let stem = path.len;
        for extension in [&b".py"[..], b".mpy"] {
            path.len = stem;
            if path.push(extension).is_some() && self.path_kind(&path)? == PathKind::File {
                return Ok(Some((path, PathKind::File)));
            }
        }
        Ok(None)
    }

    /// Makes a module and runs its code.
    pub(crate) fn run_module(&mut self, name: Qstr, path: Path, kind: PathKind) -> Result<Value> {
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
                if path.push(extension).is_some() && self.path_kind(&path)? == PathKind::File {
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
    pub(crate) fn run_path(&mut self, path: Path, dict: Ref<Dict>) -> Result<Value> {
        let file = self.intern(path.get())?;
        self.set_name(dict, q::__file__, Value::qstr(file))?;
        let code = if path.get().ends_with(b".mpy") {
            self.load_file(path.get())?
        } else {
            self.compile_file(path.get())?
        };
        self.push(code.value())?;
        self.heap.forget_recent();
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

    /// The code of a source file.
    pub(crate) fn compile_file(&mut self, path: &[u8]) -> Result<Ref<Code>> {
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
    let globals = match args.some(vm, 1) {
        // An absolute import has no use for it.
        Some(given) if level != Value::small(0) => match vm.heap.cast(vm.native_of(given)) {
            Some(globals) => globals,
            None => return Err(vm.type_error(b"dict expected")),
        },
        _ => vm.frames.last().map_or(vm.main(), |frame| frame.globals),
    };
    vm.import_name(name, wanted, level, globals)
}

/// The namespaces a call of `exec` or `eval` runs in.
pub(crate) fn namespaces(vm: &mut Vm<'_>, args: Args) -> Result<(Ref<Dict>, Ref<Dict>)> {
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
pub(crate) fn code_of(vm: &mut Vm<'_>, value: Value, name: Qstr, mode: u8) -> Result<Ref<Code>> {
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

pub(crate) fn run_text(vm: &mut Vm<'_>, args: Args, mode: u8) -> Result<Value> {
    let (globals, locals) = namespaces(vm, args)?;
    let text = args.at(vm, 0);
    let code = code_of(vm, text, q::string_file, mode)?;
    vm.push(code.value())?;
    vm.heap.forget_recent();
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
    let path = vm.native_of(args.at(vm, 0));
    vm.text(path)?;
    let mut name = Path::EMPTY;
    if name.push(vm.bytes_of(path)).is_none() {
        return Err(vm.name_too_long());
    }
    let code = vm.compile_file(name.get())?;
    vm.push(code.value())?;
    vm.heap.forget_recent();
    vm.run_code(code, &[], globals, locals)?;
    Ok(Value::NONE)
}
