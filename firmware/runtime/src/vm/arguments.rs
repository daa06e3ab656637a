//! Putting arguments into the locals of a function: defaults, keywords, `*args`, `**kwargs`.

use upy_bytecode::code::{FLAG_DEFAULT_KEYWORDS, FLAG_VAR_ARGUMENTS, FLAG_VAR_KEYWORDS};

use crate::heap::Ref;
use crate::intern::Qstr;
use crate::native::Args;
use crate::ops::format::Piece;
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::{Cell, Code, Dict, Function, Tuple, TypeId};
use crate::value::Value;

impl Vm<'_> {
    /// The code object's own name (0) or the name of an argument (from 1).
    pub(crate) fn code_name(&self, code: Ref<Code>, index: usize) -> Qstr {
        let body = &self.heap[code];
        let context = &self.heap[body.context];
        let bytes =
            &self.heap.tail(context.blob)[body.start as usize..(body.start + body.len) as usize];
        let Ok(view) = upy_bytecode::Code::parse(bytes) else {
            return Qstr(1);
        };
        let number = view.names().nth(index).unwrap_or(0);
        context.strings[number as usize]
    }

    /// Moves the arguments of a call to the places of the function's locals, from `args.base` on.
    pub(crate) fn bind_arguments(&mut self, function: Ref<Function>, args: Args) -> Result<()> {
        let code = self.heap[function].code;
        let body = self.heap[code];
        let positional = usize::from(body.positional);
        let named = positional + usize::from(body.keyword_only);
        let target = self.stack_len();
        if target + usize::from(body.locals + body.stack) > self.stack.limit() {
            return Err(self.too_deep());
        }
        let var_args = body.flags & FLAG_VAR_ARGUMENTS != 0;
        let var_keywords = body.flags & FLAG_VAR_KEYWORDS != 0;
        self.stack
            .fill_to(target + named + usize::from(var_args) + usize::from(var_keywords));
        let taken = args.count.min(positional);
        for index in 0..taken {
            let value = self.stack.get(args.base + index);
            self.stack.set(target + index, value);
        }
        if var_args {
            let rest = self.tuple_from_stack(args.base + taken, args.count - taken)?;
            self.stack.set(target + named, Some(rest));
        } else if args.count > positional {
            return Err(self.positional_mismatch(code, positional, args.count));
        }
        let least = positional - usize::from(body.defaults);
        if args.keywords == 0 && body.flags & FLAG_DEFAULT_KEYWORDS == 0 {
            if args.count < least {
                return Err(self.positional_mismatch(code, least, args.count));
            }
            self.fill_defaults(function, target);
            if body.keyword_only > 0 {
                return Err(self.type_error(b"function missing keyword-only argument"));
            }
            if var_keywords {
                let dict = self.new_dict()?;
                self.stack
                    .set(target + named + usize::from(var_args), Some(dict.value()));
            }
        } else {
            let dict = match var_keywords {
                true => Some(self.new_dict()?),
                false => None,
            };
            if let Some(dict) = dict {
                self.stack
                    .set(target + named + usize::from(var_args), Some(dict.value()));
            }
            for index in 0..args.keywords {
                self.bind_keyword(code, args.keyword(self, index), target, dict)?;
            }
            self.fill_defaults(function, target);
            self.check_complete(function, target)?;
        }
        let count = self.stack_len() - target;
        for index in 0..count {
            let value = self.stack.get(target + index);
            self.stack.set(args.base + index, value);
        }
        self.truncate(args.base + count);
        Ok(())
    }

    fn positional_mismatch(&mut self, code: Ref<Code>, expected: usize, given: usize) -> Raised {
        let name = self.code_name(code, 0);
        self.named_mismatch(name, expected, given)
    }

    /// The error of a call of something with a name with the wrong number of arguments.
    #[cold]
    pub(crate) fn named_mismatch(&mut self, name: Qstr, expected: usize, given: usize) -> Raised {
        self.raise(
            TypeId::TypeError,
            &[
                Piece::Name(name),
                Piece::Text(b"() takes "),
                Piece::Number(expected as isize),
                Piece::Text(b" positional arguments but "),
                Piece::Number(given as isize),
                Piece::Text(b" were given"),
            ],
        )
    }

    fn bind_keyword(
        &mut self,
        code: Ref<Code>,
        (key, value): (Value, Value),
        target: usize,
        rest: Option<Ref<Dict>>,
    ) -> Result<()> {
        let body = self.heap[code];
        let named = usize::from(body.positional) + usize::from(body.keyword_only);
        let found = key
            .as_qstr()
            .and_then(|name| self.argument_index(code, named, name));
        if let Some(index) = found {
            if self.stack.get(target + index).is_some() {
                return Err(self.multiple_values(key));
            }
            self.stack.set(target + index, Some(value));
            return Ok(());
        }
        let Some(rest) = rest else {
            return Err(self.raise(
                TypeId::TypeError,
                &[
                    Piece::Text(b"unexpected keyword argument '"),
                    Piece::Str(key),
                    Piece::Text(b"'"),
                ],
            ));
        };
        if self.dict_find(rest, key)?.is_some() {
            return Err(self.multiple_values(key));
        }
        self.dict_set(rest, key, value)
    }

    fn multiple_values(&mut self, key: Value) -> Raised {
        self.raise(
            TypeId::TypeError,
            &[
                Piece::Text(b"function got multiple values for argument '"),
                Piece::Str(key),
                Piece::Text(b"'"),
            ],
        )
    }

    /// The local of a named argument.
    fn argument_index(&self, code: Ref<Code>, named: usize, name: Qstr) -> Option<usize> {
        let body = &self.heap[code];
        let context = &self.heap[body.context];
        let bytes =
            &self.heap.tail(context.blob)[body.start as usize..(body.start + body.len) as usize];
        let view = upy_bytecode::Code::parse(bytes).ok()?;
        view.names()
            .skip(1)
            .take(named)
            .position(|number| context.strings[number as usize] == name)
    }

    fn fill_defaults(&mut self, function: Ref<Function>, target: usize) {
        let Function { code, defaults, .. } = self.heap[function];
        let Some(defaults) = defaults.and_then(|value| self.heap.cast::<Tuple>(value)) else {
            return;
        };
        let count = usize::from(self.heap[code].defaults);
        let first = usize::from(self.heap[code].positional) - count;
        for index in 0..count.min(self.heap.tail_len(defaults)) {
            if self.stack.get(target + first + index).is_none() {
                let value = self.heap.tail(defaults)[index];
                self.stack.set(target + first + index, Some(value));
            }
        }
    }

    /// All arguments without a default must be there; keyword-only ones get theirs.
    fn check_complete(&mut self, function: Ref<Function>, target: usize) -> Result<()> {
        let Function {
            code,
            keyword_defaults,
            ..
        } = self.heap[function];
        let body = self.heap[code];
        let positional = usize::from(body.positional);
        for index in 0..positional {
            if self.stack.get(target + index).is_none() {
                return Err(self.raise(
                    TypeId::TypeError,
                    &[
                        Piece::Text(b"function missing required positional argument #"),
                        Piece::Number(index as isize + 1),
                    ],
                ));
            }
        }
        for index in 0..usize::from(body.keyword_only) {
            if self.stack.get(target + positional + index).is_some() {
                continue;
            }
            let name = self.code_name(code, 1 + positional + index);
            let dict = keyword_defaults.and_then(|value| self.heap.cast::<Dict>(value));
            let Some(value) = dict.and_then(|dict| self.get_name(dict, name)) else {
                return Err(self.raise(
                    TypeId::TypeError,
                    &[
                        Piece::Text(b"function missing required keyword argument '"),
                        Piece::Name(name),
                        Piece::Text(b"'"),
                    ],
                ));
            };
            self.stack.set(target + positional + index, Some(value));
        }
        Ok(())
    }

    /// Puts captured locals into cells.
    pub(crate) fn make_cells(&mut self, code: Ref<Code>, base: usize) -> Result<()> {
        let body = self.heap[code];
        for index in 0..usize::from(body.cells) {
            let at = body.opcodes as usize - usize::from(body.cells) + index;
            let local = usize::from(self.heap.tail(self.heap[body.context].blob)[at]);
            let content = self.stack.get(base + local);
            let cell = self.alloc(Cell { content })?;
            self.stack.set(base + local, Some(cell.value()));
        }
        Ok(())
    }

    /// Spreads starred arguments: the stack holds, from `base` on, the arguments, then the keyword pairs, then a
    /// bitmap of which arguments are starred. Returns the number of arguments and of pairs now there.
    pub(crate) fn spread(
        &mut self,
        base: usize,
        positional: usize,
        keywords: usize,
    ) -> Result<(usize, usize)> {
        let bitmap = self.pop().as_small().unwrap_or(0) as usize;
        let end = self.stack_len();
        let start = base;
        for index in 0..positional {
            let Some(value) = self.stack.get(start + index) else {
                continue;
            };
            if bitmap >> index & 1 != 0 {
                let iterator = self.iterate(value)?;
                self.push(iterator)?;
                let at = self.stack_len() - 1;
                let mut spread_count = 0;
                while let Some(item) = self.iterate_next(iterator)? {
                    self.push(item)?;
                    spread_count += 1;
                }
                // Squeeze the iterator out.
                let top = self.stack_len();
                self.stack.slice_mut(at, top).copy_within(1.., 0);
                self.truncate(at + spread_count);
            } else {
                self.push(value)?;
            }
        }
        let middle = self.stack_len();
        for index in 0..keywords {
            let at = start + positional + 2 * index;
            let (key, value) = (self.stack.get(at), self.stack_at(at + 1));
            match key {
                Some(key) => self.push_pair(middle, key, value)?,
                None => self.spread_mapping(middle, value)?,
            }
        }
        let top = self.stack_len();
        let (count, pairs) = (middle - end, (top - middle) / 2);
        self.stack
            .slice_mut(start, top)
            .copy_within(end - start.., 0);
        self.truncate(start + count + 2 * pairs);
        Ok((count, pairs))
    }

    fn push_pair(&mut self, from: usize, key: Value, value: Value) -> Result<()> {
        if !self.is_str(key) {
            return Err(self.type_error(b"keywords must be strings"));
        }
        let key = Value::qstr(self.intern_value(key)?);
        let top = self.stack_len();
        let mut at = from;
        while at < top {
            if self.stack_at(at) == key {
                return Err(self.multiple_values(key));
            }
            at += 2;
        }
        self.push(key)?;
        self.push(value)
    }

    /// `**mapping`
    fn spread_mapping(&mut self, from: usize, mapping: Value) -> Result<()> {
        if let Some(dict) = self.heap.cast::<Dict>(mapping) {
            let mut number = 0;
            while let Some((at, key, value)) = self.heap[dict].map.next(number) {
                self.push_pair(from, key, value)?;
                number = at + 1;
            }
            return Ok(());
        }
        let keys = self.load_attr(mapping, crate::names::keys)?;
        let keys = self.call(keys, &[])?;
        // Temporaries below the pairs would be in the way; a list holds the keys instead.
        let list = self.list_from(keys)?;
        let mut index = 0;
        self.scheduled_guard(list.value())?;
        while let Some(&key) = self.heap[list].items.get(index) {
            let outcome = match self.subscript(mapping, key) {
                Ok(value) => self.push_pair(from, key, value),
                Err(Raised) => Err(Raised),
            };
            if outcome.is_err() {
                self.scheduled_release();
                return outcome;
            }
            index += 1;
        }
        self.scheduled_release();
        Ok(())
    }

    /// Roots a value outside the value stack.
    fn scheduled_guard(&mut self, value: Value) -> Result<()> {
        self.reserve_doubling(|vm| &mut vm.guarded, 1)?;
        self.guarded.push_within(value);
        Ok(())
    }

    fn scheduled_release(&mut self) {
        self.guarded.pop();
    }
}
