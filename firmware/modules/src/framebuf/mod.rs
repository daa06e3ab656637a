//! `framebuf`: drawing into a buffer of pixels.
//!
//! The font of `text` is the public-domain `font8x8` crate, not MicroPython's.

mod pixels;
mod polygon;

use font8x8::UnicodeFonts;
use upy_runtime::{
    Args, Body, Entry, Marker, Raised, Result, Slots, TypeId, TypeInfo, Value, Vm, class, function,
    number, text,
};

use crate::names as q;
use crate::types;
use pixels::{GS2_HMSB, GS4_HMSB, GS8, MONO_HLSB, MONO_HMSB, MONO_VLSB, Pixels, RGB565, Shape};

pub(crate) const ENTRIES: &[Entry] = &[
    text(q::__name__, q::framebuf),
    class(q::FrameBuffer, types::FRAME_BUFFER),
    function(q::FrameBuffer1, frame_buffer_1, 3, 4),
    number(q::MVLSB, MONO_VLSB),
    number(q::MONO_VLSB, MONO_VLSB),
    number(q::RGB565, RGB565),
    number(q::GS2_HMSB, GS2_HMSB),
    number(q::GS4_HMSB, GS4_HMSB),
    number(q::GS8, GS8),
    number(q::MONO_HLSB, MONO_HLSB),
    number(q::MONO_HMSB, MONO_HMSB),
];

const METHODS: &[Entry] = &[
    function(q::fill, fill, 2, 2),
    function(q::fill_rect, fill_rect, 6, 6),
    function(q::pixel, pixel, 3, 4),
    function(q::hline, hline, 5, 5),
    function(q::vline, vline, 5, 5),
    function(q::rect, rect, 6, 7),
    function(q::line, line, 6, 6),
    function(q::ellipse, ellipse, 6, 8),
    function(q::poly, poly, 5, 6),
    function(q::blit, blit, 4, 6),
    function(q::scroll, scroll, 3, 3),
    function(q::text, draw_text, 4, 5),
];

pub(crate) static FRAME_BUFFER: TypeInfo = TypeInfo {
    name: q::FrameBuffer,
    base: TypeId::Object,
    make: Some(make),
    entries: METHODS,
    slots: &Slots {
        buffer: Some(|vm, object| Some(vm.body::<FrameBuffer>(object)?.buffer)),
        ..Slots::NONE
    },
};

/// A picture in a buffer.
#[derive(Clone, Copy)]
struct FrameBuffer {
    buffer: Value,
    shape: Shape,
}

impl Body for FrameBuffer {
    fn trace(&self, marker: &mut Marker<'_, '_>) {
        marker.value(self.buffer);
    }
}

/// `FrameBuffer(buffer, width, height, format, stride=width)`
fn make(vm: &mut Vm<'_>, class: TypeId, args: Args) -> Result<Value> {
    if !(4..=5).contains(&args.count) || args.keywords > 0 {
        return Err(vm.wrong_count(4, 5, args.count));
    }
    let (width, height) = (vm.int_arg(args, 1)?, vm.int_arg(args, 2)?);
    let format = vm.int_arg(args, 3)?;
    let stride = if args.count > 4 {
        vm.int_arg(args, 4)?
    } else {
        width
    };
    new_frame_buffer(vm, class, args.at(vm, 0), [width, height, stride, format])
}

fn new_frame_buffer(
    vm: &mut Vm<'_>,
    class: TypeId,
    buffer: Value,
    [width, height, stride, format]: [isize; 4],
) -> Result<Value> {
    let buffer = vm.native_of(buffer);
    let len = vm.data_mut(buffer)?.len();
    match Shape::new(width, height, stride, format) {
        Some((shape, size)) if size <= len => vm.new_object(class, FrameBuffer { buffer, shape }),
        _ => Err(vm.value_error(b"")),
    }
}

/// `FrameBuffer1(buffer, width, height, stride=width)`: as MicroPython keeps it for old programs.
fn frame_buffer_1(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let (width, height) = (vm.int_arg(args, 1)?, vm.int_arg(args, 2)?);
    let stride = if args.count > 3 {
        vm.int_arg(args, 3)?
    } else {
        width
    };
    let shape = [width, height, stride, MONO_VLSB];
    new_frame_buffer(vm, types::FRAME_BUFFER, args.at(vm, 0), shape)
}

fn not_a_buffer(vm: &mut Vm<'_>) -> Raised {
    vm.type_error(b"FrameBuffer expected")
}

/// Draws into the picture that is the first argument.
fn draw<R>(vm: &mut Vm<'_>, args: Args, work: impl FnOnce(&mut Pixels<'_>) -> R) -> Result<R> {
    let FrameBuffer { buffer, shape } = vm.this::<FrameBuffer>(args)?;
    match vm.buffer_bytes_mut(buffer) {
        Some(bytes) => Ok(work(&mut Pixels { shape, bytes })),
        None => Err(not_a_buffer(vm)),
    }
}

