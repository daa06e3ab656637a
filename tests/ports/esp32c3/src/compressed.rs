//! The instructions of 16 bits, as the instructions of 32 bits that they stand for.
//!
//! Source: "The RISC-V Instruction Set Manual, Volume I", chapter 16 ("C" Standard Extension), for RV32C.

/// What no instruction is.
pub(crate) const ILLEGAL: u32 = 0;

/// Every half-word and what it stands for.
pub(crate) fn table() -> Vec<u32> {
    (0..=u16::MAX).map(|half| expand(u32::from(half))).collect()
}

/// Bit `from` of the half-word, moved to `to`.
fn bit(half: u32, from: u32, to: u32) -> u32 {
    (half >> from & 1) << to
}

/// One of the eight registers that three bits can name.
fn short(half: u32, at: u32) -> u32 {
    8 + (half >> at & 7)
}

/// The low `bits` of a number, with its sign.
pub(crate) fn signed(value: u32, bits: u32) -> u32 {
    ((value << (32 - bits)).cast_signed() >> (32 - bits)).cast_unsigned()
}

fn immediate(value: u32, rs1: u32, function: u32, rd: u32, opcode: u32) -> u32 {
    value << 20 | rs1 << 15 | function << 12 | rd << 7 | opcode
}

fn store(offset: u32, rs2: u32, rs1: u32) -> u32 {
    (offset >> 5 & 127) << 25 | rs2 << 20 | rs1 << 15 | 2 << 12 | (offset & 31) << 7 | 0x23
}

fn registers(function7: u32, rs2: u32, rs1: u32, function: u32, rd: u32) -> u32 {
    function7 << 25 | rs2 << 20 | rs1 << 15 | function << 12 | rd << 7 | 0x33
}

fn jump(offset: u32, rd: u32) -> u32 {
    (offset >> 20 & 1) << 31
        | (offset >> 1 & 0x3ff) << 21
        | (offset >> 11 & 1) << 20
        | (offset >> 12 & 255) << 12
        | rd << 7
        | 0x6f
}

fn branch(offset: u32, rs1: u32, function: u32) -> u32 {
    (offset >> 12 & 1) << 31
        | (offset >> 5 & 63) << 25
        | rs1 << 15
        | function << 12
        | (offset >> 1 & 15) << 8
        | (offset >> 11 & 1) << 7
        | 0x63
}

fn expand(half: u32) -> u32 {
    match half & 3 {
        0 => quadrant0(half),
        1 => quadrant1(half),
        2 => quadrant2(half),
        _ => ILLEGAL,
    }
}

fn quadrant0(half: u32) -> u32 {
    let offset = (half >> 10 & 7) << 3 | bit(half, 6, 2) | bit(half, 5, 6);
    let (rs1, rd) = (short(half, 7), short(half, 2));
    match half >> 13 {
        0 => {
            let value =
                (half >> 11 & 3) << 4 | (half >> 7 & 15) << 6 | bit(half, 6, 2) | bit(half, 5, 3);
            match value {
                0 => ILLEGAL,
                _ => immediate(value, 2, 0, rd, 0x13),
            }
        }
        2 => immediate(offset, rs1, 2, rd, 3),
        6 => store(offset, rd, rs1),
        _ => ILLEGAL,
    }
}

fn quadrant1(half: u32) -> u32 {
    let rd = half >> 7 & 31;
    let small = signed(bit(half, 12, 5) | half >> 2 & 31, 6);
    let far = signed(
        bit(half, 12, 11)
            | bit(half, 11, 4)
            | (half >> 9 & 3) << 8
            | bit(half, 8, 10)
            | bit(half, 7, 6)
            | bit(half, 6, 7)
            | (half >> 3 & 7) << 1
            | bit(half, 2, 5),
        12,
    );
    let near = signed(
        bit(half, 12, 8)
            | (half >> 10 & 3) << 3
            | (half >> 5 & 3) << 6
            | (half >> 3 & 3) << 1
            | bit(half, 2, 5),
        9,
    );
    match half >> 13 {
        0 => immediate(small & 0xfff, rd, 0, rd, 0x13),
        1 => jump(far, 1),
        2 => immediate(small & 0xfff, 0, 0, rd, 0x13),
        3 if rd == 2 => {
            let value = bit(half, 12, 9)
                | bit(half, 6, 4)
                | bit(half, 5, 6)
                | (half >> 3 & 3) << 7
                | bit(half, 2, 5);
            immediate(signed(value, 10) & 0xfff, 2, 0, 2, 0x13)
        }
        3 => small << 12 | rd << 7 | 0x37,
        4 => arithmetic(half, small),
        5 => jump(far, 0),
        6 => branch(near, short(half, 7), 0),
        _ => branch(near, short(half, 7), 1),
    }
}

fn arithmetic(half: u32, small: u32) -> u32 {
    let (rd, rs2, amount) = (short(half, 7), short(half, 2), half >> 2 & 31);
    match (half >> 10 & 3, half >> 12 & 1, half >> 5 & 3) {
        (0, 0, _) => immediate(amount, rd, 5, rd, 0x13),
        (1, 0, _) => immediate(0x400 | amount, rd, 5, rd, 0x13),
        (2, _, _) => immediate(small & 0xfff, rd, 7, rd, 0x13),
        (3, 0, 0) => registers(32, rs2, rd, 0, rd),
        (3, 0, 1) => registers(0, rs2, rd, 4, rd),
        (3, 0, 2) => registers(0, rs2, rd, 6, rd),
        (3, 0, 3) => registers(0, rs2, rd, 7, rd),
        _ => ILLEGAL,
    }
}

fn quadrant2(half: u32) -> u32 {
    let (rd, rs2) = (half >> 7 & 31, half >> 2 & 31);
    match (half >> 13, half >> 12 & 1) {
        (0, 0) => immediate(rs2, rd, 1, rd, 0x13),
        (2, high) => {
            let offset = high << 5 | (half >> 4 & 7) << 2 | (half >> 2 & 3) << 6;
            immediate(offset, 2, 2, rd, 3)
        }
        (4, 0) if rs2 == 0 => immediate(0, rd, 0, 0, 0x67),
        (4, 0) => registers(0, rs2, 0, 0, rd),
        (4, _) if rs2 == 0 && rd == 0 => 0x0010_0073,
        (4, _) if rs2 == 0 => immediate(0, rd, 0, 1, 0x67),
        (4, _) => registers(0, rs2, rd, 0, rd),
        (6, _) => store((half >> 9 & 15) << 2 | (half >> 7 & 3) << 6, rs2, 2),
        _ => ILLEGAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Encodings from the manual's examples and from assembled code: `c.li a0, -1`, `c.addi16sp -64`, `c.swsp`,
    /// `c.jr ra`, `c.mv`, `c.ebreak`, `c.srai`.
    #[test]
    fn short_instructions_stand_for_long_ones() {
        for (half, whole) in [
            (0x557d, 0xfff0_0513),
            (0x7139, 0xfc01_0113),
            (0xde06, 0x0211_2e23),
            (0x8082, 0x0000_8067),
            (0x852e, 0x00b0_0533),
            (0x9002, 0x0010_0073),
            (0x8605, 0x4016_5613),
            (0, ILLEGAL),
        ] {
            assert_eq!(expand(half), whole, "{half:04x}");
        }
    }
}
