//! The dispatch loop.
//!
//! Instruction pointer, stack pointer and locals are raw pointers in local variables; everything that can
//! allocate, raise or call gets the stack pointer back first (`sync!`). Each instruction that fails leaves the
//! offset behind its opcode byte in the frame and goes to [`Vm::unwind`].
//!
//! What makes this sound is [`upy_bytecode::verify`]: instructions decode, jumps land on instructions, the stack
//! neither under- nor overflows the room reserved for the frame, indices are within their tables.
// SIZE: the loop, and the raw accesses that may be nowhere else.
#![expect(unsafe_code, reason = "verified code is run without checking it again")]

use upy_bytecode::{Opcode, UnaryOp, opcode};

use crate::heap::Ref;
use crate::intern::Qstr;
use crate::native::Args;
use crate::raise::{Raised, Result};
use crate::state::Vm;
use crate::types::Code;
use crate::value::{Class, Value};
use crate::vm::call::Site;
use crate::vm::leave::RETURNING;
use crate::vm::quick::{JUMP_IF_FALSE, JUMP_IF_TRUE, Quick, known_truth, quick_binary};
use crate::vm::stack::{Handler, Purpose};

/// The opcode of each byte as a dense number, so that the `match` is one jump table.
static KINDS: [Opcode; 256] = {
    let mut kinds = [Opcode::Jump; 256];
    let mut byte = 0;
    while byte < 256 {
        if let Some(opcode) = opcode::DECODE[byte] {
            kinds[byte] = opcode;
        }
        byte += 1;
    }
    kinds
};

/// A pointer to the next byte of code.
type Ip = *const u8;
/// A pointer to the first free word of the stack.
type Sp = *mut Option<Value>;

/// How many jumps pass between two looks at the world outside.
pub(crate) const POLL_INTERVAL: u32 = 256;

