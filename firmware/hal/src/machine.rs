//! What `machine` drives: pins, converters, buses, timers, clocks, the chip itself.
//!
//! Errors are POSIX numbers, as Python's `OSError` carries them.

/// The number of an error, such as 5 for EIO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(pub i32);

impl Errno {
    /// Nothing answered or the transfer was refused.
    pub const EIO: Errno = Errno(5);
    /// There is no such device.
    pub const ENODEV: Errno = Errno(19);
    /// An argument is out of range.
    pub const EINVAL: Errno = Errno(22);
    /// The hardware can't do that.
    pub const EOPNOTSUPP: Errno = Errno(95);
    /// It took too long.
    pub const ETIMEDOUT: Errno = Errno(110);
}

/// Result of a hardware operation.
pub type Result<T> = core::result::Result<T, Errno>;

/// How a pin is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinMode {
    /// It is read.
    Input,
    /// It is driven high and low.
    Output,
    /// It is driven low, or let go.
    OpenDrain,
    /// A peripheral has it.
    Alternate,
    /// It is measured.
    Analog,
}

/// The resistor on a pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pull {
    /// None.
    None,
    /// To the supply.
    Up,
    /// To ground.
    Down,
}

/// Changes of a pin that are noticed: bit 0 falling, bit 1 rising.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edges(pub u8);

impl Edges {
    /// No change.
    pub const NONE: Edges = Edges(0);
    /// From high to low.
    pub const FALLING: Edges = Edges(1);
    /// From low to high.
    pub const RISING: Edges = Edges(2);
}

/// General-purpose pins, numbered from 0.
pub trait Pins {
    /// How many there are.
    fn count(&self) -> u16;

    /// The number of a pin with a name, such as `LED`.
    fn find(&self, name: &[u8]) -> Option<u16> {
        let _ = name;
        None
    }

    /// Sets the use of a pin; its output level first, if one is given, so that no pulse is seen.
    ///
    /// # Errors
    /// EINVAL for a pin that can't.
    fn configure(&mut self, pin: u16, mode: PinMode, pull: Pull, level: Option<bool>)
    -> Result<()>;

    /// The use of a pin.
    fn mode(&self, pin: u16) -> PinMode;

    /// The resistor of a pin.
    fn pull(&self, pin: u16) -> Pull;

    /// The level at a pin.
    fn read(&mut self, pin: u16) -> bool;

    /// Drives a pin.
    fn write(&mut self, pin: u16, level: bool);

    /// Chooses the changes that are noticed; [`Edges::NONE`] for none.
    ///
    /// # Errors
    /// EOPNOTSUPP for a pin that can't.
    fn watch(&mut self, pin: u16, edges: Edges) -> Result<()>;

    /// A change that was noticed and not taken yet.
    fn take_event(&mut self) -> Option<(u16, Edges)>;

    /// Microseconds since some start, for timing what is done with pins.
    fn now_us(&mut self) -> u64;

    /// Sends bytes as pulses, most significant bit first: times in nanoseconds for high and low of a 0, high and
    /// low of a 1.
    ///
    /// # Errors
    /// EOPNOTSUPP where the timing can't be kept.
    fn bitstream(&mut self, pin: u16, timing_ns: [u32; 4], data: &[u8]) -> Result<()> {
        let _ = (pin, timing_ns, data);
        Err(Errno::EOPNOTSUPP)
    }
}

/// Measuring voltages.
pub trait Adc {
    /// The channel of a pin.
    fn channel_of(&self, pin: u16) -> Option<u8>;

    /// Whether there is such a channel; some measure no pin, such as a temperature sensor.
    fn has_channel(&self, channel: u8) -> bool;

    /// Measures: 0 is ground, 65535 the reference.
    ///
    /// # Errors
    /// EIO if the converter fails.
    fn read_u16(&mut self, channel: u8) -> Result<u16>;

    /// The reference in microvolts.
    fn reference_uv(&self) -> u32 {
        3_300_000
    }
}

/// Square waves.
pub trait Pwm {
    /// Sets frequency in Hz and the part of the period that is high, of 65535. Frequency 0 switches it off.
    ///
    /// # Errors
    /// EINVAL for a pin or a frequency that can't be.
    fn configure(&mut self, pin: u16, frequency_hz: u32, duty_u16: u16) -> Result<()>;
}

/// A bus with two wires and addressed devices, as its controller.
pub trait I2c {
    /// Sets the frequency in Hz and the pins; `None` leaves those of the bus.
    ///
    /// # Errors
    /// EINVAL for pins the bus can't use.
    fn configure(&mut self, frequency_hz: u32, pins: Option<(u16, u16)>) -> Result<()>;

    /// The pins: clock and data.
    fn pins(&self) -> (u16, u16);

    /// Writes to a device and returns how many bytes it acknowledged. Without `stop` the next transfer follows
    /// with a repeated start.
    ///
    /// # Errors
    /// ENODEV if no device has the address, ETIMEDOUT if the bus is held.
    fn write(&mut self, address: u16, bytes: &[u8], stop: bool) -> Result<usize>;

    /// Reads from a device.
    ///
    /// # Errors
    /// As [`I2c::write`].
    fn read(&mut self, address: u16, buffer: &mut [u8], stop: bool) -> Result<()>;
}

