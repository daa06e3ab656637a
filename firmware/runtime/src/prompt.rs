//! What a prompt asks of the interpreter: the text being typed, the lines typed before, running them, names.
//!
//! The prompt itself is above the runtime. The text it collects (a statement line by line, or a program that
//! comes over the wire) lives in the interpreter's heap, so that a board needs no buffer beside it; it ends
//! with the interpreter at a soft reset.

use crate::heap::{Marker, Ref, Vector};
use crate::host::PathKind;
use crate::import::{MODE_FILE, MODE_SINGLE, Outcome};
use crate::intern::Qstr;
use crate::names as q;
use crate::ops::format::Sink;
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::{Array, TypeId};
use crate::value::Value;

/// How many lines are remembered.
pub const HISTORY_LINES: usize = 8;

/// How long threads run before the prompt looks for a key again, in microseconds.
const THREADS_US: u64 = 1000;

/// The text of the prompt and the lines typed before, the last one first.
pub(crate) struct Prompt {
    text: Vector<u8>,
    history: [Option<Value>; HISTORY_LINES],
    /// The board is being reset: no handler of the program runs any more.
    pub(crate) aborts: bool,
}

/// What the text of the prompt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// A statement; the values of expressions are shown.
    Statement,
    /// A program.
    Source,
    /// A `.mpy` image.
    Image,
}

/// Why a program that was being collected is not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Ctrl-C: `KeyboardInterrupt`.
    Interrupted,
    /// There was no room for it: `MemoryError`.
    NoMemory,
    /// It is no image that could be read: `ValueError`.
    BadImage,
}

impl Prompt {
    pub(crate) const fn new() -> Self {
        Self {
            text: Vector::new(),
            history: [None; HISTORY_LINES],
            aborts: false,
        }
    }

    pub(crate) fn trace(&self, marker: &mut Marker<'_, '_>) {
        marker.plain(&self.text);
        for line in self.history {
            marker.option(line);
        }
    }
}

/// The text of the prompt.
impl Vm<'_> {
    /// The text collected so far.
    #[must_use]
    pub fn input(&self) -> &[u8] {
        &self.prompt.text
    }

    /// Puts bytes into the text at an offset, which lies within it; `false` when there is no room for them.
    pub fn insert_input(&mut self, at: usize, bytes: &[u8]) -> bool {
        let at = at.min(self.prompt.text.len());
        if self
            .reserve_doubling(|vm| &mut vm.prompt.text, bytes.len())
            .is_err()
        {
            self.exception = None;
            return false;
        }
        self.prompt.text.insert_within(at, bytes.len(), 0);
        self.prompt.text[at..at + bytes.len()].copy_from_slice(bytes);
        true
    }

    /// Takes a range out of the text; what lies beyond its end is ignored.
    pub fn remove_input(&mut self, from: usize, to: usize) {
        let to = to.min(self.prompt.text.len());
        if from < to {
            self.prompt.text.remove_range(from, to);
        }
    }

    /// Throws the text away and gives its memory back.
    pub fn clear_input(&mut self) {
        if let Some(address) = self.prompt.text.address() {
            self.heap.free_storage(address);
        }
        self.prompt.text = Vector::new();
    }

    /// A line typed before; 0 is the last one.
    #[must_use]
    pub fn history(&self, number: usize) -> Option<&[u8]> {
        let line = self.prompt.history.get(number).copied().flatten()?;
        Some(self.bytes_of(line))
    }

    /// Puts a line typed before into the text; nothing happens when there is none or no room.
    pub fn insert_history(&mut self, at: usize, number: usize) {
        let Some(line) = self.prompt.history.get(number).copied().flatten() else {
            return;
        };
        let len = self.bytes_of(line).len();
        let at = at.min(self.prompt.text.len());
        if self
            .reserve_doubling(|vm| &mut vm.prompt.text, len)
            .is_err()
        {
            self.exception = None;
            return;
        }
        self.prompt.text.insert_within(at, len, 0);
        for index in 0..len {
            let byte = self.bytes_of(line)[index];
            self.prompt.text[at + index] = byte;
        }
    }

    /// Remembers the text from an offset on, unless it is empty, the last line again, or memory is short.
    pub fn remember_input(&mut self, from: usize) {
        let text = self.prompt.text;
        let line = text.get(from..).unwrap_or(&[]);
        if line.is_empty() || self.history(0) == Some(line) {
            return;
        }
        let Ok(copy) = self.new_str(line) else {
            self.exception = None;
            return;
        };
        self.prompt.history.rotate_right(1);
        self.prompt.history[0] = Some(copy);
    }

    /// Lets the heap be used again that a statement has locked: nothing else could.
    pub fn unlock_heap(&mut self) {
        self.heap.lock_depth = 0;
    }

    /// Hands `sys.ps1`, or for the lines that follow `sys.ps2`, to `write`; nothing if it is no string.
    pub fn prompt_text(&mut self, first: bool, write: &mut dyn FnMut(&[u8])) {
        let name = if first { q::ps1 } else { q::ps2 };
        let sys = self.find_native_module(q::sys).unwrap_or(Value::NONE);
        match self.lookup(sys, name) {
            Ok(Some((text, _))) if self.is_str(text) => write(self.bytes_of(text)),
            Ok(_) => {}
            Err(Raised) => self.exception = None,
        }
    }
}

