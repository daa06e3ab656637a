//! Pins, converter, waves and buses of the simulated board.

use upy_hal::machine::{
    Adc, Edges, Errno, I2c, PinMode, Pins, Pull, Pwm, Result, Spi, SpiMode, Uart, UartMode,
};

use super::wiring::{CHANNELS, Device, PINS, Wiring};

/// The first pin that can be measured.
const FIRST_ANALOG: u16 = 26;
/// The lamp of a Pico.
const LED: u16 = 25;

/// The pins.
#[derive(Debug)]
pub(super) struct SimPins {
    pub(super) wiring: Wiring,
}

impl Pins for SimPins {
    fn count(&self) -> u16 {
        PINS as u16
    }

    fn find(&self, name: &[u8]) -> Option<u16> {
        (name == b"LED").then_some(LED)
    }

    fn configure(
        &mut self,
        pin: u16,
        mode: PinMode,
        pull: Pull,
        level: Option<bool>,
    ) -> Result<()> {
        let mut state = self.wiring.lock();
        let number = state.pin(pin)?;
        state.change(number, |pin| {
            pin.mode = mode;
            pin.pull = pull;
            pin.output = level.unwrap_or(pin.output);
            pin.wave = None;
        });
        Ok(())
    }

    fn mode(&self, pin: u16) -> PinMode {
        let state = self.wiring.lock();
        let pin = state.pins.get(usize::from(pin));
        pin.map_or(PinMode::Input, |pin| pin.mode)
    }

    fn pull(&self, pin: u16) -> Pull {
        let state = self.wiring.lock();
        let pin = state.pins.get(usize::from(pin));
        pin.map_or(Pull::None, |pin| pin.pull)
    }

    fn read(&mut self, pin: u16) -> bool {
        let state = self.wiring.lock();
        let pin = state.pins.get(usize::from(pin));
        pin.is_some_and(|pin| pin.level())
    }

    fn write(&mut self, pin: u16, level: bool) {
        let mut state = self.wiring.lock();
        state.change(usize::from(pin), |pin| pin.output = level);
    }

    fn watch(&mut self, pin: u16, edges: Edges) -> Result<()> {
        let mut state = self.wiring.lock();
        let number = state.pin(pin)?;
        state.change(number, |pin| pin.watched = edges);
        Ok(())
    }

    fn take_event(&mut self) -> Option<(u16, Edges)> {
        self.wiring.lock().events.pop_front()
    }

    fn now_us(&mut self) -> u64 {
        // Every look takes a microsecond, so that a program that moves pins in a loop gets on.
        let mut state = self.wiring.lock();
        state.now_us += 1;
        state.now_us
    }

    fn bitstream(&mut self, pin: u16, _: [u32; 4], data: &[u8]) -> Result<()> {
        let mut state = self.wiring.lock();
        state.pin(pin)?;
        // Pulses of fractions of a microsecond: what hangs on the pin gets the bytes.
        state.spi[0].keep(data);
        Ok(())
    }
}

/// The converter.
#[derive(Debug)]
pub(super) struct SimAdc {
    pub(super) wiring: Wiring,
}

impl Adc for SimAdc {
    fn channel_of(&self, pin: u16) -> Option<u8> {
        let channel = pin.checked_sub(FIRST_ANALOG)?;
        (usize::from(channel) < CHANNELS - 1).then_some(channel as u8)
    }

    fn has_channel(&self, channel: u8) -> bool {
        usize::from(channel) < CHANNELS
    }

    fn read_u16(&mut self, channel: u8) -> Result<u16> {
        let state = self.wiring.lock();
        let value = state.channels.get(usize::from(channel));
        value.copied().ok_or(Errno::EINVAL)
    }
}

/// The waves.
#[derive(Debug)]
pub(super) struct SimPwm {
    pub(super) wiring: Wiring,
}

impl Pwm for SimPwm {
    fn configure(&mut self, pin: u16, frequency_hz: u32, duty_u16: u16) -> Result<()> {
        let mut state = self.wiring.lock();
        let number = state.pin(pin)?;
        state.change(number, |pin| {
            pin.mode = PinMode::Alternate;
            pin.wave = (frequency_hz > 0).then_some((frequency_hz, duty_u16));
        });
        Ok(())
    }
}

/// A two-wire bus.
#[derive(Debug)]
pub(super) struct SimI2c {
    pub(super) wiring: Wiring,
    pub(super) bus: usize,
    pub(super) pins: (u16, u16),
}

impl SimI2c {
    fn device<R>(&mut self, address: u16, work: impl FnOnce(&mut Device) -> R) -> Result<R> {
        let mut state = self.wiring.lock();
        let device = state.devices[self.bus].get_mut(&address);
        device.map(work).ok_or(Errno::ENODEV)
    }
}

impl I2c for SimI2c {
    fn configure(&mut self, _: u32, pins: Option<(u16, u16)>) -> Result<()> {
        if let Some((scl, sda)) = pins {
            let state = self.wiring.lock();
            state.pin(scl)?;
            state.pin(sda)?;
            self.pins = (scl, sda);
        }
        Ok(())
    }

    fn pins(&self) -> (u16, u16) {
        self.pins
    }

    fn write(&mut self, address: u16, bytes: &[u8], _: bool) -> Result<usize> {
        self.device(address, |device| device.write(bytes))?;
        Ok(bytes.len())
    }

    fn read(&mut self, address: u16, buffer: &mut [u8], _: bool) -> Result<()> {
        self.device(address, |device| device.read(buffer))
    }
}

/// A three-wire bus: what comes is what was laid ready, or 0xff.
#[derive(Debug)]
pub(super) struct SimSpi {
    pub(super) wiring: Wiring,
    pub(super) bus: usize,
}

impl Spi for SimSpi {
    fn configure(&mut self, mode: SpiMode, pins: [Option<u16>; 3]) -> Result<u32> {
        let state = self.wiring.lock();
        for pin in pins.into_iter().flatten() {
            state.pin(pin)?;
        }
        Ok(mode.baudrate)
    }

    fn transfer(&mut self, bytes: &mut [u8]) -> Result<()> {
        let mut state = self.wiring.lock();
        let stream = &mut state.spi[self.bus];
        stream.keep(bytes);
        for byte in bytes {
            *byte = stream.incoming.pop_front().unwrap_or(0xff);
        }
        Ok(())
    }
}

/// A serial line.
#[derive(Debug)]
pub(super) struct SimUart {
    pub(super) wiring: Wiring,
    pub(super) line: usize,
}

impl Uart for SimUart {
    fn configure(&mut self, _: UartMode, pins: [Option<u16>; 2]) -> Result<()> {
        let state = self.wiring.lock();
        for pin in pins.into_iter().flatten() {
            state.pin(pin)?;
        }
        Ok(())
    }

    fn readable(&mut self) -> usize {
        self.wiring.lock().uart[self.line].incoming.len()
    }

    fn read(&mut self, buffer: &mut [u8]) -> usize {
        let mut state = self.wiring.lock();
        let incoming = &mut state.uart[self.line].incoming;
        let count = incoming.len().min(buffer.len());
        for (slot, byte) in buffer.iter_mut().zip(incoming.drain(..count)) {
            *slot = byte;
        }
        count
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        self.wiring.lock().uart[self.line].keep(bytes);
        bytes.len()
    }

    fn is_idle(&mut self) -> bool {
        true
    }
}
