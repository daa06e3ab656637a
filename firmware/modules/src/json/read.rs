//! Text to values. Containers that are open wait on the value stack, so nothing recurses.

use upy_runtime::stream::Fault;
use upy_runtime::{Args, Raised, Result, Sink, TypeId, Value, Vm};

/// Longest text of a number or of a word such as `null`.
const WORD: usize = 64;

/// Where the bytes come from.
struct Reader {
    source: Value,
    /// The position in the bytes of `source`; `None` if it is a stream.
    at: Option<usize>,
    /// The byte that was looked at; `Some(None)` is the end.
    next: Option<Option<u8>>,
}

impl Reader {
    fn peek(&mut self, vm: &mut Vm<'_>) -> Result<Option<u8>> {
        if let Some(next) = self.next {
            return Ok(next);
        }
        let next = match self.at {
            Some(at) => {
                self.at = Some(at + 1);
                vm.bytes_of(self.source).get(at).copied()
            }
            None => {
                let mut byte = [0];
                match vm.stream_read(self.source, &mut byte) {
                    Ok(0) => None,
                    Ok(_) => Some(byte[0]),
                    Err(Fault::Raised(raised)) => return Err(raised),
                    Err(fault) => return Err(vm.raise_fault(fault)),
                }
            }
        };
        self.next = Some(next);
        Ok(next)
    }

    fn take(&mut self, vm: &mut Vm<'_>) -> Result<Option<u8>> {
        let next = self.peek(vm)?;
        self.next = None;
        Ok(next)
    }

    /// The next byte that is no white space.
    fn peek_token(&mut self, vm: &mut Vm<'_>) -> Result<Option<u8>> {
        while matches!(self.peek(vm)?, Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.next = None;
        }
        self.peek(vm)
    }
}

/// `load(stream)`
pub(super) fn load(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let source = args.at(vm, 0);
    let mut reader = Reader {
        source,
        at: None,
        next: None,
    };
    document(vm, &mut reader)
}

/// `loads(text)`
pub(super) fn loads(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
    let source = vm.native_of(args.at(vm, 0));
    vm.data(source)?;
    let mut reader = Reader {
        source,
        at: Some(0),
        next: None,
    };
    document(vm, &mut reader)
}

fn wrong(vm: &mut Vm<'_>) -> Raised {
    vm.value_error(b"syntax error in JSON")
}

fn document(vm: &mut Vm<'_>, reader: &mut Reader) -> Result<Value> {
    let base = vm.stack_len();
    loop {
        // A value, or the beginning of a container.
        let opened = match reader.peek_token(vm)? {
            Some(b'[') => {
                reader.next = None;
                let list = vm.new_list(&[])?;
                vm.push(list.value())?;
                reader.peek_token(vm)? != Some(b']')
            }
            Some(b'{') => {
                reader.next = None;
                let dict = vm.new_dict()?;
                vm.push(dict.value())?;
                let filled = reader.peek_token(vm)? != Some(b'}');
                if filled {
                    key(vm, reader)?;
                }
                filled
            }
            _ => {
                let value = scalar(vm, reader)?;
                vm.push(value)?;
                false
            }
        };
        if opened {
            continue;
        }
        // The value on the top is complete once its closing bracket, if it is an empty container, is taken.
        if matches!(reader.peek(vm)?, Some(b']' | b'}')) && is_fresh(vm) {
            reader.next = None;
        }
        if let Some(value) = close(vm, reader, base)? {
            return Ok(value);
        }
    }
}

/// Whether the value on the top is a container that was opened just now and is empty.
fn is_fresh(vm: &Vm<'_>) -> bool {
    let top = vm.stack_at(vm.stack_len() - 1);
    vm.items_of(top).is_some_and(<[Value]>::is_empty) && vm.is_list(top)
        || vm
            .as_dict(top)
            .is_some_and(|dict| vm.dict_entry(dict, 0).is_none())
}

/// Puts the value on the top into the container below it, and closes containers. `None` when another value follows.
fn close(vm: &mut Vm<'_>, reader: &mut Reader, base: usize) -> Result<Option<Value>> {
    loop {
        let value = vm.pop();
        if vm.stack_len() == base {
            let rest = if reader.at.is_some() {
                reader.peek_token(vm)?
            } else {
                None
            };
            return match rest {
                None => Ok(Some(value)),
                Some(_) => Err(wrong(vm)),
            };
        }
        let below = vm.stack_at(vm.stack_len() - 1);
        let in_list = vm.is_list(below);
        if in_list {
            vm.append(below, value)?;
        } else {
            let dict = vm.stack_at(vm.stack_len() - 2);
            let Some(dict) = vm.as_dict(dict) else {
                return Err(wrong(vm));
            };
            vm.push(value)?;
            vm.dict_set(dict, below, value)?;
            vm.pop();
            vm.pop();
        }
        match (reader.peek_token(vm)?, in_list) {
            (Some(b','), true) => {
                reader.next = None;
                return Ok(None);
            }
            (Some(b','), false) => {
                reader.next = None;
                key(vm, reader)?;
                return Ok(None);
            }
            (Some(b']'), true) | (Some(b'}'), false) => reader.next = None,
            _ => return Err(wrong(vm)),
        }
    }
}