impl Vm<'_> {
    /// Runs the frame on top, and what it calls, until the frame at `floor` is gone.
    ///
    /// With `raised` the frame on top starts with an exception in flight. The flag of the result says that the
    /// value was yielded.
    #[expect(clippy::too_many_lines, reason = "one arm per instruction")]
    pub(crate) fn run(&mut self, floor: usize, raised: bool) -> Result<(Value, bool)> {
        let mut raised = raised;
        'frame: loop {
            let Some(&frame) = self.frames.last() else {
                return Err(Raised);
            };
            if raised {
                raised = false;
                if !self.deliver(&frame, floor)? {
                    continue 'frame;
                }
                // The value to pass on is on the stack.
                match self.yielded(floor, frame.ip)? {
                    Some(value) => return Ok((value, true)),
                    None => continue 'frame,
                }
            }
            let view = self.view(frame.code);
            let start = view.code;
            let mut ip: Ip = start.wrapping_add(frame.ip as usize);
            let fp: Sp = self.stack.address(frame.base as usize);
            let mut sp: Sp = self.stack.address(self.stack.len());
            let mut at: Ip;

            macro_rules! push {
                ($value:expr) => {{
                    let value: Option<Value> = $value;
                    put(sp, value);
                    sp = sp.wrapping_add(1);
                }};
            }
            macro_rules! pop {
                () => {{
                    sp = sp.wrapping_sub(1);
                    take(sp)
                }};
            }
            macro_rules! pop_value {
                () => {
                    pop!().unwrap_or(Value::NONE)
                };
            }
            macro_rules! top {
                () => {
                    take(sp.wrapping_sub(1)).unwrap_or(Value::NONE)
                };
            }
            macro_rules! set_top {
                ($value:expr) => {{
                    let value: Value = $value;
                    put(sp.wrapping_sub(1), Some(value));
                }};
            }
            macro_rules! sync {
                () => {{
                    let len = self.stack.index_of(sp);
                    self.stack.truncate(len);
                }};
            }
            // As `sync!`, before what may allocate much: nothing but the stack holds a fresh object now.
            macro_rules! settle {
                () => {{
                    sync!();
                    self.heap.forget_recent();
                }};
            }
            macro_rules! save_ip {
                ($ip:expr) => {{
                    let offset = ($ip).addr() - start.addr();
                    if let Some(frame) = self.frames.last_mut() {
                        frame.ip = offset as u32;
                    }
                }};
            }
            macro_rules! fault {
                () => {{
                    sync!();
                    save_ip!(at);
                    self.unwind(floor)?;
                    continue 'frame;
                }};
            }
            macro_rules! attempt {
                ($result:expr) => {
                    match $result {
                        Ok(value) => value,
                        Err(Raised) => fault!(),
                    }
                };
            }
            macro_rules! string {
                () => {{
                    let index = uint(&mut ip);
                    string(view.strings, index)
                }};
            }
            macro_rules! poll {
                () => {{
                    self.ticks = self.ticks.wrapping_add(1);
                    if self.ticks % POLL_INTERVAL == 0 {
                        sync!();
                        attempt!(self.poll());
                    }
                }};
            }
            macro_rules! local {
                ($index:expr) => {
                    match take(fp.wrapping_add($index)) {
                        Some(value) => push!(Some(value)),
                        None => {
                            sync!();
                            self.unbound_local();
                            fault!()
                        }
                    }
                };
            }
            macro_rules! call {
                ($callee:expr, $base:expr, $count:expr, $keywords:expr, $result:expr) => {{
                    let site = Site {
                        args: Args {
                            base: $base,
                            count: $count,
                            keywords: $keywords,
                        },
                        result: $result,
                        purpose: Purpose::Call,
                    };
                    match self.begin_call($callee, site) {
                        Ok(Some(value)) => {
                            sp = self.stack.address(site.result);
                            push!(Some(value));
                        }
                        Ok(None) => {
                            let offset = ip.addr() - start.addr();
                            let caller = self.frames.len() - 2;
                            self.frames.items_mut()[caller].ip = offset as u32;
                            continue 'frame;
                        }
                        Err(Raised) => {
                            sp = self.stack.address(site.result);
                            fault!()
                        }
                    }
                }};
            }

            loop {
                let byte = fetch(&mut ip);
                at = ip;
                match KINDS[usize::from(byte)] {
                    Opcode::LoadFastMulti => local!(usize::from(byte & 0xf)),
                    Opcode::StoreFastMulti => {
                        let value = pop!();
                        put(fp.wrapping_add(usize::from(byte & 0xf)), value);
                    }
                    Opcode::LoadFastN => {
                        let index = uint(&mut ip);
                        local!(index)
                    }
                    Opcode::StoreFastN => {
                        let index = uint(&mut ip);
                        let value = pop!();
                        put(fp.wrapping_add(index), value);
                    }
                    Opcode::LoadConstSmallIntMulti => {
                        push!(Some(Value::small(isize::from(byte) - 0x80)));
                    }
                    Opcode::LoadConstSmallInt => {
                        let number = int(&mut ip);
                        match Value::try_small(number as isize) {
                            Some(value) => push!(Some(value)),
                            None => {
                                sync!();
                                let value = attempt!(self.new_int(number));
                                push!(Some(value));
                            }
                        }
                    }
                    Opcode::LoadConstString => {
                        let name = string!();
                        push!(Some(Value::qstr(name)));
                    }
                    Opcode::LoadConstObj => {
                        let index = uint(&mut ip);
                        push!(Some(constant(view.constants, index)));
                    }
                    Opcode::LoadConstNone => push!(Some(Value::NONE)),
                    Opcode::LoadConstTrue => push!(Some(Value::TRUE)),
                    Opcode::LoadConstFalse => push!(Some(Value::FALSE)),
                    Opcode::LoadNull => push!(None),
                    Opcode::LoadGlobal => {
                        let name = string!();
                        match self.get_name(frame.globals, name) {
                            Some(value) => push!(Some(value)),
                            None => {
                                sync!();
                                let value = attempt!(self.load_builtin(name));
                                push!(Some(value));
                            }
                        }
                    }
                    Opcode::LoadName => {
                        let name = string!();
                        let found = self.get_name(frame.locals, name);
                        match found.or_else(|| self.get_name(frame.globals, name)) {
                            Some(value) => push!(Some(value)),
                            None => {
                                sync!();
                                let value = attempt!(self.load_builtin(name));
                                push!(Some(value));
                            }
                        }
                    }
                    Opcode::LoadAttr => {
                        let name = string!();
                        let object = top!();
                        let value = match self.member(object, name) {
                            Some(value) => value,
                            None => {
                                settle!();
                                attempt!(self.load_attr(object, name))
                            }
                        };
                        set_top!(value);
                    }
                    Opcode::LoadMethod => {
                        let name = string!();
                        let object = top!();
                        settle!();
                        let (function, this) = attempt!(self.load_method(object, name));
                        set_top!(function);
                        push!(this);
                    }
                    Opcode::LoadSuperMethod => {
                        let name = string!();
                        let this = pop_value!();
                        let class = pop_value!();
                        sp = sp.wrapping_add(2);
                        sync!();
                        sp = sp.wrapping_sub(2);
                        let (function, bound) = attempt!(self.load_super(class, this, name));
                        set_top!(function);
                        push!(bound);
                    }
                    Opcode::StoreName => {
                        let name = string!();
                        let value = top!();
                        sync!();
                        attempt!(self.set_name(frame.locals, name, value));
                        sp = sp.wrapping_sub(1);
                    }
                    Opcode::StoreGlobal => {
                        let name = string!();
                        let value = top!();
                        sync!();
                        attempt!(self.set_name(frame.globals, name, value));
                        sp = sp.wrapping_sub(1);
                    }
                    Opcode::StoreAttr => {
                        let name = string!();
                        let object = top!();
                        let value = take(sp.wrapping_sub(2));
                        sync!();
                        attempt!(self.store_attr(object, name, value));
                        sp = sp.wrapping_sub(2);
                    }
                    Opcode::DeleteName => {
                        let name = string!();
                        sync!();
                        attempt!(self.delete_variable(frame.locals, name));
                    }
                    Opcode::DeleteGlobal => {
                        let name = string!();
                        sync!();
                        attempt!(self.delete_variable(frame.globals, name));
                    }
                    Opcode::LoadDeref => {
                        let index = uint(&mut ip);
                        match self.cell_content(take(fp.wrapping_add(index))) {
                            Some(value) => push!(Some(value)),
                            None => {
                                sync!();
                                self.unbound_local();
                                fault!()
                            }
                        }
                    }
                    Opcode::StoreDeref => {
                        let index = uint(&mut ip);
                        let value = pop!();
                        if !self.set_cell(take(fp.wrapping_add(index)), value) {
                            sync!();
                            self.unbound_local();
                            fault!()
                        }
                    }
                    Opcode::DeleteFast => {
                        let index = uint(&mut ip);
                        if take(fp.wrapping_add(index)).is_none() {
                            sync!();
                            self.unbound_local();
                            fault!()
                        }
                        put(fp.wrapping_add(index), None);
                    }
                    Opcode::DeleteDeref => {
                        let index = uint(&mut ip);
                        let cell = take(fp.wrapping_add(index));
                        if self.cell_content(cell).is_none() || !self.set_cell(cell, None) {
                            sync!();
                            self.unbound_local();
                            fault!()
                        }
                    }
                    Opcode::DupTop => {
                        let value = take(sp.wrapping_sub(1));
                        push!(value);
                    }
                    Opcode::DupTopTwo => {
                        let (below, top) = (take(sp.wrapping_sub(2)), take(sp.wrapping_sub(1)));
                        push!(below);
                        push!(top);
                    }
                    Opcode::PopTop => sp = sp.wrapping_sub(1),
                    Opcode::RotTwo => {
                        let (below, top) = (take(sp.wrapping_sub(2)), take(sp.wrapping_sub(1)));
                        put(sp.wrapping_sub(2), top);
                        put(sp.wrapping_sub(1), below);
                    }
                    Opcode::RotThree => {
                        let top = take(sp.wrapping_sub(1));
                        put(sp.wrapping_sub(1), take(sp.wrapping_sub(2)));
                        put(sp.wrapping_sub(2), take(sp.wrapping_sub(3)));
                        put(sp.wrapping_sub(3), top);
                    }
                    Opcode::Jump => {
                        let label = signed_label(&mut ip);
                        ip = ip.wrapping_offset(label);
                        poll!();
                    }
                    Opcode::PopJumpIfTrue | Opcode::PopJumpIfFalse => {
                        let wanted = byte == Opcode::PopJumpIfTrue.byte();
                        let label = signed_label(&mut ip);
                        let value = top!();
                        let truth = match known_truth(value) {
                            Some(truth) => truth,
                            None => {
                                sync!();
                                attempt!(self.truth(value))
                            }
                        };
                        sp = sp.wrapping_sub(1);
                        if truth == wanted {
                            ip = ip.wrapping_offset(label);
                        }
                        poll!();
                    }
                    Opcode::JumpIfTrueOrPop | Opcode::JumpIfFalseOrPop => {
                        let wanted = byte == Opcode::JumpIfTrueOrPop.byte();
                        let label = unsigned_label(&mut ip);
                        let value = top!();
                        let truth = match known_truth(value) {
                            Some(truth) => truth,
                            None => {
                                sync!();
                                attempt!(self.truth(value))
                            }
                        };
                        if truth == wanted {
                            ip = ip.wrapping_offset(label);
                        } else {
                            sp = sp.wrapping_sub(1);
                        }
                    }
                    Opcode::BinaryOpMulti => {
                        let (left, right) = (take(sp.wrapping_sub(2)), take(sp.wrapping_sub(1)));
                        let value = match quick_binary(byte, left, right) {
                            Quick::Value(value) => value,
                            Quick::Truth(truth) => {
                                // A jump mostly follows; taken here it needs no boolean.
                                let next = fetch(&mut { ip });
                                if next == JUMP_IF_TRUE || next == JUMP_IF_FALSE {
                                    ip = ip.wrapping_add(1);
                                    at = ip;
                                    let label = signed_label(&mut ip);
                                    sp = sp.wrapping_sub(2);
                                    if truth == (next == JUMP_IF_TRUE) {
                                        ip = ip.wrapping_offset(label);
                                    }
                                    poll!();
                                    continue;
                                }
                                Value::bool(truth)
                            }
                            Quick::No => {
                                settle!();
                                attempt!(self.binary_by_byte(byte, left, right))
                            }
                        };
                        sp = sp.wrapping_sub(1);
                        set_top!(value);
                    }
                    Opcode::UnaryOpMulti => {
                        let value = top!();
                        let op = UnaryOp::ALL[usize::from(byte & 3)];
                        let result = match known_truth(value) {
                            Some(truth) if op == UnaryOp::Not => Value::bool(!truth),
                            _ => {
                                settle!();
                                attempt!(self.unary(op, value))
                            }
                        };
                        set_top!(result);
                    }
                    Opcode::LoadSubscr => {
                        let index = top!();
                        let object = take(sp.wrapping_sub(2)).unwrap_or(Value::NONE);
                        let value = match self.quick_item(object, index) {
                            Some(value) => value,
                            None => {
                                settle!();
                                attempt!(self.subscript(object, index))
                            }
                        };
                        sp = sp.wrapping_sub(1);
                        set_top!(value);
                    }
                    Opcode::StoreSubscr => {
                        let index = top!();
                        let object = take(sp.wrapping_sub(2)).unwrap_or(Value::NONE);
                        let value = take(sp.wrapping_sub(3));
                        if !self.quick_store(object, index, value) {
                            settle!();
                            attempt!(self.store_subscript(object, index, value));
                        }
                        sp = sp.wrapping_sub(3);
                    }
                    Opcode::GetIter => {
                        let value = top!();
                        settle!();
                        let iterator = attempt!(self.iterate(value));
                        set_top!(iterator);
                    }
                    Opcode::GetIterStack => {
                        let value = top!();
                        settle!();
                        // Built-in containers are walked by position, without an iterator.
                        if self.walks_by_index(value) {
                            put(sp.wrapping_sub(1), Some(value));
                            push!(Some(Value::small(0)));
                        } else {
                            let iterator = attempt!(self.iterate(value));
                            put(sp.wrapping_sub(1), None);
                            push!(Some(iterator));
                        }
                        push!(None);
                        push!(None);
                    }
                    Opcode::ForIter => {
                        let label = unsigned_label(&mut ip);
                        let second = take(sp.wrapping_sub(3)).unwrap_or(Value::NONE);
                        let next = if let Some(sequence) = take(sp.wrapping_sub(4)) {
                            let index = second.as_small().unwrap_or(0);
                            match self.items_of(sequence) {
                                Some(items) => {
                                    let item = items.get(index as usize).copied();
                                    put(sp.wrapping_sub(3), Some(Value::small(index + 1)));
                                    item
                                }
                                None => {
                                    sync!();
                                    match attempt!(self.walk(sequence, index as usize)) {
                                        Some((item, after)) => {
                                            put(
                                                sp.wrapping_sub(3),
                                                Some(Value::small(after as isize)),
                                            );
                                            Some(item)
                                        }
                                        None => None,
                                    }
                                }
                            }
                        } else if let Some(iterator) = self.quick_range(second) {
                            iterator
                        } else {
                            settle!();
                            if let Some(generator) = self.fresh_generator(second) {
                                save_ip!(at);
                                let result = self.stack.len();
                                attempt!(self.push_generator(
                                    generator,
                                    Value::NONE,
                                    result,
                                    Purpose::ForIter
                                ));
                                continue 'frame;
                            }
                            attempt!(self.iterate_next(second))
                        };
                        match next {
                            Some(value) => push!(Some(value)),
                            None => {
                                sp = sp.wrapping_sub(4);
                                ip = ip.wrapping_offset(label);
                            }
                        }
                    }
                    Opcode::BuildTuple => {
                        let count = uint(&mut ip);
                        settle!();
                        let from = self.stack.len() - count;
                        let value = attempt!(self.tuple_from_stack(from, count));
                        sp = sp.wrapping_sub(count);
                        push!(Some(value));
                    }
                    Opcode::BuildList => {
                        let count = uint(&mut ip);
                        settle!();
                        let from = self.stack.len() - count;
                        let value = attempt!(self.list_from_stack(from, count));
                        sp = sp.wrapping_sub(count);
                        push!(Some(value.value()));
                    }
                    Opcode::BuildMap => {
                        let count = uint(&mut ip);
                        settle!();
                        let value = attempt!(self.new_dict_with_room(count));
                        push!(Some(value.value()));
                    }
                    Opcode::StoreMap => {
                        settle!();
                        let key = top!();
                        let value = take(sp.wrapping_sub(2)).unwrap_or(Value::NONE);
                        let dict = take(sp.wrapping_sub(3)).unwrap_or(Value::NONE);
                        attempt!(self.store_comprehension(1, dict, key, value));
                        sp = sp.wrapping_sub(2);
                    }
                    Opcode::BuildSet => {
                        let count = uint(&mut ip);
                        settle!();
                        let from = self.stack.len() - count;
                        let value = attempt!(self.set_from_stack(from, count));
                        sp = sp.wrapping_sub(count);
                        push!(Some(value));
                    }
                    Opcode::BuildSlice => {
                        let count = uint(&mut ip);
                        settle!();
                        let step = if count == 3 {
                            pop_value!()
                        } else {
                            Value::NONE
                        };
                        let stop = pop_value!();
                        let from = top!();
                        let next = fetch(&mut { ip });
                        let value = match self.slice_in_place(next, sp, from, stop, step) {
                            None => attempt!(self.new_slice(from, stop, step)),
                            Some(outcome) => {
                                // The instruction after this one is done too.
                                ip = ip.wrapping_add(1);
                                at = ip;
                                match attempt!(outcome) {
                                    Some(value) => {
                                        sp = sp.wrapping_sub(1);
                                        value
                                    }
                                    None => {
                                        sp = sp.wrapping_sub(3);
                                        continue;
                                    }
                                }
                            }
                        };
                        set_top!(value);
                    }
                    Opcode::StoreComp => {
                        let operand = uint(&mut ip);
                        settle!();
                        let target =
                            take(sp.wrapping_sub(1 + (operand >> 2))).unwrap_or(Value::NONE);
                        let first = top!();
                        let second = if operand & 3 == 1 {
                            take(sp.wrapping_sub(2)).unwrap_or(Value::NONE)
                        } else {
                            Value::NONE
                        };
                        attempt!(self.store_comprehension(operand & 3, target, first, second));
                        sp = sp.wrapping_sub(if operand & 3 == 1 { 2 } else { 1 });
                    }
                    Opcode::UnpackSequence => {
                        let count = uint(&mut ip);
                        settle!();
                        attempt!(self.unpack(count));
                        sp = self.stack.address(self.stack.len());
                    }
                    Opcode::UnpackEx => {
                        let operand = uint(&mut ip);
                        settle!();
                        attempt!(self.unpack_starred(operand & 0xff, operand >> 8 & 0xff));
                        sp = self.stack.address(self.stack.len());
                    }
                    Opcode::MakeFunction => {
                        let index = uint(&mut ip);
                        settle!();
                        let value = attempt!(self.make_function(
                            frame.code,
                            index,
                            frame.globals,
                            None,
                            None
                        ));
                        push!(Some(value));
                    }
                    Opcode::MakeFunctionDefargs => {
                        let index = uint(&mut ip);
                        sync!();
                        let (defaults, keywords) =
                            (take(sp.wrapping_sub(2)), take(sp.wrapping_sub(1)));
                        let value = attempt!(self.make_function(
                            frame.code,
                            index,
                            frame.globals,
                            defaults,
                            keywords
                        ));
                        sp = sp.wrapping_sub(1);
                        set_top!(value);
                    }
                    Opcode::MakeClosure | Opcode::MakeClosureDefargs => {
                        let index = uint(&mut ip);
                        let count = usize::from(fetch(&mut ip));
                        sync!();
                        let cells = self.stack.len() - count;
                        let with_defaults = byte == Opcode::MakeClosureDefargs.byte();
                        let (defaults, keywords) = match with_defaults {
                            true => (self.stack.get(cells - 2), self.stack.get(cells - 1)),
                            false => (None, None),
                        };
                        let function = attempt!(self.make_function(
                            frame.code,
                            index,
                            frame.globals,
                            defaults,
                            keywords
                        ));
                        let value = attempt!(self.make_closure(function, cells, count));
                        sp = sp.wrapping_sub(count + if with_defaults { 2 } else { 0 });
                        push!(Some(value));
                    }
                    Opcode::CallFunction => {
                        let operand = uint(&mut ip);
                        settle!();
                        let (count, keywords) = (operand & 0xff, operand >> 8);
                        let base = self.stack.len() - count - 2 * keywords;
                        let callee = self.stack_at(base - 1);
                        call!(callee, base, count, keywords, base - 1);
                    }
                    Opcode::CallMethod => {
                        let operand = uint(&mut ip);
                        settle!();
                        let (count, keywords) = (operand & 0xff, operand >> 8);
                        let base = self.stack.len() - count - 2 * keywords;
                        let callee = self.stack_at(base - 2);
                        let bound = usize::from(self.stack.get(base - 1).is_some());
                        call!(callee, base - bound, count + bound, keywords, base - 2);
                    }
                    Opcode::CallFunctionVarKw => {
                        let operand = uint(&mut ip);
                        settle!();
                        let (count, keywords) = (operand & 0xff, operand >> 8);
                        let base = self.stack.len() - count - 2 * keywords - 1;
                        let (count, keywords) = attempt!(self.spread(base, count, keywords));
                        let callee = self.stack_at(base - 1);
                        call!(callee, base, count, keywords, base - 1);
                    }
                    Opcode::CallMethodVarKw => {
                        let operand = uint(&mut ip);
                        settle!();
                        let (count, keywords) = (operand & 0xff, operand >> 8);
                        let base = self.stack.len() - count - 2 * keywords - 1;
                        let (count, keywords) = attempt!(self.spread(base, count, keywords));
                        let callee = self.stack_at(base - 2);
                        let bound = usize::from(self.stack.get(base - 1).is_some());
                        call!(callee, base - bound, count + bound, keywords, base - 2);
                    }
                    Opcode::LoadBuildClass => {
                        let own = self
                            .builtins
                            .and_then(|dict| self.get_name(dict, crate::names::__build_class__));
                        push!(Some(own.unwrap_or(crate::builtins::BUILD_CLASS)));
                    }
                    Opcode::SetupExcept | Opcode::SetupFinally => {
                        let label = unsigned_label(&mut ip);
                        let handler = Handler {
                            target: (ip.addr() - start.addr()) as u32 + label as u32,
                            depth: ((sp.addr() - fp.addr()) / size_of::<Value>()) as u32,
                            finally: byte == Opcode::SetupFinally.byte(),
                            exception: None,
                        };
                        if !self.handlers.push(handler) {
                            sync!();
                            self.too_deep();
                            fault!()
                        }
                    }
                    Opcode::SetupWith => {
                        let label = unsigned_label(&mut ip);
                        sync!();
                        let entered = attempt!(self.enter_context());
                        sp = self.stack.address(self.stack.len());
                        let handler = Handler {
                            target: (ip.addr() - start.addr()) as u32 + label as u32,
                            depth: ((sp.addr() - fp.addr()) / size_of::<Value>()) as u32,
                            finally: true,
                            exception: None,
                        };
                        if !self.handlers.push(handler) {
                            sync!();
                            self.too_deep();
                            fault!()
                        }
                        push!(Some(entered));
                    }
                    Opcode::WithCleanup => {
                        sync!();
                        attempt!(self.leave_context());
                        sp = self.stack.address(self.stack.len());
                    }
                    Opcode::PopExceptJump => {
                        self.handlers.pop();
                        let label = unsigned_label(&mut ip);
                        ip = ip.wrapping_offset(label);
                    }
                    Opcode::UnwindJump => {
                        let label = signed_label(&mut ip);
                        let target = (ip.wrapping_offset(label).addr() - start.addr()) as u32;
                        let count = fetch(&mut ip);
                        poll!();
                        sync!();
                        save_ip!(at);
                        self.unwind_jump(frame.handlers as usize, target, count);
                        continue 'frame;
                    }
                    Opcode::EndFinally => {
                        self.handlers.pop();
                        let value = top!();
                        if value.is_none() {
                            sp = sp.wrapping_sub(1);
                        } else if let Some(payload) = value.payload(Class::Unwind) {
                            sp = sp.wrapping_sub(1);
                            sync!();
                            save_ip!(at);
                            if payload == RETURNING {
                                if self.run_finally(&frame) {
                                    continue 'frame;
                                }
                                match self.returned(floor) {
                                    Ok(Some(value)) => return Ok((value, false)),
                                    Ok(None) => continue 'frame,
                                    Err(Raised) => {
                                        self.unwind(floor)?;
                                        continue 'frame;
                                    }
                                }
                            }
                            let target = self.pop().payload(Class::Target).unwrap_or(0);
                            self.unwind_jump(frame.handlers as usize, target as u32, payload as u8);
                            continue 'frame;
                        } else {
                            sync!();
                            self.raise_or_error(value);
                            fault!()
                        }
                    }
                    Opcode::ReturnValue => {
                        sync!();
                        if self.handlers.len() > frame.handlers as usize {
                            save_ip!(at);
                            if self.run_finally(&frame) {
                                continue 'frame;
                            }
                        }
                        match self.returned(floor) {
                            Ok(Some(value)) => return Ok((value, false)),
                            Ok(None) => continue 'frame,
                            Err(Raised) => {
                                self.unwind(floor)?;
                                continue 'frame;
                            }
                        }
                    }
                    Opcode::RaiseLast => {
                        sync!();
                        self.raise_again(frame.handlers as usize);
                        fault!()
                    }
                    Opcode::RaiseObj => {
                        sync!();
                        let value = top!();
                        self.raise_object(value);
                        fault!()
                    }
                    Opcode::RaiseFrom => {
                        sync!();
                        let cause = pop_value!();
                        if !cause.is_none() {
                            self.host
                                .write_err(b"Warning: exception chaining not supported\n");
                        }
                        let value = top!();
                        self.raise_object(value);
                        fault!()
                    }
                    Opcode::YieldValue => {
                        sync!();
                        let offset = (ip.addr() - start.addr()) as u32;
                        match self.yielded(floor, offset) {
                            Ok(Some(value)) => return Ok((value, true)),
                            Ok(None) => continue 'frame,
                            Err(Raised) => fault!(),
                        }
                    }
                    Opcode::YieldFrom => {
                        let sent = top!();
                        let iterator = take(sp.wrapping_sub(2)).unwrap_or(Value::NONE);
                        settle!();
                        if let Some(generator) = self.sendable(iterator, sent) {
                            sp = sp.wrapping_sub(1);
                            sync!();
                            save_ip!(at);
                            let result = self.stack.len();
                            attempt!(self.push_generator(
                                generator,
                                sent,
                                result,
                                Purpose::YieldFrom
                            ));
                            continue 'frame;
                        }
                        match self.send_to(iterator, sent) {
                            Ok((Some(value), _)) => {
                                set_top!(value);
                                let offset = (at.addr() - start.addr()) as u32 - 1;
                                match self.yielded(floor, offset) {
                                    Ok(Some(value)) => return Ok((value, true)),
                                    Ok(None) => continue 'frame,
                                    Err(Raised) => fault!(),
                                }
                            }
                            Ok((None, value)) => {
                                sp = sp.wrapping_sub(1);
                                set_top!(value);
                            }
                            Err(Raised) => {
                                sp = sp.wrapping_sub(2);
                                fault!()
                            }
                        }
                    }
                    Opcode::ImportName => {
                        let name = string!();
                        settle!();
                        let wanted = top!();
                        let level = take(sp.wrapping_sub(2)).unwrap_or(Value::NONE);
                        let own = self
                            .builtins
                            .and_then(|dict| self.get_name(dict, crate::names::__import__));
                        let module = match own {
                            None => attempt!(self.import_name(name, wanted, level, frame.globals)),
                            Some(own) => {
                                let globals = frame.globals.value();
                                let locals = frame.locals.value();
                                attempt!(self.call(
                                    own,
                                    &[Value::qstr(name), globals, locals, wanted, level]
                                ))
                            }
                        };
                        sp = sp.wrapping_sub(1);
                        set_top!(module);
                    }
                    Opcode::ImportFrom => {
                        let name = string!();
                        sync!();
                        let module = top!();
                        let value = attempt!(self.import_from(module, name));
                        push!(Some(value));
                    }
                    Opcode::ImportStar => {
                        sync!();
                        let module = top!();
                        attempt!(self.import_star(module, frame.locals));
                        sp = sp.wrapping_sub(1);
                    }
                }
            }
        }
    }

    /// Where the parts of a code object are.
    fn view(&self, code: Ref<Code>) -> View {
        let body = &self.heap[code];
        let context = &self.heap[body.context];
        View {
            code: self.heap.tail(context.blob)[body.opcodes as usize..].as_ptr(),
            strings: context.strings.as_ptr(),
            constants: context.constants.as_ptr(),
        }
    }

    /// A slice that is used at once by a built-in type: does it without making a slice object. `None` if it is
    /// not such a case; otherwise the item, or no item after a store.
    fn slice_in_place(
        &mut self,
        next: u8,
        sp: Sp,
        start: Value,
        stop: Value,
        step: Value,
    ) -> Option<Result<Option<Value>>> {
        let object = take(sp.wrapping_sub(2))?;
        if !self.slices_in_place(object) {
            return None;
        }
        if next == Opcode::LoadSubscr.byte() {
            return Some(self.get_slice(object, start, stop, step).map(Some));
        }
        if next == Opcode::StoreSubscr.byte() {
            let value = take(sp.wrapping_sub(3));
            return Some(
                self.set_slice(object, start, stop, step, value)
                    .map(|()| None),
            );
        }
        None
    }
}

