//! Appends instructions, and keeps the depth of the stack.
//!
//! Every scope is walked several times ([`Pass`]). The first passes only count: the third knows
//! where each label is if all jumps were long, and from then on a jump is as short as its label
//! allows. The last pass writes, and is repeated until nothing gets shorter. Code after an
//! unconditional jump is left out, up to the next label.
//!
//! The layout is drawn in `upy_bytecode::code`; jumps are in `jump.rs`.

use upy_bytecode::code::{self, Signature};
use upy_bytecode::opcode::Opcode;
use upy_bytecode::operand::{encode_int, encode_uint};
use upy_syntax::arena::List;
use upy_syntax::ast::Literal;
use upy_syntax::constant::Constant;
use upy_syntax::error::{Error, ErrorKind};
use upy_syntax::name::Name;
use upy_syntax::token::Operator;

use crate::compiler::Compiler;
use crate::scope::{Field, IdentifierKind, Role, Scope};

/// What a walk over a scope is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Pass {
    /// Find the names of every scope.
    Scope,
    /// Find the depth of the stack, and where labels are if all jumps are long.
    StackSize,
    /// Find the size of the code.
    CodeSize,
    /// Write the code.
    Emit,
}

/// Values that an iterator takes on the stack.
const ITERATOR_SLOTS: i32 = 4;

/// The code of the scope being walked.
#[derive(Debug)]
pub(crate) struct Emitter {
    pub(crate) pass: Pass,
    /// Whether instructions are left out because nothing leads to them.
    pub(crate) is_dead: bool,
    stack_depth: i32,
    last_line: u32,
    last_line_offset: u32,
    /// Offset of each label, from the start of the instructions.
    pub(crate) labels: List,
    info_offset: u32,
    info_size: u32,
    pub(crate) code_offset: u32,
    code_size: u32,
    buffer_at: u32,
    /// Whether a jump does not fit in its operand.
    pub(crate) is_overflown: bool,
    info_start: u32,
    info_bytes: u32,
    cell_count: u32,
    /// Functions made so far in this pass, and where they are noted.
    child_count: u32,
    children_at: u32,
    /// For each name, one more than its index in the module's table.
    name_indices: List,
    /// The module's table of names.
    pub(crate) name_table: List,
    /// The module's table of constants.
    pub(crate) constant_table: List,
}

impl Emitter {
    pub(crate) const fn new() -> Self {
        Self {
            pass: Pass::Scope,
            is_dead: false,
            stack_depth: 0,
            last_line: 1,
            last_line_offset: 0,
            labels: List::new(),
            info_offset: 0,
            info_size: 0,
            code_offset: 0,
            code_size: 0,
            buffer_at: 0,
            is_overflown: false,
            info_start: 0,
            info_bytes: 0,
            cell_count: 0,
            child_count: 0,
            children_at: 0,
            name_indices: List::new(),
            name_table: List::new(),
            constant_table: List::new(),
        }
    }
}

impl Compiler<'_, '_> {
    /// Starts a walk: the prelude and the names of the parameters.
    pub(crate) fn start_pass(&mut self, pass: Pass, scope: Scope) {
        let emit = &mut self.emit;
        emit.pass = pass;
        emit.stack_depth = 0;
        emit.is_dead = false;
        emit.last_line = 1;
        emit.last_line_offset = 0;
        emit.code_offset = 0;
        emit.info_offset = 0;
        emit.is_overflown = false;
        let child_count = core::mem::take(&mut emit.child_count);
        if pass == Pass::CodeSize {
            self.emit.children_at = self.keep(|arena| arena.alloc(child_count * 4)).unwrap_or(0);
        }
        let get = |field| scope.get(self.arena, field);
        let signature = Signature {
            state_count: (get(Field::Locals) + get(Field::Stack)).max(1),
            handler_count: get(Field::Handlers),
            flags: get(Field::Flags) as u8,
            positional_count: get(Field::Positional),
            keyword_only_count: get(Field::KeywordOnly),
            default_count: get(Field::Defaults),
        };
        signature.write(&mut |byte| self.put_info(&[byte]));
        if pass >= Pass::CodeSize {
            let (info, cells) = (self.emit.info_bytes, self.emit.cell_count);
            code::write_sizes(info, cells, &mut |byte| self.put_info(&[byte]));
        }
        self.emit.info_start = self.emit.info_offset;
        self.put_info_name(scope.name(self.arena));
        for place in 0..signature.positional_count + signature.keyword_only_count {
            let name = (0..scope.identifier_count(self.arena))
                .map(|index| scope.identifier(self.arena, index))
                .find(|identifier| identifier.role != Role::Plain && identifier.place == place)
                .map_or(self.known.star, |identifier| identifier.name);
            self.put_info_name(name);
        }
    }

