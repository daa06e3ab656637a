//! What a test does to the bench and what it sees there.

use std::collections::BTreeMap;

use upy_hal::machine::{PinMode, Pull};

use super::bench::{Bench, CHANNELS, Device, PINS};

/// How something on the bench is changed, for messages.
pub const FORM: &str = "PIN=0|1|z, adcN=0…65535, i2c:ADDRESS=HEX, uartN=HEX or spiN=HEX";

/// What is on a pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinView {
    /// `input`, `output`, `open drain`, `alternate`, `analog`.
    pub mode: &'static str,
    /// `up`, `down` or `none`.
    pub pull: &'static str,
    /// The level one would measure.
    pub level: bool,
    /// What somebody outside does with it.
    pub driven: Option<bool>,
    /// Frequency in Hz and duty of 65535 of a square wave.
    pub pwm: Option<(u32, u16)>,
}

/// A device on the two-wire buses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceView {
    /// Its registers.
    pub registers: Vec<u8>,
    /// What was written to it, one entry per transfer.
    pub written: Vec<Vec<u8>>,
}

/// All that a test sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The pins by number.
    pub pins: Vec<PinView>,
    /// The converter's channels.
    pub adc: Vec<u16>,
    /// Devices by address.
    pub i2c: BTreeMap<u16, DeviceView>,
    /// The last bytes sent on each serial line.
    pub uart: Vec<Vec<u8>>,
    /// The last bytes sent on each three-wire bus.
    pub spi: Vec<Vec<u8>>,
}

impl Bench {
    /// Shows everything.
    pub(crate) fn view(&self) -> View {
        let state = self.state();
        View {
            pins: state
                .pins
                .iter()
                .map(|pin| PinView {
                    mode: match pin.mode {
                        PinMode::Input => "input",
                        PinMode::Output => "output",
                        PinMode::OpenDrain => "open drain",
                        PinMode::Alternate => "alternate",
                        PinMode::Analog => "analog",
                    },
                    pull: match pin.pull {
                        Pull::None => "none",
                        Pull::Up => "up",
                        Pull::Down => "down",
                    },
                    level: pin.level(),
                    driven: pin.driven,
                    pwm: pin.pwm,
                })
                .collect(),
            adc: state.adc.to_vec(),
            i2c: state
                .devices
                .iter()
                .map(|(&address, device)| {
                    let view = DeviceView {
                        registers: device.registers.to_vec(),
                        written: device.written.clone(),
                    };
                    (address, view)
                })
                .collect(),
            uart: sent(&state.uart),
            spi: sent(&state.spi),
        }
    }

    /// Changes one thing; see [`FORM`].
    ///
    /// # Errors
    /// A sentence for the user.
    pub(crate) fn set(&self, word: &str) -> Result<(), String> {
        let wrong = || format!("`{word}` changes nothing on the bench: {FORM}");
        let (what, value) = word.split_once('=').ok_or_else(wrong)?;
        if let Some(channel) = what.strip_prefix("adc") {
            let channel = number(channel).filter(|&channel| channel < CHANNELS);
            let level = value.parse::<u16>().ok();
            let (Some(channel), Some(level)) = (channel, level) else {
                return Err(wrong());
            };
            self.state().adc[channel] = level;
            return Ok(());
        }
        if let Some(address) = what.strip_prefix("i2c:") {
            let address = match address.strip_prefix("0x") {
                Some(digits) => u16::from_str_radix(digits, 16).ok(),
                None => address.parse().ok(),
            };
            let address = address.filter(|&address| address < 128).ok_or_else(wrong)?;
            let bytes = hex(value)
                .filter(|bytes| bytes.len() <= 256)
                .ok_or_else(wrong)?;
            let mut state = self.state();
            let device = state.devices.entry(address).or_insert_with(|| Device {
                registers: [0; 256],
                at: 0,
                written: Vec::new(),
            });
            device.registers[..bytes.len()].copy_from_slice(&bytes);
            return Ok(());
        }
        for (name, is_uart) in [("uart", true), ("spi", false)] {
            if let Some(rest) = what.strip_prefix(name) {
                let line = number(rest).filter(|&line| line < 2).ok_or_else(wrong)?;
                let bytes = hex(value).ok_or_else(wrong)?;
                let mut state = self.state();
                let lanes = if is_uart {
                    &mut state.uart
                } else {
                    &mut state.spi
                };
                lanes[line].incoming.extend(bytes);
                return Ok(());
            }
        }
        let pin = number(what).filter(|&pin| pin < PINS).ok_or_else(wrong)?;
        let driven = match value {
            "0" => Some(false),
            "1" => Some(true),
            "z" => None,
            _ => return Err(wrong()),
        };
        self.change(pin as u16, |pin| pin.driven = driven);
        Ok(())
    }
}

fn sent(lanes: &[super::bench::Lane]) -> Vec<Vec<u8>> {
    lanes
        .iter()
        .map(|lane| lane.sent.iter().copied().collect())
        .collect()
}

fn number(digits: &str) -> Option<usize> {
    digits.parse().ok()
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.is_ascii() {
        return None;
    }
    (0..digits.len() / 2)
        .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bench_is_set_and_seen() {
        let bench = Bench::new();
        for word in ["5=1", "adc0=1234", "i2c:0x48=1950", "uart1=6869", "spi0=ff"] {
            bench.set(word).expect(word);
        }
        let view = bench.view();
        assert_eq!(
            (view.pins[5].driven, view.pins[5].level),
            (Some(true), true)
        );
        assert_eq!(view.adc[0], 1234);
        assert_eq!(view.i2c[&0x48].registers[..3], [0x19, 0x50, 0]);
        bench.set("5=z").expect("a form");
        assert!(!bench.view().pins[5].level);
    }

    #[test]
    fn nonsense_is_named() {
        let bench = Bench::new();
        for word in [
            "",
            "5",
            "30=1",
            "5=2",
            "adc5=1",
            "adc0=70000",
            "i2c:200=00",
            "i2c:1=0",
            "uart2=00",
            "i2c:1=zz",
        ] {
            assert!(
                bench.set(word).is_err_and(|why| why.contains(word)),
                "{word}"
            );
        }
    }
}
