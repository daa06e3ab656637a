//! Folding while the tree is built: arithmetic, logic, tuples, and names declared with `const()`.

use super::{Failed, Mode, Parse, Parser};
use crate::arena::OutOfMemory;
use crate::ast::{Kind, Leaf, Literal, Node};
use crate::constant::fold;
use crate::constant::integer::Integer;
use crate::constant::number::{Number, constant_node, fits};
use crate::constant::{Constant, DEEPEST_TUPLE};
use crate::error::Error;
use crate::token::Operator;

/// The numbers of the module `math`.
const MATH: [(&str, f64); 5] = [
    ("e", core::f64::consts::E),
    ("pi", core::f64::consts::PI),
    ("tau", core::f64::consts::TAU),
    ("inf", f64::INFINITY),
    ("nan", f64::NAN),
];

impl Parser<'_, '_> {
    /// Whether `node` is a constant.
    fn is_constant(&self, node: Node) -> bool {
        match node.leaf(self.arena) {
            Leaf::Small(_) | Leaf::String(_) | Leaf::Branch(Kind::Constant) => true,
            Leaf::Literal(literal) => !matches!(literal, Literal::Newline | Literal::Star),
            Leaf::Branch(Kind::Paren) => node.child(self.arena, 0).is_none(),
            _ => false,
        }
    }

    /// The truth of `node`, if it is a constant.
    fn truth(&self, node: Node) -> Option<bool> {
        truth_of(self.arena, self.names, node)
    }

    /// The constant that `node` is; [`Parser::is_constant`] holds.
    fn constant(&mut self, node: Node) -> Result<Constant, Failed> {
        Ok(match node.leaf(self.arena) {
            Leaf::Small(value) => {
                let value = Integer::from_i64(self.arena, value)
                    .map_err(|_| OutOfMemory { len_bytes: 8 })?;
                Constant::integer(self.arena, value)?
            }
            Leaf::String(name) => Constant::name(self.arena, name)?,
            Leaf::Literal(literal) => Constant::literal(self.arena, literal)?,
            Leaf::Branch(Kind::Constant) => Constant(node.raw_child(self.arena, 0)),
            _ => Constant::tuple(self.arena, 0)?,
        })
    }

    /// `or` and `and`: leaves out what cannot matter. True when one operand remains.
    pub(super) fn reduce_logical(&mut self, is_or: bool, height: u32) -> Result<bool, Failed> {
        let count = self.height() - height;
        let mut kept = 0;
        for index in 0..count {
            let node = Node(self.stack.get(self.arena, height + index));
            self.stack.set(self.arena, height + kept, node.0);
            match self.truth(node) {
                // The rest is never reached.
                Some(truth) if truth == is_or => {
                    kept += 1;
                    break;
                }
                Some(_) if index + 1 < count => {}
                _ => kept += 1,
            }
        }
        self.stack.truncate(height + kept);
        Ok(kept == 1)
    }

    /// `not`: true when the operand on the stack was replaced by its opposite.
    pub(super) fn reduce_not(&mut self) -> Result<bool, Failed> {
        let Some(truth) = self.truth(self.peek(0)) else {
            return Ok(false);
        };
        self.pop();
        let opposite = if truth { Literal::False } else { Literal::True };
        self.push(Node::literal(opposite))?;
        Ok(true)
    }

    /// A chain of binary operators, which are `operator` or stand between the operands. True when
    /// it was replaced by its value.
    pub(super) fn reduce_chain(
        &mut self,
        operator: Option<Operator>,
        height: u32,
    ) -> Result<bool, Failed> {
        let mark = self.arena.mark();
        let Some(value) = self.chain_value(operator, height) else {
            self.arena.release(mark);
            return Ok(false);
        };
        let small = match value {
            Number::Integer(integer) => integer.to_i64(self.arena),
            Number::Float(_) => None,
        };
        if small.is_some() || matches!(value, Number::Float(_)) {
            self.arena.release(mark);
        }
        if let Some(small) = small
            && fits(small, self.options.small_integer_bits)
        {
            let node = Node::small(self.arena, small)?;
            self.stack.truncate(height);
            self.push(node)?;
            return Ok(true);
        }
        let value = match small {
            Some(small) => Number::Integer(
                Integer::from_i64(self.arena, small).map_err(|_| OutOfMemory { len_bytes: 8 })?,
            ),
            None => value,
        };
        self.replace_by(value, height)?;
        Ok(true)
    }

    fn chain_value(&mut self, operator: Option<Operator>, height: u32) -> Option<Number> {
        let count = self.height() - height;
        let step = if operator.is_some() { 1 } else { 2 };
        let mut value = self.number_at(height)?;
        let mut index = step;
        while index < count {
            let right = self.number_at(height + index)?;
            let operator = match operator {
                Some(operator) => operator,
                None => Node(self.stack.get(self.arena, height + index - 1)).as_operator()?,
            };
            value = fold::binary(self.arena, operator, value, right).ok()?;
            index += step;
        }
        Some(value)
    }

    fn number_at(&mut self, place: u32) -> Option<Number> {
        let node = Node(self.stack.get(self.arena, place));
        Number::of(node, self.arena).ok()?
    }

    /// A unary operator and its operand. True when they were replaced by their value.
    pub(super) fn reduce_unary(&mut self, height: u32) -> Result<bool, Failed> {
        let operator = self.peek(1).as_operator();
        let value = self.number_at(height + 1);
        let (Some(operator), Some(value)) = (operator, value) else {
            return Ok(false);
        };
        let Ok(Some(value)) = fold::unary(self.arena, operator, value) else {
            return Ok(false);
        };
        self.replace_by(value, height)?;
        Ok(true)
    }

