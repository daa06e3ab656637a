//! Pixels of every format in a buffer of bytes.

pub(super) const MONO_VLSB: isize = 0;
pub(super) const RGB565: isize = 1;
pub(super) const GS4_HMSB: isize = 2;
pub(super) const MONO_HLSB: isize = 3;
pub(super) const MONO_HMSB: isize = 4;
pub(super) const GS2_HMSB: isize = 5;
pub(super) const GS8: isize = 6;

/// The shape of a picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) width: isize,
    pub(super) height: isize,
    /// Pixels from one line to the next.
    pub(super) stride: isize,
    pub(super) format: isize,
}

impl Shape {
    /// The shape with these measures, and how many bytes it takes; `None` if there is no such.
    pub(super) fn new(
        width: isize,
        height: isize,
        stride: isize,
        format: isize,
    ) -> Option<(Self, usize)> {
        if !(1..=0xffff).contains(&width) || !(1..=0xffff).contains(&height) {
            return None;
        }
        if !(width..=0xffff).contains(&stride) {
            return None;
        }
        let (bits, stride) = match format {
            MONO_VLSB => (1, stride),
            MONO_HLSB | MONO_HMSB => (1, round_up(stride, 8)),
            GS2_HMSB => (2, round_up(stride, 4)),
            GS4_HMSB => (4, round_up(stride, 2)),
            GS8 => (8, stride),
            RGB565 => (16, stride),
            _ => return None,
        };
        let shape = Shape {
            width,
            height,
            stride,
            format,
        };
        // The last line, or row of lines, ends at the width.
        let lines = if format == MONO_VLSB {
            (height - 1) / 8
        } else {
            height - 1
        };
        let last = match format {
            MONO_VLSB => width * 8,
            MONO_HLSB | MONO_HMSB => round_up(width, 8),
            GS2_HMSB => round_up(width, 4),
            GS4_HMSB => round_up(width, 2),
            _ => width,
        };
        let rows = if format == MONO_VLSB {
            lines * stride * 8
        } else {
            lines * stride
        };
        Some((shape, ((rows + last) * bits / 8) as usize))
    }

    /// Where a pixel lies: the first byte, the shift in it, and the mask of its bits.
    fn place(self, x: isize, y: isize) -> (usize, u32, u32) {
        let linear = y * self.stride + x;
        let (byte, shift, mask) = match self.format {
            MONO_VLSB => ((y >> 3) * self.stride + x, y & 7, 1),
            MONO_HLSB => (linear >> 3, 7 - (linear & 7), 1),
            MONO_HMSB => (linear >> 3, linear & 7, 1),
            GS2_HMSB => (linear >> 2, (linear & 3) * 2, 3),
            GS4_HMSB => (linear >> 1, (1 - (linear & 1)) * 4, 15),
            GS8 => (linear, 0, 0xff),
            _ => (linear * 2, 0, 0xffff),
        };
        (byte as usize, shift as u32, mask)
    }

    fn contains(self, x: isize, y: isize) -> bool {
        (0..self.width).contains(&x) && (0..self.height).contains(&y)
    }
}

fn round_up(number: isize, unit: isize) -> isize {
    (number + unit - 1) / unit * unit
}

/// A picture: its shape and its bytes.
pub(super) struct Pixels<'b> {
    pub(super) shape: Shape,
    pub(super) bytes: &'b mut [u8],
}

/// The pixel at a place, if it lies inside.
pub(super) fn get(shape: Shape, bytes: &[u8], x: isize, y: isize) -> Option<u32> {
    if !shape.contains(x, y) {
        return None;
    }
    let (at, shift, mask) = shape.place(x, y);
    if shape.format == RGB565 {
        let pair = bytes.get(at..at + 2)?;
        return Some(u32::from(u16::from_le_bytes([pair[0], pair[1]])));
    }
    Some(u32::from(*bytes.get(at)?) >> shift & mask)
}

