//! Playing with the simulated board from outside: orders in JSON, one a line, over a TCP port or from a script.
//!
//! | order | what it does, what it answers |
//! |---|---|
//! | `{"op":"pins"}` | `{"pins":[{"pin":0,"mode":"in","pull":"none","level":0,"driven":null,"wave":null}, ...]}` |
//! | `{"op":"drive","pin":15,"level":0}` | drives a pin from outside; level `null` lets it go |
//! | `{"op":"adc","channel":0,"value":32768}` | the voltage at a channel, of 65535 |
//! | `{"op":"i2c","bus":0,"address":118,"registers":"00ff","at":0,"size":256,"address_bytes":1}` | connects a device, or changes its registers (hexadecimal, from `at` on) |
//! | `{"op":"i2c-read","bus":0,"address":118}` | `{"registers":"00ff...","writes":["f701"]}` |
//! | `{"op":"spi","bus":0,"reply":"0102"}`, `{"op":"spi-read","bus":0}` | lays bytes ready, `{"sent":"9f00"}` |
//! | `{"op":"uart","line":1,"send":"6869"}`, `{"op":"uart-read","line":1}` | as with `spi` |
//! | `{"op":"join","pins":[2,3]}` | a wire between two pins: what one drives, the other reads |
//! | `{"op":"loop","spi":0}`, `{"op":"loop","line":1}` | out and in are joined: what is sent comes back |
//! | `{"op":"watch"}` | from now on `{"event":"pin","pin":25,"level":1,"time_us":1200}` for each change of a level, and `{"event":"wave","pin":2,"frequency_hz":50,"duty_u16":4915,"time_us":1300}` for each of a square wave, 0 Hz when it ended |
//!
//! An order that can't be carried out answers `{"error":"..."}`, any other `{"ok":true}` or what stands above. In a
//! script each order has `"at_ms"`, when it is given; the time is the board's.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::thread;

use serde_json::{Value, json};
use upy_hal::machine::{PinMode, Pull};

use super::wiring::{CHANNELS, Change, Changed, Device, PINS, State, Wiring};

/// Largest number of registers of a device.
const REGISTERS: u64 = 1 << 16;

/// Orders with the times at which they are given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    /// In the order of their times, in microseconds.
    orders: Vec<(u64, Value)>,
    next: usize,
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// A sentence with the number of the line.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut orders = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let number = index + 1;
            let order: Value = serde_json::from_str(line)
                .map_err(|error| format!("line {number} of the script is no JSON: {error}"))?;
            let Some(at_ms) = order.get("at_ms").and_then(Value::as_f64) else {
                return Err(format!("line {number} of the script has no `at_ms`"));
            };
            // Tried on a board of its own, so that a mistake is told before the board starts.
            carry_out(&mut Wiring::new().lock(), &order)
                .map_err(|error| format!("line {number} of the script: {error}"))?;
            orders.push(((at_ms.max(0.0) * 1000.0) as u64, order));
        }
        orders.sort_by_key(|&(at, _)| at);
        Ok(Self { orders, next: 0 })
    }

    /// Carries out what is due.
    pub(super) fn play(&mut self, state: &mut State, now_us: u64) {
        while let Some((at, order)) = self.orders.get(self.next) {
            if *at > now_us {
                return;
            }
            self.next += 1;
            // It was tried when it was read; a device that is not there is no reason to stop.
            let _ = carry_out(state, order);
        }
    }
}

/// Listens for people who play with the board.
///
/// # Errors
/// A sentence for the user.
pub(crate) fn listen(address: &str, wiring: Wiring) -> Result<String, String> {
    let failed = |error| format!("can't listen at `{address}`: {error}");
    let listener = TcpListener::bind(address).map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    if !bound.ip().is_loopback() {
        return Err(format!(
            "`{address}` can be reached from other computers: use 127.0.0.1"
        ));
    }
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let wiring = wiring.clone();
            // One who goes away in the middle is of no concern to the board.
            thread::spawn(move || drop(serve(&stream, &wiring)));
        }
    });
    Ok(bound.to_string())
}

fn serve(stream: &TcpStream, wiring: &Wiring) -> std::io::Result<()> {
    let mut answers = stream.try_clone()?;
    for line in BufReader::new(stream).lines() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let answer = match serde_json::from_str::<Value>(&line) {
            Ok(order) if order["op"] == "watch" => {
                let (sender, receiver) = channel();
                wiring.lock().watch(sender);
                writeln!(answers, "{}", json!({ "ok": true }))?;
                for change in receiver {
                    writeln!(answers, "{}", event(change))?;
                }
                return Ok(());
            }
            _ => answer(&line, wiring),
        };
        writeln!(answers, "{answer}")?;
    }
    Ok(())
}

