//! Running whole programs: source text, files, images, `-m`.

use super::{MODE_FILE, MODE_SINGLE, Path};
use crate::host::PathKind;
use crate::names as q;
use crate::ops::format::Piece;
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::TypeId;
use crate::value::Value;

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

    pub(crate) fn try_source(
        &mut self,
        source: &[u8],
        name: &[u8],
        interactive: bool,
    ) -> Result<()> {
        let blob = self.new_blob(source.len())?;
        self.heap.tail_mut(blob).copy_from_slice(source);
        self.push(blob.value())?;
        let name = self.intern(name)?;
        let mode = if interactive { MODE_SINGLE } else { MODE_FILE };
        let code = self.compile_source(blob, name, mode)?;
        self.truncate(0);
        self.push(code.value())?;
        let main = self.main();
        self.heap.forget_recent();
        self.run_code(code, &[], main, main)?;
        Ok(())
    }

    /// Runs a `.mpy` image in the namespace of `__main__` and prints what it raises.
    pub fn run_image(&mut self, image: &[u8]) -> Outcome {
        let outcome = self.try_image(image);
        self.outcome(outcome)
    }

    pub(crate) fn try_image(&mut self, image: &[u8]) -> Result<()> {
        let blob = self.new_blob(image.len())?;
        self.heap.tail_mut(blob).copy_from_slice(image);
        let code = self.load_image(blob, 0, image.len())?;
        self.push(code.value())?;
        let main = self.main();
        self.heap.forget_recent();
        self.run_code(code, &[], main, main)?;
        Ok(())
    }

    /// Runs a file in the namespace of `__main__` and prints what it raises.
    pub fn run_file(&mut self, path: &[u8]) -> Outcome {
        let outcome = self.try_file(path);
        self.outcome(outcome)
    }

    pub(crate) fn try_file(&mut self, path: &[u8]) -> Result<()> {
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

    pub(crate) fn try_main_module(&mut self, name: &[u8]) -> Result<()> {
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
                if path.push(file).is_some() && self.path_kind(&path)? == PathKind::File {
                    self.run_path(path, main)?;
                }
            }
            return Ok(());
        }
        self.run_path(path, main)?;
        Ok(())
    }

    /// The end of the program: runs what was registered with `sys.atexit`, unless the board is being reset, and ends
    /// the threads.
    pub fn finish(&mut self) {
        if let Some(function) = self.atexit.take()
            && !self.host.aborted()
            && let Err(Raised) = self.call(function, &[])
        {
            self.settle(Err(Raised));
        }
        self.end_threads();
    }

    pub(crate) fn outcome(&mut self, outcome: Result<()>) -> Outcome {
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