/// Integer arguments from `first` on.
fn ints<const COUNT: usize>(vm: &mut Vm<'_>, args: Args, first: usize) -> Result<[isize; COUNT]> {
    let mut numbers = [0; COUNT];
    for (index, number) in numbers.iter_mut().enumerate() {
        // What lies far outside any picture is cut, so that sums of such numbers do not overflow.
        *number = vm.int_arg(args, first + index)?.clamp(-(1 << 20), 1 << 20);
    }
    Ok(numbers)
}

fn colour(vm: &mut Vm<'_>, args: Args, index: usize) -> Result<u32> {
    let given = args.at(vm, index);
    vm.to_bits(given).map(|bits| bits as u32)
}

fn flag(vm: &mut Vm<'_>, args: Args, index: usize) -> Result<bool> {
    match args.get(vm, index) {
        Some(flag) => vm.truth(flag),
        None => Ok(false),
    }
}

fn fill(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let colour = colour(vm, args, 1)?;
    draw(vm, args, |pixels| {
        let Shape { width, height, .. } = pixels.shape;
        pixels.fill(0, 0, width, height, colour);
    })?;
    Ok(Value::NONE)
}

fn fill_rect(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let [x, y, width, height] = ints(vm, args, 1)?;
    let colour = colour(vm, args, 5)?;
    draw(vm, args, |pixels| pixels.fill(x, y, width, height, colour))?;
    Ok(Value::NONE)
}

/// `pixel(x, y)`, `pixel(x, y, colour)`
fn pixel(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let [x, y] = ints(vm, args, 1)?;
    if args.count == 3 {
        let found = draw(vm, args, |pixels| pixels.get(x, y))?;
        return Ok(found.map_or(Value::NONE, |colour| Value::small(colour as isize)));
    }
    let colour = colour(vm, args, 3)?;
    draw(vm, args, |pixels| pixels.set(x, y, colour))?;
    Ok(Value::NONE)
}

fn hline(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let [x, y, width] = ints(vm, args, 1)?;
    let colour = colour(vm, args, 4)?;
    draw(vm, args, |pixels| pixels.fill(x, y, width, 1, colour))?;
    Ok(Value::NONE)
}

fn vline(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let [x, y, height] = ints(vm, args, 1)?;
    let colour = colour(vm, args, 4)?;
    draw(vm, args, |pixels| pixels.fill(x, y, 1, height, colour))?;
    Ok(Value::NONE)
}

/// `rect(x, y, width, height, colour, filled=False)`
fn rect(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let [x, y, width, height] = ints(vm, args, 1)?;
    let colour = colour(vm, args, 5)?;
    let filled = flag(vm, args, 6)?;
    draw(vm, args, |pixels| {
        if filled {
            pixels.fill(x, y, width, height, colour);
        } else {
            pixels.fill(x, y, width, 1, colour);
            pixels.fill(x, y + height - 1, width, 1, colour);
            pixels.fill(x, y, 1, height, colour);
            pixels.fill(x + width - 1, y, 1, height, colour);
        }
    })?;
    Ok(Value::NONE)
}

fn line(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let [x1, y1, x2, y2] = ints(vm, args, 1)?;
    let colour = colour(vm, args, 5)?;
    draw(vm, args, |pixels| pixels.line((x1, y1), (x2, y2), colour))?;
    Ok(Value::NONE)
}

/// `ellipse(x, y, xr, yr, colour, filled=False, mask=15)`
fn ellipse(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let [x, y, radius_x, radius_y] = ints(vm, args, 1)?;
    let colour = colour(vm, args, 5)?;
    let filled = flag(vm, args, 6)?;
    let mask = if args.count > 7 {
        vm.int_arg(args, 7)?
    } else {
        15
    };
    // A radius beyond this only draws outside; the sums of the algorithm stay within 64 bits.
    let radii = (radius_x.clamp(0, 1 << 16), radius_y.clamp(0, 1 << 16));
    draw(vm, args, |pixels| {
        pixels.ellipse((x, y), radii, colour, filled, mask)
    })?;
    Ok(Value::NONE)
}