/// How a serial peripheral interface transfers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpiMode {
    /// Frequency in Hz.
    pub baudrate: u32,
    /// The level of the clock at rest.
    pub polarity: bool,
    /// Whether data is read at the second change of the clock.
    pub phase: bool,
    /// Whether the least significant bit comes first.
    pub lsb_first: bool,
}

/// A bus with three wires, as its controller.
pub trait Spi {
    /// Sets the mode and the pins (clock, out, in); `None` leaves those of the bus. Returns the frequency in Hz that
    /// it has from now on.
    ///
    /// # Errors
    /// EINVAL for what the bus can't.
    fn configure(&mut self, mode: SpiMode, pins: [Option<u16>; 3]) -> Result<u32>;

    /// Sends the bytes and puts what comes meanwhile in their place.
    ///
    /// # Errors
    /// EIO if the bus fails.
    fn transfer(&mut self, bytes: &mut [u8]) -> Result<()>;
}

/// How a serial line is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UartMode {
    /// Bits per second.
    pub baudrate: u32,
    /// Bits of a character.
    pub bits: u8,
    /// `Some(false)` even, `Some(true)` odd.
    pub parity: Option<bool>,
    /// Stop bits.
    pub stop: u8,
}

/// A serial line.
pub trait Uart {
    /// Sets the mode and the pins (out, in); `None` leaves those of the line.
    ///
    /// # Errors
    /// EINVAL for what the line can't.
    fn configure(&mut self, mode: UartMode, pins: [Option<u16>; 2]) -> Result<()>;

    /// How many bytes can be read at once.
    fn readable(&mut self) -> usize;

    /// Takes bytes that have come, 0 when there are none. Never waits.
    fn read(&mut self, buffer: &mut [u8]) -> usize;

    /// Takes bytes to be sent, 0 when there is no room now. Never waits.
    fn write(&mut self, bytes: &[u8]) -> usize;

    /// Whether everything has been sent.
    fn is_idle(&mut self) -> bool;

    /// Holds the line low for longer than a character.
    fn send_break(&mut self) {}
}

/// Timers, numbered from 0.
pub trait Timers {
    /// How many there are.
    fn count(&self) -> u8;

    /// Starts a timer, `None` stops it. It fires after the period, and again after each if `periodic`.
    fn set(&mut self, timer: u8, period_us: Option<u64>, periodic: bool);

    /// A timer that has fired and was not taken yet.
    fn take_event(&mut self) -> Option<u8>;
}

/// The clock of the calendar.
pub trait Rtc {
    /// Nanoseconds since 1970-01-01.
    fn now_ns(&mut self) -> u64;

    /// Sets the clock.
    fn set_ns(&mut self, now_ns: u64);
}

/// Resets the chip unless it is fed.
pub trait Watchdog {
    /// Starts it with a time-out in milliseconds.
    ///
    /// # Errors
    /// EINVAL for a time it can't wait.
    fn start(&mut self, timeout_ms: u32) -> Result<()>;

    /// Starts the time again.
    fn feed(&mut self);
}

/// Why the chip was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetCause {
    /// It was switched on.
    Power,
    /// Its reset pin, or a request of the program.
    Hard,
    /// The watchdog.
    Watchdog,
    /// It woke from deep sleep.
    DeepSleep,
    /// A soft reset.
    Soft,
}

/// The chip itself.
pub trait System {
    /// Starts the chip again. A simulated one notes it and returns; the program is then ended.
    fn reset(&mut self);

    /// Starts the loader for firmware; as [`System::reset`].
    fn bootloader(&mut self) {
        self.reset();
    }

    /// Why it was started.
    fn reset_cause(&self) -> ResetCause {
        ResetCause::Power
    }

    /// A number that no other board has, up to 16 bytes; how many.
    fn unique_id(&mut self, id: &mut [u8; 16]) -> usize;

    /// The frequency of the processor in Hz.
    fn frequency_hz(&self) -> u32;

    /// Sets the frequency of the processor.
    ///
    /// # Errors
    /// EINVAL for one it can't have.
    fn set_frequency_hz(&mut self, frequency_hz: u32) -> Result<()> {
        let _ = frequency_hz;
        Err(Errno::EINVAL)
    }

    /// Waits for the next interrupt.
    fn idle(&mut self) {}

    /// Sleeps without losing anything, for a time in microseconds or until an interrupt.
    fn light_sleep(&mut self, limit_us: Option<u64>);

    /// Sleeps and starts again afterwards; as [`System::reset`].
    fn deep_sleep(&mut self, limit_us: Option<u64>);

    /// Switches interrupts off and returns what [`System::enable_interrupts`] is to be given.
    fn disable_interrupts(&mut self) -> usize {
        0
    }

    /// Switches interrupts back to what they were.
    fn enable_interrupts(&mut self, before: usize) {
        let _ = before;
    }

    /// Reads a register or memory; `width` is 1, 2 or 4 bytes. `None` where nothing may be read.
    fn peek(&mut self, address: usize, width: u8) -> Option<u32> {
        let _ = (address, width);
        None
    }

    /// Writes a register; false where nothing may be written.
    fn poke(&mut self, address: usize, width: u8, value: u32) -> bool {
        let _ = (address, width, value);
        false
    }
}