    /// Ends a walk; false when it must be done again because the code became shorter.
    pub(crate) fn end_pass(&mut self) -> bool {
        if self.emit.pass == Pass::Scope {
            return true;
        }
        self.emit.info_bytes = self.emit.info_offset - self.emit.info_start;
        self.emit.cell_count = 0;
        for index in 0..self.scope.identifier_count(self.arena) {
            let identifier = self.scope.identifier(self.arena, index);
            if identifier.kind == IdentifierKind::Cell {
                let Ok(place) = u8::try_from(identifier.place) else {
                    self.fail(Error::new(ErrorKind::Runtime, "too many locals", 0));
                    return true;
                };
                self.put_info(&[place]);
                self.emit.cell_count += 1;
            }
        }
        let emit = &mut self.emit;
        let (info, code) = (emit.info_offset, emit.code_offset);
        if emit.pass == Pass::CodeSize {
            (emit.info_size, emit.code_size) = (info, code);
            self.emit.buffer_at = self.keep(|arena| arena.alloc(info + code)).unwrap_or(0);
        } else if emit.pass == Pass::Emit {
            if (info, code) != (emit.info_size, emit.code_size) {
                (emit.info_size, emit.code_size) = (info, code);
                return self.has_failed();
            }
            if emit.is_overflown {
                self.fail(Error::new(ErrorKind::Runtime, "bytecode overflow", 0));
            }
            let scope = self.scope;
            scope.set(self.arena, Field::CodeAt, self.emit.buffer_at);
            scope.set(self.arena, Field::CodeLen, info + code);
            scope.set(self.arena, Field::ChildrenAt, self.emit.children_at);
            scope.set(self.arena, Field::ChildCount, self.emit.child_count);
        }
        true
    }

    fn put_info(&mut self, bytes: &[u8]) {
        let emit = &mut self.emit;
        let len = bytes.len() as u32;
        if emit.pass == Pass::Emit
            && emit.info_offset + len <= emit.info_size
            && self.error.is_none()
        {
            let at = emit.buffer_at + emit.info_offset;
            self.arena.bytes_mut(at, len).copy_from_slice(bytes);
        }
        emit.info_offset += len;
    }

    fn put_info_name(&mut self, name: Name) {
        let index = self.name_index(name);
        self.put_info(encode_uint(u64::from(index)).as_bytes());
    }

    pub(crate) fn put(&mut self, bytes: &[u8]) {
        let emit = &mut self.emit;
        if emit.is_dead {
            return;
        }
        let len = bytes.len() as u32;
        if emit.pass == Pass::Emit
            && emit.code_offset + len <= emit.code_size
            && self.error.is_none()
        {
            let at = emit.buffer_at + emit.info_size + emit.code_offset;
            self.arena.bytes_mut(at, len).copy_from_slice(bytes);
        }
        emit.code_offset += len;
    }

    /// The index of `name` in the module's table, added if need be.
    pub(crate) fn name_index(&mut self, name: Name) -> u32 {
        let slot = u32::from(name.0);
        let mut indices = self.emit.name_indices;
        self.keep(|arena| indices.lengthen(arena, slot + 1));
        self.emit.name_indices = indices;
        if self.has_failed() {
            return 0;
        }
        let known = self.emit.name_indices.get(self.arena, slot);
        if known != 0 {
            return known - 1;
        }
        let mut table = self.emit.name_table;
        self.keep(|arena| table.push(arena, slot));
        self.emit.name_table = table;
        self.emit.name_indices.set(self.arena, slot, table.len());
        table.len().saturating_sub(1)
    }