    /// Puts `value` in the place of the nodes above `height`.
    fn replace_by(&mut self, value: Number, height: u32) -> Parse {
        let node = value.to_node(self.arena, 0, self.options.small_integer_bits)?;
        self.stack.truncate(height);
        self.push(node)
    }

    /// `math.pi` and the like; the two nodes on the stack are subject and trailer.
    // Kept out of the functions that recurse, for the sake of their stack frames.
    #[inline(never)]
    pub(super) fn reduce_module_constant(&mut self) -> Result<bool, Failed> {
        let (subject, trailer) = (self.peek(1), self.peek(0));
        if subject.as_name() != Some(self.math_name) || !trailer.is(self.arena, Kind::Attribute) {
            return Ok(false);
        }
        let Some(name) = trailer.child(self.arena, 0).as_name() else {
            return Ok(false);
        };
        let text = self.names.text(self.arena, name);
        let Some((_, value)) = MATH.iter().find(|(known, _)| known.as_bytes() == text) else {
            return Ok(false);
        };
        // All uses of `math.nan` are one constant, though it is equal to nothing.
        let constant = match (value.is_nan(), self.nan) {
            (true, Some(known)) => known,
            _ => Constant::float(self.arena, *value)?,
        };
        if value.is_nan() {
            self.nan = Some(constant);
        }
        let node = constant_node(self.arena, 0, constant)?;
        self.pop();
        self.pop();
        self.push(node)?;
        Ok(true)
    }

    /// Makes the nodes above `height` one constant if all are constants.
    pub(super) fn reduce_tuple(&mut self, line: u32, height: u32) -> Result<bool, Failed> {
        let count = self.height() - height;
        for index in 0..count {
            let node = Node(self.stack.get(self.arena, height + index));
            if !self.is_constant(node) {
                return Ok(false);
            }
        }
        let tuple = Constant::tuple(self.arena, count)?;
        for index in 0..count {
            let node = Node(self.stack.get(self.arena, height + index));
            let item = self.constant(node)?;
            if item.depth(self.arena) >= DEEPEST_TUPLE {
                return Ok(false);
            }
            tuple.set_item(self.arena, index, item);
        }
        self.stack.truncate(height);
        let node = constant_node(self.arena, line, tuple)?;
        self.push(node)?;
        Ok(true)
    }

    /// The same for the items of the list node on the stack.
    pub(super) fn reduce_list(&mut self) -> Parse {
        let node = self.peek(0);
        let count = node.count(self.arena);
        if !(0..count).all(|index| self.is_constant(node.child(self.arena, index))) {
            return Ok(());
        }
        let (line, height) = (node.line(self.arena), self.height());
        for index in 0..count {
            self.push(node.child(self.arena, index))?;
        }
        if self.reduce_tuple(line, height)? {
            let tuple = self.pop();
            self.pop();
            return self.push(tuple);
        }
        self.stack.truncate(height);
        Ok(())
    }

    /// A statement that is only a constant, such as a doc string, does nothing. The two nodes on
    /// the stack are what is left and right of the assignment.
    pub(super) fn reduce_lonely_constant(&mut self, line: u32) -> Result<bool, Failed> {
        if self.options.mode == Mode::Single || !self.peek(0).is_none() {
            return Ok(false);
        }
        let is_constant = match self.peek(1).leaf(self.arena) {
            Leaf::Name(_) | Leaf::Nothing => false,
            Leaf::Branch(kind) => kind == Kind::Constant,
            _ => true,
        };
        if is_constant {
            self.pop();
            self.pop();
            let height = self.height();
            self.build(Kind::Pass, line, height)?;
        }
        Ok(is_constant)
    }

    /// `name = const(value)`: remembers the value. True when the assignment is left out altogether,
    /// because the name is private to the module.
    pub(super) fn reduce_const_assignment(&mut self) -> Result<bool, Failed> {
        let (target, mut right) = (self.peek(1), self.peek(0));
        let Some(name) = target.as_name() else {
            return Ok(false);
        };
        if right.is(self.arena, Kind::Annotation) {
            right = right.child(self.arena, 1);
        }
        if !right.is(self.arena, Kind::Primary)
            || right.count(self.arena) != 2
            || right.child(self.arena, 0).as_name() != Some(self.const_name)
            || !right.child(self.arena, 1).is(self.arena, Kind::Call)
        {
            return Ok(false);
        }
        let call = right.child(self.arena, 1);
        let value = call.child(self.arena, 0);
        if call.count(self.arena) != 1 || !self.is_constant(value) {
            let line = right.line(self.arena);
            return Err(self.fail(Error::syntax("not a constant", line)));
        }
        let constant = self.constant(value)?;
        self.constants.push(self.arena, u32::from(name.0))?;
        self.constants.push(self.arena, constant.0)?;
        self.pop();
        if self.names.text(self.arena, name).first() == Some(&b'_') {
            self.pop();
            let height = self.height();
            self.build(Kind::Pass, 0, height)?;
            return Ok(true);
        }
        self.push(value)?;
        Ok(false)
    }
}

/// The truth of `node`, if it is a constant.
pub fn truth_of(
    arena: &crate::arena::Arena<'_>,
    names: &crate::name::Names,
    node: Node,
) -> Option<bool> {
    match node.leaf(arena) {
        Leaf::Small(value) => Some(value != 0),
        Leaf::String(name) => Some(!names.text(arena, name).is_empty()),
        Leaf::Literal(Literal::True | Literal::Ellipsis) => Some(true),
        Leaf::Literal(Literal::False | Literal::None) => Some(false),
        Leaf::Branch(Kind::Constant) => {
            Some(Constant(node.raw_child(arena, 0)).is_true(arena, names))
        }
        Leaf::Branch(Kind::Paren) if node.child(arena, 0).is_none() => Some(false),
        _ => None,
    }
}