impl Pixels<'_> {
    pub(super) fn get(&self, x: isize, y: isize) -> Option<u32> {
        get(self.shape, self.bytes, x, y)
    }

    /// Sets a pixel; one outside is passed over.
    pub(super) fn set(&mut self, x: isize, y: isize, colour: u32) {
        if !self.shape.contains(x, y) {
            return;
        }
        let (at, shift, mask) = self.shape.place(x, y);
        if self.shape.format == RGB565 {
            if let Some(pair) = self.bytes.get_mut(at..at + 2) {
                pair.copy_from_slice(&(colour as u16).to_le_bytes());
            }
        } else if let Some(byte) = self.bytes.get_mut(at) {
            let value = if mask == 1 {
                u32::from(colour != 0)
            } else {
                colour & mask
            };
            *byte = *byte & !((mask << shift) as u8) | (value << shift) as u8;
        }
    }

    /// Fills a rectangle, as far as it lies inside.
    pub(super) fn fill(&mut self, x: isize, y: isize, width: isize, height: isize, colour: u32) {
        let (left, top) = (x.max(0), y.max(0));
        let right = x.saturating_add(width).min(self.shape.width);
        let bottom = y.saturating_add(height).min(self.shape.height);
        for y in top..bottom {
            for x in left..right {
                self.set(x, y, colour);
            }
        }
    }

    /// A line by Bresenham's algorithm, both ends included.
    pub(super) fn line(&mut self, from: (isize, isize), to: (isize, isize), colour: u32) {
        let ((mut x, mut y), (x2, y2)) = (from, to);
        let (mut dx, mut dy) = (x2 - x, y2 - y);
        let (mut step_x, mut step_y) = (dx.signum(), dy.signum());
        if step_x == 0 {
            step_x = -1;
        }
        if step_y == 0 {
            step_y = -1;
        }
        (dx, dy) = (dx.abs(), dy.abs());
        let steep = dy > dx;
        if steep {
            (x, y, dx, dy) = (y, x, dy, dx);
            (step_x, step_y) = (step_y, step_x);
        }
        let mut error = 2 * dy - dx;
        for _ in 0..dx {
            let (px, py) = if steep { (y, x) } else { (x, y) };
            self.set(px, py, colour);
            while error >= 0 {
                y += step_y;
                error -= 2 * dx;
            }
            x += step_x;
            error += 2 * dy;
        }
        self.set(x2, y2, colour);
    }

    /// The quadrants in `mask` (1 upper right, 2 upper left, 4 lower left, 8 lower right) of an ellipse.
    pub(super) fn ellipse(
        &mut self,
        centre: (isize, isize),
        radii: (isize, isize),
        colour: u32,
        filled: bool,
        mask: isize,
    ) {
        let (a, b) = (radii.0 as i64, radii.1 as i64);
        if a == 0 && b == 0 {
            if mask & 15 != 0 {
                self.set(centre.0, centre.1, colour);
            }
            return;
        }
        let (two_a2, two_b2) = (2 * a * a, 2 * b * b);
        // Where the slope is flatter than 45 degrees, then where it is steeper.
        let (mut x, mut y) = (a, 0);
        let (mut change_x, mut change_y) = (b * b * (1 - 2 * a), a * a);
        let mut error = 0;
        let (mut stop_x, mut stop_y) = (two_b2 * a, 0);
        while stop_x >= stop_y {
            self.quadrants(centre, (x as isize, y as isize), colour, filled, mask);
            y += 1;
            stop_y += two_a2;
            error += change_y;
            change_y += two_a2;
            if 2 * error + change_x > 0 {
                x -= 1;
                stop_x -= two_b2;
                error += change_x;
                change_x += two_b2;
            }
        }
        (x, y) = (0, b);
        (change_x, change_y) = (b * b, a * a * (1 - 2 * b));
        error = 0;
        (stop_x, stop_y) = (0, two_a2 * b);
        while stop_x <= stop_y {
            self.quadrants(centre, (x as isize, y as isize), colour, filled, mask);
            x += 1;
            stop_x += two_b2;
            error += change_x;
            change_x += two_b2;
            if 2 * error + change_y > 0 {
                y -= 1;
                stop_y -= two_a2;
                error += change_y;
                change_y += two_a2;
            }
        }
    }

    fn quadrants(
        &mut self,
        (cx, cy): (isize, isize),
        (x, y): (isize, isize),
        colour: u32,
        filled: bool,
        mask: isize,
    ) {
        for (bit, right, up) in [
            (1, true, true),
            (2, false, true),
            (4, false, false),
            (8, true, false),
        ] {
            if mask & bit == 0 {
                continue;
            }
            let line = if up { cy - y } else { cy + y };
            match (filled, right) {
                (true, true) => self.fill(cx, line, x + 1, 1, colour),
                (true, false) => self.fill(cx - x, line, x + 1, 1, colour),
                (false, true) => self.set(cx + x, line, colour),
                (false, false) => self.set(cx - x, line, colour),
            }
        }
    }

    /// Moves everything; what is not moved over stays as it is.
    pub(super) fn scroll(&mut self, dx: isize, dy: isize) {
        let Shape { width, height, .. } = self.shape;
        if dx.abs() >= width || dy.abs() >= height {
            return;
        }
        let columns = dx.max(0)..width + dx.min(0);
        let rows = dy.max(0)..height + dy.min(0);
        for row in 0..rows.len() as isize {
            // From the side the picture moves to, so that nothing is read after it was written.
            let y = if dy < 0 {
                rows.start + row
            } else {
                rows.end - 1 - row
            };
            for column in 0..columns.len() as isize {
                let x = if dx < 0 {
                    columns.start + column
                } else {
                    columns.end - 1 - column
                };
                if let Some(colour) = self.get(x - dx, y - dy) {
                    self.set(x, y, colour);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_keeps_every_pixel_apart() {
        for format in 0..7 {
            let (shape, size) = Shape::new(9, 11, 9, format).unwrap();
            let mut bytes = [0; 256];
            let mut pixels = Pixels {
                shape,
                bytes: &mut bytes[..size],
            };
            for y in 0..11 {
                for x in 0..9 {
                    pixels.fill(0, 0, 9, 11, 0);
                    pixels.set(x, y, 1);
                    let count = (0..99).filter(|at| pixels.get(at % 9, at / 9) == Some(1));
                    assert_eq!(count.count(), 1);
                    assert_eq!(pixels.get(x, y), Some(1));
                }
            }
            assert_eq!(pixels.get(9, 0), None);
            assert_eq!(pixels.get(0, -1), None);
        }
    }
}
