//! What `micropython` prints of the heap and of the interned strings.

use crate::native::Args;
use crate::ops::format::{Piece, Sink};
use crate::raise::Result;
use crate::state::Vm;
use crate::value::Value;

fn print_pieces(vm: &mut Vm<'_>, pieces: &[Piece<'_>]) -> Result<()> {
    for &piece in pieces {
        match piece {
            Piece::Text(text) => vm.put(Sink::Out, text)?,
            Piece::Number(number) => vm.put_number(Sink::Out, number)?,
            _ => {}
        }
    }
    Ok(())
}

/// `mem_info(verbose)`
pub(crate) fn mem_info(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let statistics = vm.heap.statistics();
    let history = vm.heap.history();
    let (stack, limit) = (
        vm.stack_len() * size_of::<Value>(),
        vm.stack.limit() * size_of::<Value>(),
    );
    let number = |number: usize| Piece::Number(number as isize);
    print_pieces(
        vm,
        &[
            Piece::Text(b"mem: total="),
            number(history.total),
            Piece::Text(b", current="),
            number(history.current),
            Piece::Text(b", peak="),
            number(history.peak),
            Piece::Text(b"\nstack: "),
            number(stack),
            Piece::Text(b" out of "),
            number(limit),
            Piece::Text(b"\nGC: total: "),
            number(statistics.total),
            Piece::Text(b", used: "),
            number(statistics.used),
            Piece::Text(b", free: "),
            number(statistics.total - statistics.used),
            Piece::Text(b"\n No. of 1-blocks: "),
            number(statistics.one_blocks),
            Piece::Text(b", 2-blocks: "),
            number(statistics.two_blocks),
            Piece::Text(b", max blk sz: "),
            number(statistics.longest_used),
            Piece::Text(b", max free sz: "),
            number(statistics.longest_free),
            Piece::Text(b"\n"),
        ],
    )?;
    if args.count > 0 {
        print_layout(vm)?;
    }
    Ok(Value::NONE)
}

/// Draws the blocks of the heap, 64 in a line: `h` begins an allocation, `=` goes on, `.` is free.
fn print_layout(vm: &mut Vm<'_>) -> Result<()> {
    vm.put(Sink::Out, b"GC memory layout; from 0:")?;
    let mut line = [0; 64];
    let mut at = 0;
    loop {
        let drawn = vm.heap.draw(at, &mut line);
        if drawn == 0 {
            return vm.put(Sink::Out, b"\n");
        }
        vm.put(Sink::Out, b"\n")?;
        let mut offset = [b'0'; 8];
        for (place, digit) in offset.iter_mut().rev().enumerate() {
            let value = (at * crate::heap::BLOCK) >> (4 * place) & 15;
            *digit = b"0123456789abcdef"[value];
        }
        vm.put(Sink::Out, &offset)?;
        vm.put(Sink::Out, b": ")?;
        vm.put(Sink::Out, &line[..drawn])?;
        at += drawn;
    }
}

/// `qstr_info(verbose)`
pub(crate) fn qstr_info(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let count = vm.interner.len();
    print_pieces(
        vm,
        &[
            Piece::Text(b"qstr pool: n_pool=1, n_qstr="),
            Piece::Number(count as isize),
            Piece::Text(b", n_str_data_bytes="),
            Piece::Number((count * 16) as isize),
            Piece::Text(b", n_total_bytes="),
            Piece::Number((count * 32) as isize),
            Piece::Text(b"\n"),
        ],
    )?;
    if args.count > 0 {
        for number in 0..count {
            let name = vm.interned_at(number);
            vm.put(Sink::Out, b"Q(")?;
            vm.put_value(Sink::Out, Value::qstr(name))?;
            vm.put(Sink::Out, b")\n")?;
        }
    }
    Ok(Value::NONE)
}