/// A change, as those who watch are told of it.
pub(crate) fn event(change: Change) -> Value {
    let Change { pin, what, time_us } = change;
    match what {
        Changed::Level(level) => {
            json!({ "event": "pin", "pin": pin, "level": u8::from(level), "time_us": time_us })
        }
        Changed::Wave(wave) => {
            let (frequency_hz, duty_u16) = wave.unwrap_or((0, 0));
            json!({
                "event": "wave",
                "pin": pin,
                "frequency_hz": frequency_hz,
                "duty_u16": duty_u16,
                "time_us": time_us,
            })
        }
    }
}

/// Carries out an order in JSON and gives the answer in JSON.
pub(crate) fn answer(text: &str, wiring: &Wiring) -> String {
    let answer = match serde_json::from_str::<Value>(text) {
        Ok(order) => {
            carry_out(&mut wiring.lock(), &order).unwrap_or_else(|error| json!({ "error": error }))
        }
        Err(error) => json!({ "error": format!("no JSON: {error}") }),
    };
    answer.to_string()
}

/// Carries out an order and gives its answer.
fn carry_out(state: &mut State, order: &Value) -> Result<Value, String> {
    let done = json!({ "ok": true });
    match order["op"].as_str().unwrap_or_default() {
        "pins" => {
            let pins: Vec<Value> = (0..PINS).map(|number| pin(state, number)).collect();
            Ok(json!({ "pins": pins }))
        }
        "drive" => {
            let number = index(order, "pin", PINS)?;
            let level = match &order["level"] {
                Value::Null => None,
                level => Some(truth(level).ok_or("`level` must be 0, 1 or null")?),
            };
            state.change(number, |pin| pin.driven = level);
            Ok(done)
        }
        "adc" => {
            let channel = index(order, "channel", CHANNELS)?;
            let value = index(order, "value", 1 << 16)?;
            state.channels[channel] = value as u16;
            Ok(done)
        }
        "join" => {
            let ends = [
                index(&order["pins"], 0, PINS)?,
                index(&order["pins"], 1, PINS)?,
            ];
            state.joins.push(ends);
            for end in ends {
                state.change(end, |_| ());
            }
            Ok(done)
        }
        "loop" if order.get("spi").is_some() => {
            let bus = index(order, "spi", state.spi.len())?;
            state.spi[bus].is_loop = true;
            Ok(done)
        }
        "loop" => {
            let line = index(order, "line", state.uart.len())?;
            state.uart[line].is_loop = true;
            Ok(done)
        }
        "i2c" => connect(state, order).map(|()| done),
        "i2c-read" => {
            let bus = index(order, "bus", state.devices.len())?;
            let address = index(order, "address", 128)? as u16;
            let device = state.devices[bus].get(&address);
            let device = device.ok_or_else(|| format!("no device has the address {address}"))?;
            let writes: Vec<String> = device.writes.iter().map(|bytes| hex(bytes)).collect();
            Ok(json!({ "registers": hex(&device.registers), "writes": writes }))
        }
        "spi" => {
            let bus = index(order, "bus", state.spi.len())?;
            state.spi[bus].incoming.extend(bytes(order, "reply")?);
            Ok(done)
        }
        "spi-read" => {
            let bus = index(order, "bus", state.spi.len())?;
            Ok(json!({ "sent": hex(&state.spi[bus].sent) }))
        }
        "uart" => {
            let line = index(order, "line", state.uart.len())?;
            state.uart[line].incoming.extend(bytes(order, "send")?);
            Ok(done)
        }
        "uart-read" => {
            let line = index(order, "line", state.uart.len())?;
            Ok(json!({ "sent": hex(&state.uart[line].sent) }))
        }
        other => Err(format!(
            "there is no order `{other}`: pins, drive, join, loop, adc, i2c, i2c-read, spi, spi-read, uart, uart-read, watch"
        )),
    }
}

fn pin(state: &State, number: usize) -> Value {
    let pin = &state.pins[number];
    let mode = match pin.mode {
        PinMode::Input => "in",
        PinMode::Output => "out",
        PinMode::OpenDrain => "open-drain",
        PinMode::Alternate => "alternate",
        PinMode::Analog => "analog",
    };
    let pull = match pin.pull {
        Pull::None => "none",
        Pull::Up => "up",
        Pull::Down => "down",
    };
    json!({
        "pin": number,
        "mode": mode,
        "pull": pull,
        "level": u8::from(pin.level()),
        "driven": pin.driven.map(u8::from),
        "wave": pin.wave.map(|(frequency_hz, duty_u16)| json!({
            "frequency_hz": frequency_hz,
            "duty_u16": duty_u16,
        })),
    })
}