/// `poly(x, y, coordinates, colour, filled=False)`; the coordinates are an `array`.
fn poly(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let [x, y] = ints(vm, args, 1)?;
    let colour = colour(vm, args, 4)?;
    let filled = flag(vm, args, 5)?;
    let coordinates = args.at(vm, 3);
    vm.data(coordinates)?;
    let count = vm.length(coordinates)?;
    let count = usize::try_from(vm.to_isize(count)?).unwrap_or(0) / 2;
    if count == 0 {
        return Ok(Value::NONE);
    }
    // The corners as pairs of 32-bit numbers in a buffer of their own.
    let corners = vm.new_zeros(count * 8)?;
    vm.push(corners)?;
    for index in 0..count * 2 {
        let number = vm.subscript(coordinates, Value::small(index as isize))?;
        let number = vm.to_isize(number)?.clamp(-(1 << 20), 1 << 20);
        if let Some(bytes) = vm.buffer_bytes_mut(corners) {
            bytes[index * 4..index * 4 + 4].copy_from_slice(&(number as i32).to_le_bytes());
        }
    }
    let FrameBuffer { buffer, shape } = vm.this::<FrameBuffer>(args)?;
    // The corners are lent, since the picture is written meanwhile.
    let drawn = vm.lend_to(corners, buffer, |corners, bytes| {
        polygon::draw(
            &mut Pixels { shape, bytes },
            corners,
            (x, y),
            colour,
            filled,
        );
    });
    if drawn.is_none() {
        return Err(not_a_buffer(vm));
    }
    Ok(Value::NONE)
}

/// The picture an argument is.
fn picture(vm: &mut Vm<'_>, value: Value) -> Result<FrameBuffer> {
    if let Some(&found) = vm.body::<FrameBuffer>(value) {
        return Ok(found);
    }
    // As MicroPython: a tuple or list with what the constructor takes.
    let Some(items) = vm.items_of(value) else {
        return Err(not_a_buffer(vm));
    };
    let (Some(&buffer), count @ 4..=5) = (items.first(), items.len()) else {
        return Err(vm.value_error(b""));
    };
    let mut numbers = [0; 4];
    for (index, number) in numbers.iter_mut().take(count - 1).enumerate() {
        let item = vm.item_at(value, index + 1).unwrap_or(Value::NONE);
        *number = vm.to_isize(item)?;
    }
    let [width, height, format, stride] = numbers;
    let stride = if count > 4 { stride } else { width };
    let buffer = vm.native_of(buffer);
    let len = vm.data(buffer)?.len();
    match Shape::new(width, height, stride, format) {
        Some((shape, size)) if size <= len => Ok(FrameBuffer { buffer, shape }),
        _ => Err(vm.value_error(b"")),
    }
}

/// `blit(source, x, y, key=-1, palette=None)`
fn blit(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let given = args.at(vm, 1);
    let source = picture(vm, given)?;
    let [x, y] = ints(vm, args, 2)?;
    let key = if args.count > 4 {
        vm.int_arg(args, 4)?
    } else {
        -1
    };
    let palette = match args.some(vm, 5) {
        Some(palette) => Some(picture(vm, palette)?),
        None => None,
    };
    let FrameBuffer { buffer, shape } = vm.this::<FrameBuffer>(args)?;
    let (right, bottom) = (x + source.shape.width, y + source.shape.height);
    for to_y in y.max(0)..bottom.min(shape.height) {
        for to_x in x.max(0)..right.min(shape.width) {
            let from = vm.buffer_bytes(source.buffer).unwrap_or(&[]);
            let found = pixels::get(source.shape, from, to_x - x, to_y - y);
            let Some(mut colour) = found else { continue };
            if let Some(palette) = palette {
                let bytes = vm.buffer_bytes(palette.buffer).unwrap_or(&[]);
                let Some(mapped) = pixels::get(palette.shape, bytes, colour as isize, 0) else {
                    continue;
                };
                colour = mapped;
            }
            if key >= 0 && colour == key as u32 {
                continue;
            }
            if let Some(bytes) = vm.buffer_bytes_mut(buffer) {
                Pixels { shape, bytes }.set(to_x, to_y, colour);
            }
        }
    }
    Ok(Value::NONE)
}

fn scroll(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let [dx, dy] = ints(vm, args, 1)?;
    draw(vm, args, |pixels| pixels.scroll(dx, dy))?;
    Ok(Value::NONE)
}

const CHEQUERED: [u8; 8] = [0xaa, 0x55, 0xaa, 0x55, 0xaa, 0x55, 0xaa, 0x55];

/// `text(string, x, y, colour=1)`
fn draw_text(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let given = args.at(vm, 1);
    let len = vm.text(given)?.len();
    let [x, y] = ints(vm, args, 2)?;
    let colour = if args.count > 4 {
        colour(vm, args, 4)?
    } else {
        1
    };
    let native = vm.native_of(given);
    for index in 0..len {
        let byte = vm.bytes_of(native)[index];
        let letter = if byte.is_ascii_graphic() || byte == b' ' {
            char::from(byte)
        } else {
            '\u{7f}'
        };
        // What the font does not have is a chequered cell.
        let glyph = font8x8::BASIC_FONTS.get(letter);
        let glyph = glyph.filter(|_| letter != '\u{7f}').unwrap_or(CHEQUERED);
        let left = x + index as isize * 8;
        draw(vm, args, |pixels| {
            for (row, bits) in glyph.into_iter().enumerate() {
                for column in 0..8 {
                    if bits >> column & 1 == 1 {
                        pixels.set(left + column, y + row as isize, colour);
                    }
                }
            }
        })?;
    }
    Ok(Value::NONE)
}