    /// The index of `constant` in the module's table, added if no equal one is there.
    fn constant_index(&mut self, constant: Constant) -> u32 {
        let mut table = self.emit.constant_table;
        for index in 0..table.len() {
            let known = Constant(table.get(self.arena, index));
            if known.is_same(constant, self.arena, self.names) {
                return index;
            }
        }
        self.keep(|arena| table.push(arena, constant.0));
        self.emit.constant_table = table;
        table.len().saturating_sub(1)
    }

    /// The index of the function made from `scope` among those made in the current scope.
    fn child_index(&mut self, scope: Scope) -> u32 {
        let index = self.emit.child_count;
        if self.emit.pass == Pass::Emit && !self.has_failed() {
            self.arena
                .set_word(self.emit.children_at + index * 4, scope.0);
        }
        self.emit.child_count += 1;
        index
    }

    pub(crate) fn adjust_stack(&mut self, difference: i32) {
        if self.emit.pass == Pass::Scope {
            return;
        }
        self.emit.stack_depth += difference;
        let depth = self.emit.stack_depth.max(0) as u32;
        if depth > self.scope.get(self.arena, Field::Stack) {
            self.scope.set(self.arena, Field::Stack, depth);
        }
    }

    /// Notes that what follows comes from `line`; lines never go back.
    pub(crate) fn set_line(&mut self, line: u32) {
        if self.options.opt_level >= 3 || !self.options.source_lines || line <= self.emit.last_line
        {
            return;
        }
        let mut bytes = self.emit.code_offset - self.emit.last_line_offset;
        let mut lines = line - self.emit.last_line;
        while bytes > 0 || lines > 0 {
            if lines <= 6 || bytes > 0xf {
                let step = bytes.min(0x1f);
                // All bytes are skipped before the first line is.
                let line_step = if step < bytes { 0 } else { lines.min(3) };
                self.put_info(&[(step | line_step << 5) as u8]);
                (bytes, lines) = (bytes - step, lines - line_step);
            } else {
                let step = bytes.min(0xf);
                let line_step = lines.min(0x7ff);
                self.put_info(&[
                    (0x80 | step | (line_step >> 4 & 0x70)) as u8,
                    line_step as u8,
                ]);
                (bytes, lines) = (bytes - step, lines - line_step);
            }
        }
        self.emit.last_line_offset = self.emit.code_offset;
        self.emit.last_line = line;
    }

    /// An instruction without operand.
    pub(crate) fn op(&mut self, opcode: Opcode, stack: i32) {
        self.adjust_stack(stack);
        self.put(&[opcode.byte()]);
    }

    /// An instruction whose operand is part of its byte.
    fn op_with(&mut self, opcode: Opcode, number: u8, stack: i32) {
        self.adjust_stack(stack);
        self.put(&[opcode.byte() + number]);
    }

    /// An instruction with an unsigned operand.
    pub(crate) fn op_uint(&mut self, opcode: Opcode, operand: u32, stack: i32) {
        self.op(opcode, stack);
        self.put(encode_uint(u64::from(operand)).as_bytes());
    }

    /// An instruction with a name.
    pub(crate) fn op_name(&mut self, opcode: Opcode, name: Name, stack: i32) {
        let index = self.name_index(name);
        self.op_uint(opcode, index, stack);
    }

    pub(crate) fn load_small(&mut self, value: i64) {
        if let Ok(number) = u8::try_from(value + 16)
            && number < 64
        {
            self.op_with(Opcode::LoadConstSmallIntMulti, number, 1);
        } else {
            self.op(Opcode::LoadConstSmallInt, 1);
            self.put(encode_int(value).as_bytes());
        }
    }

    pub(crate) fn load_constant(&mut self, constant: Constant) {
        let index = self.constant_index(constant);
        self.op_uint(Opcode::LoadConstObj, index, 1);
    }

    pub(crate) fn load_literal(&mut self, literal: Literal) {
        match literal {
            Literal::False => self.op(Opcode::LoadConstFalse, 1),
            Literal::None => self.load_none(),
            Literal::True => self.op(Opcode::LoadConstTrue, 1),
            _ => {
                if let Some(constant) = self.keep(|arena| Constant::literal(arena, literal)) {
                    self.load_constant(constant);
                }
            }
        }
    }

