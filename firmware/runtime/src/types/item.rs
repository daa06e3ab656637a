//! Numbers as the bytes of array items and `struct` fields.

use crate::raise::Result;
use crate::state::Vm;
use crate::value::Value;

use crate::types::bytes::item_size;

impl Vm<'_> {
    /// The value of an item of a type code; its bytes are little-endian unless `big`.
    pub fn unpack_number(&mut self, typecode: u8, raw: [u8; 8], big: bool) -> Result<Value> {
        let size = item_size(typecode);
        let mut bytes = raw;
        if big {
            bytes[..size].reverse();
        }
        let word = u64::from_le_bytes(bytes);
        let shift = 64 - 8 * size as u32;
        let signed = ((word << shift) as i64) >> shift;
        match typecode {
            0 | b'B' | b'H' | b'I' | b'L' | b'P' | b'c' => self.new_unsigned(word),
            b'Q' => self.new_unsigned(word),
            b'e' => self.new_float(crate::types::float::from_half(word as u16)),
            b'f' => self.new_float(crate::types::float::Real::from(f32::from_bits(word as u32))),
            b'd' => self.new_float(f64::from_bits(word) as crate::types::float::Real),
            _ => self.new_int(signed),
        }
    }

    /// The bytes of a value as an item of a type code, little-endian.
    pub fn pack_number(&mut self, typecode: u8, value: Value) -> Result<[u8; 8]> {
        match typecode {
            b'e' => {
                let number = self.to_float(value)?;
                Ok(u64::from(crate::types::float::to_half(number)).to_le_bytes())
            }
            b'f' => {
                let number = self.to_float(value)?;
                Ok(u64::from(crate::types::float::math::narrow_bits(number)).to_le_bytes())
            }
            b'd' => {
                let number = self.to_float(value)?;
                Ok(crate::types::float::math::wide_bits(number).to_le_bytes())
            }
            _ => {
                let native = self.native_of(value);
                if !self.is_int(native) {
                    let number = self.to_isize(value)?;
                    return Ok((number as i64 as u64).to_le_bytes());
                }
                Ok(self.low_bits(native).to_le_bytes())
            }
        }
    }
}