/// A key and its colon; the key is pushed.
fn key(vm: &mut Vm<'_>, reader: &mut Reader) -> Result<()> {
    if reader.peek_token(vm)? != Some(b'"') {
        return Err(wrong(vm));
    }
    let key = scalar(vm, reader)?;
    vm.push(key)?;
    if reader.peek_token(vm)? != Some(b':') {
        return Err(wrong(vm));
    }
    reader.next = None;
    Ok(())
}

fn scalar(vm: &mut Vm<'_>, reader: &mut Reader) -> Result<Value> {
    match reader.peek_token(vm)? {
        Some(b'"') => {
            reader.next = None;
            string(vm, reader)
        }
        Some(b'-' | b'0'..=b'9') => number(vm, reader),
        Some(b'a'..=b'z') => {
            let mut word = [0; WORD];
            let len = collect(vm, reader, &mut word, |byte| byte.is_ascii_lowercase())?;
            match &word[..len] {
                b"null" => Ok(Value::NONE),
                b"true" => Ok(Value::TRUE),
                b"false" => Ok(Value::FALSE),
                _ => Err(wrong(vm)),
            }
        }
        _ => Err(wrong(vm)),
    }
}

/// Takes the bytes of a word, at most as many as there is room for.
fn collect(
    vm: &mut Vm<'_>,
    reader: &mut Reader,
    word: &mut [u8],
    belongs: fn(u8) -> bool,
) -> Result<usize> {
    let mut len = 0;
    while let Some(byte) = reader.peek(vm)?.filter(|&byte| belongs(byte)) {
        let Some(slot) = word.get_mut(len) else {
            return Err(wrong(vm));
        };
        *slot = byte;
        len += 1;
        reader.next = None;
    }
    Ok(len)
}

/// A number, through `int()` or `float()`; of any length.
fn number(vm: &mut Vm<'_>, reader: &mut Reader) -> Result<Value> {
    let top = vm.stack_len();
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    let mut float = false;
    while let Some(byte @ (b'+' | b'-' | b'.' | b'0'..=b'9' | b'e' | b'E')) = reader.peek(vm)? {
        float |= matches!(byte, b'.' | b'e' | b'E');
        vm.put(Sink::Buffer(buffer), &[byte])?;
        reader.next = None;
    }
    let text = vm.take_text(buffer)?;
    vm.push(text)?;
    let class = if float { TypeId::Float } else { TypeId::Int };
    let number = vm.call(class.value(), &[text]);
    vm.truncate(top);
    number
}

fn string(vm: &mut Vm<'_>, reader: &mut Reader) -> Result<Value> {
    let top = vm.stack_len();
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    let sink = Sink::Buffer(buffer);
    loop {
        match reader.take(vm)? {
            None => return Err(wrong(vm)),
            Some(b'"') => break,
            Some(b'\\') => escape(vm, reader, sink)?,
            Some(byte) => vm.put(sink, &[byte])?,
        }
    }
    let text = vm.take_text(buffer)?;
    vm.truncate(top);
    Ok(text)
}

fn escape(vm: &mut Vm<'_>, reader: &mut Reader, sink: Sink) -> Result<()> {
    let byte = match reader.take(vm)? {
        Some(b'b') => 8,
        Some(b'f') => 12,
        Some(b'n') => b'\n',
        Some(b'r') => b'\r',
        Some(b't') => b'\t',
        Some(b'u') => {
            let mut code = hex(vm, reader)?;
            // Two halves of a pair are one character.
            if (0xd800..0xdc00).contains(&code) && reader.peek(vm)? == Some(b'\\') {
                reader.next = None;
                if reader.take(vm)? != Some(b'u') {
                    return Err(wrong(vm));
                }
                let low = hex(vm, reader)?;
                if !(0xdc00..0xe000).contains(&low) {
                    return Err(wrong(vm));
                }
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            }
            return put_code(vm, sink, code);
        }
        Some(byte) => byte,
        None => return Err(wrong(vm)),
    };
    vm.put(sink, &[byte])
}

fn hex(vm: &mut Vm<'_>, reader: &mut Reader) -> Result<u32> {
    let mut code = 0;
    for _ in 0..4 {
        let digit = reader.take(vm)?;
        let Some(digit) = digit.and_then(|byte| char::from(byte).to_digit(16)) else {
            return Err(wrong(vm));
        };
        code = code << 4 | digit;
    }
    Ok(code)
}

/// Writes a code point as UTF-8; a lone half of a pair too, as MicroPython does.
fn put_code(vm: &mut Vm<'_>, sink: Sink, code: u32) -> Result<()> {
    let tail = |shift: u32| 0x80 | (code >> shift & 0x3f) as u8;
    match code {
        0..0x80 => vm.put(sink, &[code as u8]),
        0x80..0x800 => vm.put(sink, &[0xc0 | (code >> 6) as u8, tail(0)]),
        0x800..0x10000 => vm.put(sink, &[0xe0 | (code >> 12) as u8, tail(6), tail(0)]),
        _ => vm.put(
            sink,
            &[0xf0 | (code >> 18) as u8, tail(12), tail(6), tail(0)],
        ),
    }
}
