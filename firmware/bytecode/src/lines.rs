//! The line table: bytecode offset to source line.
//!
//! Each entry advances both counters: `0LLBBBBB` (B bytes, L lines) or `1LLLBBBB LLLLLLLL` (the three
//! high bits of L come first). The first line is 1.
//!
//! Source: MicroPython `py/bc.h`, `mp_bytecode_get_source_line`; `py/emitbc.c`.

/// The line of the instruction at `offset` bytes into the opcodes.
///
/// An empty table (code compiled without line numbers) gives 1.
#[must_use]
pub fn line_at(table: &[u8], offset: usize) -> u32 {
    let mut line: u32 = 1;
    let mut rest = offset;
    let mut at = 0;
    while let Some(&first) = table.get(at) {
        let (bytes, lines, len) = if first & 0x80 == 0 {
            (usize::from(first & 0x1f), u32::from(first >> 5), 1)
        } else {
            let Some(&second) = table.get(at + 1) else {
                break;
            };
            (
                usize::from(first & 0xf),
                u32::from(first & 0x70) << 4 | u32::from(second),
                2,
            )
        };
        if rest < bytes {
            break;
        }
        rest -= bytes;
        line = line.saturating_add(lines);
        at += len;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_entries_add_up() {
        // 3 bytes / 1 line, then 4 bytes / 0x123 lines
        let table = [0x23, 0x94, 0x23];
        assert_eq!(line_at(&table, 0), 1);
        assert_eq!(line_at(&table, 3), 2);
        assert_eq!(line_at(&table, 7), 2 + 0x123);
        assert_eq!(line_at(&[], 99), 1);
    }
}
