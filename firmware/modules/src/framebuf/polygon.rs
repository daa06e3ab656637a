//! Polygons: outlines, and filling by scan lines with the even-odd rule.

use super::pixels::Pixels;

/// Crossings of one scan line with the outline.
const CROSSINGS: usize = 64;

/// A corner.
fn corner(corners: &[u8], index: usize) -> (isize, isize) {
    let part = |at: usize| match corners.get(at..at + 4).and_then(<[u8]>::first_chunk) {
        Some(word) => i32::from_le_bytes(*word) as isize,
        None => 0,
    };
    (part(index * 8), part(index * 8 + 4))
}

/// Draws a polygon whose corners are pairs of 32-bit numbers.
pub(super) fn draw(pixels: &mut Pixels<'_>, corners: &[u8], colour: u32, filled: bool) {
    let count = corners.len() / 8;
    let edge = |index: usize| (corner(corners, index), corner(corners, (index + 1) % count));
    for index in 0..count {
        let (from, to) = edge(index);
        pixels.line(from, to, colour);
    }
    if !filled {
        return;
    }
    for y in 0..pixels.shape.height {
        let mut crossings = [0; CROSSINGS];
        let mut found = 0;
        for index in 0..count {
            let ((x1, y1), (x2, y2)) = edge(index);
            // Half open, so that a corner belongs to one edge only.
            if (y1 <= y) == (y2 <= y) {
                continue;
            }
            if let Some(slot) = crossings.get_mut(found) {
                *slot = crossing((x1, y1), (x2, y2), y);
                found += 1;
            }
        }
        crossings[..found].sort_unstable();
        for pair in crossings[..found].chunks_exact(2) {
            pixels.fill(pair[0], y, pair[1] - pair[0] + 1, 1, colour);
        }
    }
}

/// Where an edge meets a scan line, rounded to the nearest pixel.
fn crossing((x1, y1): (isize, isize), (x2, y2): (isize, isize), y: isize) -> isize {
    let (rise, run) = ((y2 - y1).unsigned_abs() as i64, (x2 - x1) as i64);
    let away = (y - y1).unsigned_abs() as i64;
    x1 + ((2 * run * away + rise).div_euclid(2 * rise)) as isize
}