    pub(crate) fn load_none(&mut self) {
        self.op(Opcode::LoadConstNone, 1);
    }

    pub(crate) fn load_null(&mut self) {
        self.op(Opcode::LoadNull, 1);
    }

    pub(crate) fn load_string(&mut self, name: Name) {
        self.op_name(Opcode::LoadConstString, name, 1);
    }

    pub(crate) fn load_global(&mut self, name: Name) {
        self.op_name(Opcode::LoadGlobal, name, 1);
    }

    pub(crate) fn load_fast(&mut self, place: u32) {
        if place < 16 {
            self.op_with(Opcode::LoadFastMulti, place as u8, 1);
        } else {
            self.op_uint(Opcode::LoadFastN, place, 1);
        }
    }

    /// What `name` is in the current scope, once all scopes are known.
    fn resolve(&self, name: Name) -> (IdentifierKind, u32) {
        self.scope
            .find(self.arena, name)
            .map_or((IdentifierKind::GlobalImplicit, 0), |index| {
                let identifier = self.scope.identifier(self.arena, index);
                (identifier.kind, identifier.place)
            })
    }

    pub(crate) fn load_name(&mut self, name: Name) {
        if self.emit.pass == Pass::Scope {
            self.find_or_add(self.scope, name, IdentifierKind::GlobalImplicit);
            return;
        }
        match self.resolve(name) {
            (IdentifierKind::GlobalExplicit, _) => self.load_global(name),
            (IdentifierKind::Local, place) => self.load_fast(place),
            (kind, place) if kind.is_captured() => self.op_uint(Opcode::LoadDeref, place, 1),
            _ => self.op_name(Opcode::LoadName, name, 1),
        }
    }

    pub(crate) fn store_name(&mut self, name: Name) {
        if self.emit.pass == Pass::Scope {
            self.note_assigned(self.scope, name);
            return;
        }
        match self.resolve(name) {
            (IdentifierKind::GlobalExplicit, _) => self.op_name(Opcode::StoreGlobal, name, -1),
            (IdentifierKind::Local, place) if place < 16 => {
                self.op_with(Opcode::StoreFastMulti, place as u8, -1);
            }
            (IdentifierKind::Local, place) => self.op_uint(Opcode::StoreFastN, place, -1),
            (kind, place) if kind.is_captured() => self.op_uint(Opcode::StoreDeref, place, -1),
            _ => self.op_name(Opcode::StoreName, name, -1),
        }
    }

    pub(crate) fn delete_name(&mut self, name: Name) {
        if self.emit.pass == Pass::Scope {
            self.note_assigned(self.scope, name);
            return;
        }
        match self.resolve(name) {
            (IdentifierKind::GlobalExplicit, _) => self.op_name(Opcode::DeleteGlobal, name, 0),
            (IdentifierKind::Local, place) => self.op_uint(Opcode::DeleteFast, place, 0),
            (kind, place) if kind.is_captured() => self.op_uint(Opcode::DeleteDeref, place, 0),
            _ => self.op_name(Opcode::DeleteName, name, 0),
        }
    }

    pub(crate) fn pop_top(&mut self) {
        self.op(Opcode::PopTop, -1);
    }

    pub(crate) fn dup_top(&mut self) {
        self.op(Opcode::DupTop, 1);
    }

    pub(crate) fn dup_top_two(&mut self) {
        self.op(Opcode::DupTopTwo, 2);
    }

    pub(crate) fn rot_two(&mut self) {
        self.op(Opcode::RotTwo, 0);
    }

    pub(crate) fn rot_three(&mut self) {
        self.op(Opcode::RotThree, 0);
    }

    pub(crate) fn load_subscript(&mut self) {
        self.op(Opcode::LoadSubscr, -1);
    }

    pub(crate) fn store_subscript(&mut self) {
        self.op(Opcode::StoreSubscr, -3);
    }

    pub(crate) fn delete_subscript(&mut self) {
        self.load_null();
        self.rot_three();
        self.store_subscript();
    }

    pub(crate) fn load_attribute(&mut self, name: Name) {
        self.op_name(Opcode::LoadAttr, name, 0);
    }

