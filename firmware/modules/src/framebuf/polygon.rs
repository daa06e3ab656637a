//! Polygons: outlines, and filling by scan lines with the even-odd rule.

use core::cmp::Ordering;

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

/// Draws a polygon whose corners are pairs of 32-bit numbers from `origin`. Pixel for pixel what MicroPython draws:
/// edges run from the last corner to the first, and a filled polygon is its scan lines and its lowest corners.
pub(super) fn draw(
    pixels: &mut Pixels<'_>,
    corners: &[u8],
    origin: (isize, isize),
    colour: u32,
    filled: bool,
) {
    let count = corners.len() / 8;
    let place = |(x, y): (isize, isize)| (origin.0 + x, origin.1 + y);
    // From a corner to the one before it, starting with the first.
    let edges = || {
        (0..count).map(|index| {
            let from = corner(corners, (count - index) % count);
            (from, corner(corners, count - 1 - index))
        })
    };
    if !filled {
        for (from, to) in edges() {
            pixels.line(place(from), place(to), colour);
        }
        return;
    }
    let rows = (-origin.1).max(edges().map(|(from, _)| from.1).min().unwrap_or(0))
        ..(pixels.shape.height - origin.1)
            .min(edges().map(|(from, _)| from.1 + 1).max().unwrap_or(0));
    for row in rows {
        let mut crossings = [0; CROSSINGS];
        let mut found = 0;
        for (from, to) in edges() {
            // Half open, so that a corner belongs to one edge only.
            if (from.1 <= row) != (to.1 <= row) {
                if let Some(slot) = crossings.get_mut(found) {
                    *slot = crossing(from, to, row);
                    found += 1;
                }
            } else if row == from.1.max(to.1) {
                // The lower end of an edge belongs to none: it is drawn by itself.
                match from.1.cmp(&to.1) {
                    Ordering::Less => pixels.line(place(to), place(to), colour),
                    Ordering::Greater => pixels.line(place(from), place(from), colour),
                    Ordering::Equal => pixels.line(place(from), place(to), colour),
                }
            }
        }
        crossings[..found].sort_unstable();
        for pair in crossings[..found].chunks_exact(2) {
            let (x, y) = place((pair[0], row));
            pixels.fill(x, y, pair[1] - pair[0] + 1, 1, colour);
        }
    }
}

/// Where an edge meets a scan line: in 32nds of a pixel, cut off, then rounded.
fn crossing((x1, y1): (isize, isize), (x2, y2): (isize, isize), row: isize) -> isize {
    let (run, rise) = (32 * (x2 - x1) as i64, (y2 - y1) as i64);
    let along = run * (row - y1) as i64 / rise;
    ((32 * x1 as i64 + along + 16) / 32) as isize
}