/// Raw pointers into one code object.
struct View {
    code: Ip,
    strings: *const Qstr,
    constants: *const Value,
}

#[inline]
fn take(slot: Sp) -> Option<Value> {
    // SAFETY: the verifier keeps the stack pointer within the frame, and every word there is initialised.
    unsafe { slot.read() }
}

#[inline]
fn put(slot: Sp, value: Option<Value>) {
    // SAFETY: as in `take`; room for the frame was checked when it was pushed.
    unsafe { slot.write(value) }
}

#[inline]
fn fetch(ip: &mut Ip) -> u8 {
    // SAFETY: the verifier has decoded every instruction; a return or a jump ends the code.
    let byte = unsafe { ip.read() };
    *ip = ip.wrapping_add(1);
    byte
}

#[inline]
fn uint(ip: &mut Ip) -> usize {
    let first = fetch(ip);
    let mut value = usize::from(first & 0x7f);
    let mut byte = first;
    while byte & 0x80 != 0 {
        byte = fetch(ip);
        value = value << 7 | usize::from(byte & 0x7f);
    }
    value
}

#[inline]
fn int(ip: &mut Ip) -> i64 {
    let mut byte = fetch(ip);
    let mut value: i64 = if byte & 0x40 != 0 { -1 } else { 0 };
    loop {
        value = value << 7 | i64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return value;
        }
        byte = fetch(ip);
    }
}

#[inline]
fn unsigned_label(ip: &mut Ip) -> isize {
    let low = fetch(ip);
    if low & 0x80 == 0 {
        return isize::from(low);
    }
    isize::from(low & 0x7f) | isize::from(fetch(ip)) << 7
}

#[inline]
fn signed_label(ip: &mut Ip) -> isize {
    let low = fetch(ip);
    if low & 0x80 == 0 {
        return isize::from(low) - 0x40;
    }
    (isize::from(low & 0x7f) | isize::from(fetch(ip)) << 7) - 0x4000
}

#[inline]
fn string(table: *const Qstr, index: usize) -> Qstr {
    let slot = table.wrapping_add(index);
    // SAFETY: the verifier has compared the index with the length of the table.
    unsafe { slot.read() }
}

#[inline]
fn constant(table: *const Value, index: usize) -> Value {
    let slot = table.wrapping_add(index);
    // SAFETY: as in `string`.
    unsafe { slot.read() }
}