/// For programs that ask.
impl Vm<'_> {
    /// Reads a line from a console that echoes nothing by itself: shows what is typed, takes it back with
    /// Backspace, and ends with Enter; Ctrl-D on an empty line is `EOFError`.
    pub(crate) fn read_typed_line(&mut self, buffer: Ref<Array>) -> Result<()> {
        loop {
            let mut byte = [0];
            self.await_input()?;
            let got = self.host.read_in(&mut byte);
            if self.host.interrupted() {
                return Err(self.raise_with(TypeId::KeyboardInterrupt, None));
            }
            let is_empty = self.heap[buffer].items.is_empty();
            match (got, byte[0]) {
                (Err(errno), _) => return Err(self.os_error(errno)),
                (Ok(0), _) => return Err(self.raise_with(TypeId::EOFError, None)),
                (_, 3) => return Err(self.raise_with(TypeId::KeyboardInterrupt, None)),
                (_, 4) if is_empty => return Err(self.raise_with(TypeId::EOFError, None)),
                (_, b'\r' | b'\n') => {
                    self.host.write_raw(b"\r\n");
                    return Ok(());
                }
                (_, 8 | 127) if is_empty => {}
                (_, 8 | 127) => {
                    while let Some(last) = self.heap[buffer].items.pop() {
                        // The bytes of a character go together.
                        if last & 0xc0 != 0x80 {
                            break;
                        }
                    }
                    self.host.write_raw(b"\x08\x1b[K");
                }
                (_, b' '..) => {
                    self.put(Sink::Buffer(buffer), &byte)?;
                    self.host.write_raw(&byte);
                }
                _ => {}
            }
        }
    }
}

/// Running it.
impl Vm<'_> {
    /// Runs the text in the namespace of `__main__` and throws it away. `before_traceback` is called when the
    /// output has ended and before the exception, if there is one, is printed.
    pub fn run_input(&mut self, program: Program, before_traceback: &mut dyn FnMut()) -> Outcome {
        let result = self.try_input(program);
        before_traceback();
        self.settle(result)
    }

    fn try_input(&mut self, program: Program) -> Result<()> {
        let text = self.prompt.text;
        let blob = self.new_blob(text.len());
        if let Ok(blob) = blob {
            self.heap.copy_tail(blob, 0, text);
        }
        self.clear_input();
        let blob = blob?;
        let len = text.len();
        self.push(blob.value())?;
        let code = match program {
            Program::Image => self.load_image(blob, 0, len)?,
            Program::Statement | Program::Source => {
                let mode = if program == Program::Statement {
                    MODE_SINGLE
                } else {
                    MODE_FILE
                };
                let name = self.intern(b"<stdin>")?;
                self.compile_source(blob, name, mode)?
            }
        };
        self.truncate(0);
        self.push(code.value())?;
        let main = self.main();
        self.heap.forget_recent();
        self.run_code(code, &[], main, main)?;
        self.poll()
    }

    /// Looks after timers, pins and scheduled calls while no program runs; what they raise is printed.
    ///
    /// `true` if that took a moment, so that whoever waits need not wait by himself.
    pub fn attend(&mut self) -> bool {
        if self.has_threads() || self.attends {
            let result = self.rest(THREADS_US).and_then(|()| self.look());
            self.settle(result);
            return true;
        }
        if self.scheduled.is_empty() && !self.host.event_waits() {
            return false;
        }
        let result = self.poll();
        self.settle(result);
        false
    }

    /// Throws the text away and prints why, as an exception.
    pub fn refuse_input(&mut self, why: Refusal) {
        let len = self.prompt.text.len();
        self.clear_input();
        let raised = match why {
            Refusal::Interrupted => self.raise_with(TypeId::KeyboardInterrupt, None),
            Refusal::NoMemory => self.no_memory(len * 2),
            Refusal::BadImage => self.raise_text(TypeId::ValueError, b"incompatible .mpy file"),
        };
        self.settle(Err(raised));
    }

    /// Runs a file in the namespace of `__main__` and prints what it raises; `None` if there is no such file.
    pub fn run_file_if_there(&mut self, path: &[u8]) -> Option<Outcome> {
        let kind = self.joined(&[path]).and_then(|path| self.path_kind(&path));
        let result = match kind {
            Ok(PathKind::File) => self.try_file(path),
            Ok(_) => return None,
            Err(Raised) => Err(Raised),
        };
        Some(self.settle(result))
    }

    /// As [`Vm::outcome`]; on a board, where nobody gets an exit status, a text in its place is not shown either.
    pub(crate) fn settle(&mut self, result: Result<()>) -> Outcome {
        let Err(Raised) = result else {
            return self.outcome(Ok(()));
        };
        let exception = self.exception.unwrap_or(Value::NONE);
        let is_exit = self.is_instance(exception, TypeId::SystemExit);
        if is_exit && self.host.enter_is_return() {
            let status = self.exception_value(exception);
            let status = match (status.is_none(), self.small_of(status)) {
                (true, _) => 0,
                (false, Some(number)) => number as i32,
                (false, None) => 1,
            };
            self.exception = None;
            self.heap.lock_depth = 0;
            self.truncate(0);
            return Outcome::Exit(status);
        }
        self.outcome(Err(Raised))
    }
}