fn connect(state: &mut State, order: &Value) -> Result<(), String> {
    let bus = index(order, "bus", state.devices.len())?;
    let address = index(order, "address", 128)? as u16;
    let at = index_or(order, "at", REGISTERS as usize, 0)?;
    let size = index_or(order, "size", REGISTERS as usize + 1, 256)?;
    let address_bytes = index_or(order, "address_bytes", 5, 1)?;
    let content = match order.get("registers") {
        Some(_) => bytes(order, "registers")?,
        None => Vec::new(),
    };
    let device = state.devices[bus].entry(address).or_insert_with(|| Device {
        registers: vec![0; size],
        ..Device::default()
    });
    device.address_bytes = address_bytes;
    let room = device.registers.get_mut(at..at + content.len());
    let len = content.len();
    room.ok_or_else(|| format!("{len} registers from {at} on are more than {size}"))?
        .copy_from_slice(&content);
    Ok(())
}

fn truth(value: &Value) -> Option<bool> {
    match value.as_bool() {
        Some(truth) => Some(truth),
        None => match value.as_u64()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        },
    }
}

/// A number below `end`.
fn index<I>(order: &Value, name: I, end: usize) -> Result<usize, String>
where
    I: serde_json::value::Index + std::fmt::Display + Copy,
{
    let number = order[name]
        .as_u64()
        .and_then(|number| usize::try_from(number).ok());
    number.filter(|&number| number < end).ok_or_else(|| {
        format!(
            "`{name}` must be a number from 0 to {}, not {}",
            end - 1,
            order[name]
        )
    })
}

fn index_or(order: &Value, name: &str, end: usize, default: usize) -> Result<usize, String> {
    match order.get(name) {
        Some(_) => index(order, name, end),
        None => Ok(default),
    }
}

/// Bytes in hexadecimal digits.
fn bytes(order: &Value, name: &str) -> Result<Vec<u8>, String> {
    let wrong = || {
        format!(
            "`{name}` must be bytes in hexadecimal digits, not {}",
            order[name]
        )
    };
    let text = order[name].as_str().ok_or_else(wrong)?;
    if !text.is_ascii() || text.len() % 2 != 0 {
        return Err(wrong());
    }
    let pairs = (0..text.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| wrong()))
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(state: &mut State, text: &str) -> Result<Value, String> {
        carry_out(state, &serde_json::from_str(text).unwrap())
    }

    #[test]
    fn a_device_that_is_connected_can_be_looked_at() {
        let wiring = Wiring::new();
        let mut state = wiring.lock();
        let text = r#"{"op":"i2c","bus":0,"address":118,"registers":"60ab","at":208}"#;
        order(&mut state, text).unwrap();
        let found = order(&mut state, r#"{"op":"i2c-read","bus":0,"address":118}"#).unwrap();
        let registers = found["registers"].as_str().unwrap();
        assert_eq!(&registers[416..420], "60ab");
    }

    #[test]
    fn wrong_orders_name_what_is_wrong() {
        let wiring = Wiring::new();
        let mut state = wiring.lock();
        for (text, named) in [
            (r#"{"op":"fly"}"#, "`fly`"),
            (r#"{"op":"drive","pin":30,"level":1}"#, "`pin`"),
            (r#"{"op":"drive","pin":3,"level":2}"#, "`level`"),
            (r#"{"op":"spi","bus":0,"reply":"0"}"#, "`reply`"),
            (
                r#"{"op":"i2c","bus":0,"address":1,"registers":"0000","at":255}"#,
                "255",
            ),
        ] {
            assert!(
                order(&mut state, text).unwrap_err().contains(named),
                "{text}"
            );
        }
    }

    #[test]
    fn a_script_is_played_in_time() {
        let text = "{\"at_ms\":2,\"op\":\"drive\",\"pin\":3,\"level\":1}\n{\"at_ms\":1,\"op\":\"adc\",\"channel\":0,\"value\":7}\n";
        let mut script = Script::parse(text).unwrap();
        let wiring = Wiring::new();
        let mut state = wiring.lock();
        script.play(&mut state, 1500);
        assert_eq!((state.channels[0], state.pins[3].driven), (7, None));
        script.play(&mut state, 2000);
        assert_eq!(state.pins[3].driven, Some(true));
        assert!(Script::parse("{}").unwrap_err().contains("line 1"));
    }
}