    pub(crate) fn store_attribute(&mut self, name: Name) {
        self.op_name(Opcode::StoreAttr, name, -2);
    }

    pub(crate) fn delete_attribute(&mut self, name: Name) {
        self.load_null();
        self.rot_two();
        self.store_attribute(name);
    }

    pub(crate) fn load_method(&mut self, name: Name) {
        self.op_name(Opcode::LoadMethod, name, 1);
    }

    pub(crate) fn unary(&mut self, operator: Operator) {
        self.op_with(Opcode::UnaryOpMulti, operator.0, 0);
    }

    pub(crate) fn binary(&mut self, operator: Operator) {
        let (operator, is_inverted) = match operator {
            Operator::NOT_IN => (Operator::IN, true),
            Operator::IS_NOT => (Operator::IS, true),
            _ => (operator, false),
        };
        self.op_with(Opcode::BinaryOpMulti, operator.0, -1);
        if is_inverted {
            self.unary(Operator::NOT);
        }
    }

    /// Makes a tuple, list, set or slice of the values on the stack.
    pub(crate) fn build(&mut self, opcode: Opcode, count: u32) {
        self.op_uint(opcode, count, 1 - count as i32);
    }

    pub(crate) fn build_map(&mut self, count: u32) {
        self.op_uint(Opcode::BuildMap, count, 1);
    }

    pub(crate) fn store_map(&mut self) {
        self.op(Opcode::StoreMap, -2);
    }

    pub(crate) fn get_iterator(&mut self) {
        self.op(Opcode::GetIter, 0);
    }

    /// Replaces the top by its iterator, in as many slots as one needs.
    pub(crate) fn get_iterator_on_stack(&mut self) {
        self.op(Opcode::GetIterStack, ITERATOR_SLOTS - 1);
    }

    pub(crate) fn end_for_iterator(&mut self) {
        self.adjust_stack(-ITERATOR_SLOTS);
    }

    /// Makes a function of `scope`, which captures as many values as are on the stack.
    pub(crate) fn make_function(&mut self, scope: Scope, captured: u32, has_defaults: bool) {
        let (plain, with_defaults) = match captured {
            0 => (Opcode::MakeFunction, Opcode::MakeFunctionDefargs),
            _ => (Opcode::MakeClosure, Opcode::MakeClosureDefargs),
        };
        let index = self.child_index(scope);
        let taken = captured as i32;
        if has_defaults {
            self.op_uint(with_defaults, index, -1 - taken);
        } else {
            self.op_uint(plain, index, 1 - taken);
        }
        if captured > 0 {
            let Ok(captured) = u8::try_from(captured) else {
                self.fail(Error::new(
                    ErrorKind::Runtime,
                    "too many captured variables",
                    0,
                ));
                return;
            };
            self.put(&[captured]);
        }
    }

    /// Calls a function, or a method with `is_method`, with the arguments on the stack.
    pub(crate) fn call(
        &mut self,
        is_method: bool,
        positional: u32,
        keyword: u32,
        is_starred: bool,
    ) {
        let opcode = match (is_method, is_starred) {
            (false, false) => Opcode::CallFunction,
            (false, true) => Opcode::CallFunctionVarKw,
            (true, false) => Opcode::CallMethod,
            (true, true) => Opcode::CallMethodVarKw,
        };
        let taken = positional + 2 * keyword + u32::from(is_starred) + u32::from(is_method);
        self.op_uint(opcode, keyword << 8 | positional, -(taken as i32));
    }

    pub(crate) fn return_value(&mut self) {
        self.op(Opcode::ReturnValue, -1);
        self.emit.is_dead = true;
    }

    pub(crate) fn raise(&mut self, opcode: Opcode, values: i32) {
        self.op(opcode, -values);
        self.emit.is_dead = true;
    }

    pub(crate) fn yield_value(&mut self) {
        self.op(Opcode::YieldValue, 0);
        self.scope.set_flag(self.arena, code::FLAG_GENERATOR);
    }

    /// Delegates to the iterable on the top of the stack.
    pub(crate) fn yield_from(&mut self) {
        self.get_iterator();
        self.load_none();
        self.op(Opcode::YieldFrom, -1);
        self.scope.set_flag(self.arena, code::FLAG_GENERATOR);
    }
}