/// Names, for completion.
impl Vm<'_> {
    /// Visits the names that begin with the last part of `path`, such as `pi` of `sys.pi`: attributes of the
    /// object before it, of `__main__` if there is none, or built-in modules.
    ///
    /// Names that begin with `_` are visited only if some of that is typed. Errors of attributes are not shown.
    pub fn complete(&mut self, path: &[u8], modules: bool, visit: &mut dyn FnMut(&[u8])) {
        let main = self
            .modules
            .and_then(|loaded| self.get_name(loaded, q::__main__));
        let mut object = main.unwrap_or(Value::NONE);
        let top = self.stack_len();
        let mut parts = path.split(|&byte| byte == b'.');
        let start = parts.next_back().unwrap_or(&[]);
        for part in parts {
            let name = self.find_qstr(part, crate::intern::hash(part));
            let found = name.and_then(|name| self.attribute_or_none(object, name));
            let Some(found) = found.filter(|&found| self.push(found).is_ok()) else {
                self.exception = None;
                self.truncate(top);
                return;
            };
            object = found;
        }
        let object = (!modules).then_some(object);
        self.visit_names(object, start, visit);
        self.truncate(top);
    }

    fn attribute_or_none(&mut self, object: Value, name: Qstr) -> Option<Value> {
        let found = self.try_attr(object, name);
        if found.is_err() {
            self.exception = None;
        }
        found.ok().flatten()
    }

    /// In the order of MicroPython: the names of the `.mpy` format, other names of the firmware by their
    /// letters, then names of programs by their age.
    fn visit_names(&mut self, object: Option<Value>, start: &[u8], visit: &mut dyn FnMut(&[u8])) {
        let fixed = upy_bytecode::qstr::STATIC_COUNT;
        let built_in = (self.first_dynamic() - 1) as u16;
        for number in 1..=fixed {
            self.visit_name(object, Qstr(number), start, visit);
        }
        let mut last = None;
        while let Some(next) = self.next_built_in(fixed + 1..=built_in, last, start) {
            self.visit_name(object, next, start, visit);
            last = Some(next);
        }
        let own = self.interner.len() as u16;
        for number in built_in + 1..=built_in + own {
            self.visit_name(object, Qstr(number), start, visit);
        }
    }

    /// The name with the least text that begins with `start` and comes after `last`.
    fn next_built_in(
        &self,
        numbers: core::ops::RangeInclusive<u16>,
        last: Option<Qstr>,
        start: &[u8],
    ) -> Option<Qstr> {
        let text = |name: Qstr| self.qstr_text(name);
        numbers
            .map(Qstr)
            // A library may repeat a name of the runtime, which keeps the number it has there.
            .filter(|&name| self.find_qstr(text(name), self.qstr_hash(name)) == Some(name))
            .filter(|&name| text(name).starts_with(start))
            .filter(|&name| last.is_none_or(|last| text(name) > text(last)))
            .min_by_key(|&name| text(name))
    }

    fn visit_name(
        &mut self,
        object: Option<Value>,
        name: Qstr,
        start: &[u8],
        visit: &mut dyn FnMut(&[u8]),
    ) {
        let text = self.qstr_text(name);
        if !text.starts_with(start) || (start.is_empty() && text.starts_with(b"_")) {
            return;
        }
        let is_there = match object {
            Some(object) => self.attribute_or_none(object, name).is_some(),
            None => self.find_native_module(name).is_some(),
        };
        if is_there {
            visit(self.qstr_text(name));
        }
    }
}
