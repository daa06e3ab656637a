//! From an open port to a loader that answers: the reset into the boot loader, the first words, the
//! chip, the stub.
//!
//! DTR and RTS drive two transistors on most boards: RTS alone holds the chip in reset, DTR alone pulls
//! the pin low that chooses the boot loader. The order below never lets the chip leave reset with that
//! pin high. Espressif's own USB port copies the lines with a state machine of its own and wants a
//! different order.
//!
//! Source: Espressif's "Boot Mode Selection" (esptool documentation); delays as given there.

use std::time::{Duration, Instant};

use super::Options;
use super::chip::{Chip, Security};
use super::link::{Link, PROMPT, op, words};
use super::stub::Stub;
use crate::error::{Code, Error, Result};
use crate::output::sanitise;
use crate::transport::Transport;

/// Answers to SYNC come at once or never.
const SYNC_WAIT: Duration = Duration::from_millis(150);
/// How often the chip is reset, and how often each time it is spoken to.
const RESETS: usize = 6;
const SYNCS: usize = 5;
/// How long the chip is held in reset.
const HOLD: Duration = Duration::from_millis(100);
/// How long the boot pin is held after it; boards with a large capacitor need the long one.
const PULLS: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(550)];
/// What FLASH_END starts: the loader anew, or the program.
const LOADER: u32 = 0;
const PROGRAM: u32 = 1;
/// The key that opens a watchdog's registers.
const WATCHDOG_KEY: u32 = 0x50d8_3aa1;
/// On, with a reset of the whole chip at its first stage, of the longest pulse.
const WATCHDOG_ON: u32 = 1 << 31 | 5 << 28 | 1 << 8 | 2;
/// How long it waits, in periods of the slow clock, and what that is at most.
const WATCHDOG_TICKS: u32 = 2000;
const WATCHDOG_WAIT: Duration = Duration::from_millis(100);

/// How the chip hangs on the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wiring {
    /// A UART with the two transistors, or without.
    Uart,
    /// Espressif's USB port with the serial and debug function.
    UsbSerial,
    /// Espressif's USB port driven by the ROM.
    UsbOtg,
}

impl Wiring {
    /// By the USB numbers of the port.
    pub(super) fn of(vid: Option<u16>, pid: Option<u16>) -> Self {
        match (vid, pid) {
            (Some(0x303a), Some(0x1001)) => Self::UsbSerial,
            (Some(0x303a), Some(0x0002 | 0x0009)) => Self::UsbOtg,
            _ => Self::Uart,
        }
    }

    /// The largest block of memory that the loader takes.
    pub(super) fn memory_block(self) -> usize {
        if self == Self::UsbOtg { 0x800 } else { 0x1800 }
    }
}

/// A loader that answers.
pub(super) struct Connected {
    pub(super) link: Link,
    pub(super) chip: Chip,
    pub(super) security: Security,
    pub(super) revision: Option<(u32, u32)>,
    /// The stub runs, not the ROM.
    pub(super) stub: bool,
    /// The port has lines to reset the chip with.
    pub(super) has_lines: bool,
    pub(super) wiring: Wiring,
}

fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// Sets lines in order: `(dtr, rts, how long after)`.
fn sequence(transport: &mut dyn Transport, steps: &[(bool, bool, Duration)]) -> Result<()> {
    for (dtr, rts, after) in steps {
        transport.set_lines(Some(*dtr), None)?;
        transport.set_lines(None, Some(*rts))?;
        pause(*after);
    }
    Ok(())
}

/// Resets the chip into its boot loader.
fn into_loader(transport: &mut dyn Transport, wiring: Wiring, pull: Duration) -> Result<()> {
    let none = Duration::ZERO;
    match wiring {
        Wiring::UsbSerial => sequence(
            transport,
            &[
                (false, false, HOLD),
                (true, false, HOLD),
                (true, true, none),
                (false, true, HOLD),
                (false, false, none),
            ],
        ),
        _ => sequence(
            transport,
            &[
                (false, false, none),
                (false, true, HOLD),
                (true, true, none),
                (true, false, pull),
                (false, false, none),
            ],
        ),
    }
}

/// Resets the chip so that it starts its program.
pub(super) fn into_program(transport: &mut dyn Transport) -> Result<()> {
    sequence(
        transport,
        &[(false, true, HOLD), (false, false, Duration::ZERO)],
    )
}

/// What answers SYNC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    Nothing,
    Rom,
    Stub,
}

/// Says SYNC until the loader answers.
fn sync(link: &mut Link) -> Result<Heard> {
    let mut hello = vec![0x07, 0x07, 0x12, 0x20];
    hello.resize(36, 0x55);
    for _ in 0..SYNCS {
        match link.request(op::SYNC, &hello, SYNC_WAIT) {
            Ok(answer) => {
                // The ROM answers seven times more, each time with a number.
                link.frames.drain(Duration::from_millis(50))?;
                return Ok(if answer.value == 0 {
                    Heard::Stub
                } else {
                    Heard::Rom
                });
            }
            Err(super::link::Failure::Lost(error)) => return Err(error),
            Err(_) => {}
        }
    }
    Ok(Heard::Nothing)
}

/// Listens for a loader that somebody has left at the rate that is flashed with.
fn sync_fast(link: &mut Link, options: &Options) -> Result<Heard> {
    if options.baud == options.opened_baud || link.transport().set_baud(options.baud).is_err() {
        return Ok(Heard::Nothing);
    }
    let heard = sync(link)?;
    if heard != Heard::Nothing {
        let back = words(&[
            options.opened_baud,
            if heard == Heard::Stub {
                options.baud
            } else {
                0
            },
        ]);
        let name = link.name();
        let told = link.request(op::CHANGE_BAUD, &back, PROMPT);
        told.map_err(|failure| failure.while_("change its baud rate", &name))?;
    }
    link.transport().set_baud(options.opened_baud)?;
    link.frames.drain(Duration::from_millis(20))?;
    Ok(heard)
}

/// Finds the loader and the chip.
///
/// # Errors
/// [`Code::NoAnswer`] when nothing answers like a loader, [`Code::Unsupported`] for an unknown chip.
pub(super) fn connect(
    transport: Box<dyn Transport>,
    wiring: Wiring,
    options: &Options,
) -> Result<Connected> {
    let mut link = Link::new(transport);
    let (mut has_lines, mut said) = (true, Vec::new());
    // It may be there already: a button, or the flash that broke off before.
    let mut heard = sync(&mut link)?;
    for round in 0..RESETS {
        if heard != Heard::Nothing {
            break;
        }
        if has_lines {
            match into_loader(link.transport(), wiring, PULLS[round % PULLS.len()]) {
                Ok(()) => {}
                Err(error) if error.code() == Code::Unsupported => has_lines = false,
                Err(error) => return Err(error),
            }
        }
        said = link.frames.drain(Duration::from_millis(50))?;
        heard = sync(&mut link)?;
        if !has_lines && heard == Heard::Nothing && round == 0 {
            heard = sync_fast(&mut link, options)?;
        }
    }
    if heard == Heard::Nothing {
        return Err(no_loader(&link.name(), &said, has_lines));
    }
    if has_lines {
        // Only asking tells whether there are lines when the loader was there from the beginning.
        // RTS goes first: alone it would reset the chip.
        let transport = link.transport();
        let released = transport.set_lines(None, Some(false));
        has_lines = released
            .and_then(|()| transport.set_lines(Some(false), None))
            .is_ok();
    }
    if heard == Heard::Stub {
        link.status_bytes = 2;
    }
    let (chip, security) = identify(&mut link, heard)?;
    let mut connected = Connected {
        link,
        chip,
        security,
        revision: None,
        stub: heard == Heard::Stub,
        has_lines,
        wiring,
    };
    if !security.secure_download {
        let name = connected.link.name();
        connected.revision = chip
            .revision(&mut connected.link)
            .map_err(|failure| failure.while_("tell its revision", &name))?;
        connected.quiet_watchdog(&name)?;
    }
    Ok(connected)
}

fn no_loader(port: &str, said: &[u8], has_lines: bool) -> Error {
    let text = sanitise::lossy(said);
    let last = text
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let error = Error::new(
        Code::NoAnswer,
        format!("No Espressif boot loader answers on `{port}`"),
    );
    let error = if last.is_empty() {
        error
    } else {
        error.hint(format!(
            "The last it said: `{}`",
            sanitise::line(last.trim())
        ))
    };
    let error = if text.contains("waiting for download") {
        error.hint("It waits for a download but does not hear: the line from this computer to the board is broken")
    } else if has_lines {
        error.hint("Hold BOOT (or FLASH, IO0), press and release reset, release BOOT, and run the command again")
    } else {
        error.hint(format!(
            "`{port}` has no DTR and RTS lines: hold BOOT (IO0), press and release reset, and run the command again"
        ))
    };
    error.hint("Nothing was written")
}

/// The chip and what its fuses forbid.
fn identify(link: &mut Link, heard: Heard) -> Result<(Chip, Security)> {
    let name = link.name();
    if let Ok(answer) = link.request(op::SECURITY_INFO, &[], PROMPT)
        && let Some(security) = Security::of(&answer.data)
    {
        let number = answer
            .data
            .get(12..16)
            .and_then(|bytes| bytes.try_into().ok());
        if let Some(number) = number.map(u32::from_le_bytes) {
            let chip = Chip::from_number(number)
                .ok_or_else(|| unknown(&name, &format!("number {number}")))?;
            return Ok((chip, security));
        }
        // The ESP32-S2 does not say which chip it is; in secure download mode it says nothing else.
        let chip = if security.secure_download {
            Chip::from_number(2)
        } else {
            magic(link, &name)?
        };
        return Ok((
            chip.ok_or_else(|| unknown(&name, "no known number"))?,
            security,
        ));
    }
    // The status of these answers is short on an ESP8266 and long on an ESP32.
    link.frames.drain(Duration::from_millis(20))?;
    let chip = magic(link, &name)?.ok_or_else(|| unknown(&name, "no known number in its ROM"))?;
    let is_short = chip == Chip::Esp8266 || heard == Heard::Stub;
    link.status_bytes = if is_short { 2 } else { 4 };
    let security = chip
        .fuses(link)
        .map_err(|failure| failure.while_("tell its fuses", &name))?;
    Ok((chip, security))
}

fn magic(link: &mut Link, name: &str) -> Result<Option<Chip>> {
    Chip::ask(link).map_err(|failure| failure.while_("tell its chip", name))
}

fn unknown(port: &str, what: &str) -> Error {
    Error::new(
        Code::Unsupported,
        format!("The chip on `{port}` is none that `ucli` knows ({what})"),
    )
    .hint("Known: ESP8266, ESP32, S2, S3, C2, C3, C5, C6, C61, H2")
}

impl Connected {
    /// On Espressif's USB port the boot loader keeps a watchdog running that would reset a long write.
    fn quiet_watchdog(&mut self, name: &str) -> Result<()> {
        let (Wiring::UsbSerial, Some((protection, configuration, _))) =
            (self.wiring, self.chip.watchdog())
        else {
            return Ok(());
        };
        for (address, value) in [
            (protection, WATCHDOG_KEY),
            (configuration, 0),
            (protection, 0),
        ] {
            let written = self.link.write_register(address, value);
            written.map_err(|failure| failure.while_("stop its watchdog", name))?;
        }
        Ok(())
    }

    /// Loads the stub into the chip's memory and starts it.
    pub(super) fn load_stub(&mut self, stub: &Stub) -> Result<()> {
        let name = self.link.name();
        let most = self.wiring.memory_block();
        for (address, bytes) in [(stub.text_start, &stub.text), (stub.data_start, &stub.data)] {
            if bytes.is_empty() {
                continue;
            }
            let failed =
                |failure: super::link::Failure| failure.while_("take its helper program", &name);
            let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            let blocks = bytes.len().div_ceil(most);
            let begin = words(&[number(bytes.len()), number(blocks), number(most), address]);
            self.link
                .request(op::MEM_BEGIN, &begin, PROMPT)
                .map_err(failed)?;
            for (index, block) in bytes.chunks(most).enumerate() {
                self.link
                    .block(op::MEM_DATA, number(index), block, PROMPT)
                    .map_err(failed)?;
            }
        }
        let started = self.link.request(
            op::MEM_END,
            &words(&[0, stub.entry]),
            Duration::from_millis(500),
        );
        // Some ROMs start it before the answer is out; its first word says that it runs.
        match started {
            Ok(_) | Err(super::link::Failure::Silent) => {}
            Err(failure) => return Err(failure.while_("start its helper program", &name)),
        }
        let deadline = Instant::now() + PROMPT;
        while let Some(frame) = self.link.frames.next(deadline)? {
            if frame == b"OHAI" {
                self.stub = true;
                self.link.status_bytes = 2;
                return Ok(());
            }
        }
        Err(Error::new(
            Code::NoAnswer,
            format!("The helper program does not start on the chip on `{name}`"),
        )
        .hint("`--no-stub` does without it"))
    }

    /// Goes to another baud rate; stays where it is when the loader is not heard there.
    pub(super) fn change_baud(&mut self, baud: u32, old: u32) -> Result<bool> {
        if baud == old || !self.chip.has_rich_rom() || self.security.secure_download {
            return Ok(baud == old);
        }
        let before = if self.stub { old } else { 0 };
        if self
            .link
            .request(op::CHANGE_BAUD, &words(&[baud, before]), PROMPT)
            .is_err()
        {
            return Ok(false);
        }
        match self.link.transport().set_baud(baud) {
            Err(error) if error.code() == Code::Unsupported => return Ok(false),
            other => other?,
        }
        self.link.frames.drain(Duration::from_millis(50))?;
        if sync(&mut self.link)? != Heard::Nothing {
            return Ok(true);
        }
        Err(Error::new(
            Code::NoAnswer,
            format!(
                "The boot loader on `{}` is not understood at {baud} baud",
                self.link.name()
            ),
        )
        .hint("Nothing was written. Try `--baud 115200`, a shorter cable or another adapter"))
    }

    /// Ends the stub, so that the ROM waits again, at `baud`.
    pub(super) fn leave_stub(&mut self, baud: u32) -> Result<()> {
        if !self.stub {
            return Ok(());
        }
        self.finish(LOADER)?;
        self.link.frames.drain(Duration::from_millis(50))?;
        match self.link.transport().set_baud(baud) {
            Err(error) if error.code() != Code::Unsupported => return Err(error),
            _ => {}
        }
        self.stub = false;
        self.link.status_bytes = if self.chip.has_rich_rom() { 4 } else { 2 };
        Ok(())
    }

    /// Starts the program on a port without lines: the watchdog resets the chip, which then looks at its
    /// boot pin again. A chip without such a watchdog is told to go on, which not every ROM does.
    pub(super) fn run_program(&mut self, baud: u32) -> Result<()> {
        let name = self.link.name();
        if let Some((protection, configuration, time)) = self.chip.watchdog() {
            let steps = [
                (protection, WATCHDOG_KEY),
                (time, WATCHDOG_TICKS),
                (configuration, WATCHDOG_ON),
            ];
            for (address, value) in steps {
                let written = self.link.write_register(address, value);
                written.map_err(|failure| failure.while_("restart", &name))?;
            }
            // The lock may come too late, and does not matter then.
            if let Err(super::link::Failure::Lost(error)) = self.link.write_register(protection, 0)
            {
                return Err(error);
            }
            std::thread::sleep(WATCHDOG_WAIT);
            return match self.link.transport().set_baud(baud) {
                Err(error) if error.code() != Code::Unsupported => Err(error),
                _ => Ok(()),
            };
        }
        self.leave_stub(baud)?;
        if sync(&mut self.link)? == Heard::Nothing {
            return Err(Error::new(
                Code::NoAnswer,
                format!(
                    "`{}` does not start its program by itself",
                    self.link.name()
                ),
            )
            .hint("The firmware is written and checked: press reset"));
        }
        self.finish(PROGRAM)
    }

    /// Ends what was written and says what comes next. The answer may get lost in the restart.
    fn finish(&mut self, next: u32) -> Result<()> {
        let mut begin = words(&[0; 4]);
        if self.chip.has_fifth_word() && !self.stub {
            begin.extend_from_slice(&words(&[0]));
        }
        for (request, data) in [(op::FLASH_BEGIN, begin), (op::FLASH_END, words(&[next]))] {
            if let Err(super::link::Failure::Lost(error)) =
                self.link.request(request, &data, PROMPT / 3)
            {
                return Err(error);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Link as Kind;

    /// A port that remembers what its lines were set to, one call a step.
    #[derive(Default)]
    struct Lines(Vec<(Option<bool>, Option<bool>)>);

    impl Transport for Lines {
        fn read(&mut self, _: &mut [u8], _: Instant) -> Result<usize> {
            Ok(0)
        }
        fn write(&mut self, bytes: &[u8], _: Instant) -> Result<usize> {
            Ok(bytes.len())
        }
        fn writer(&mut self) -> Result<Box<dyn std::io::Write + Send>> {
            Err(Error::new(Code::Unsupported, "no"))
        }
        fn set_lines(&mut self, dtr: Option<bool>, rts: Option<bool>) -> Result<()> {
            self.0.push((dtr, rts));
            Ok(())
        }
        fn link(&self) -> Kind {
            Kind::Uart
        }
        fn name(&self) -> &str {
            "lines"
        }
    }

    /// The steps as `d`, `D`, `r`, `R`: a line released or asserted.
    fn steps(run: impl FnOnce(&mut dyn Transport) -> Result<()>) -> String {
        let mut lines = Lines::default();
        run(&mut lines).unwrap();
        let letter = |step: &(Option<bool>, Option<bool>)| match step {
            (Some(dtr), None) => {
                if *dtr {
                    'D'
                } else {
                    'd'
                }
            }
            (None, Some(rts)) => {
                if *rts {
                    'R'
                } else {
                    'r'
                }
            }
            _ => '?',
        };
        lines.0.iter().map(letter).collect()
    }

    /// Line by line: with the two transistors the chip is never out of reset (`r`) with the boot pin high (`d`)
    /// before it has started in its loader; Espressif's own port never passes through both released in between.
    #[test]
    fn lines_go_step_by_step() {
        let into = |wiring| steps(|port| into_loader(port, wiring, Duration::ZERO));
        assert_eq!(into(Wiring::Uart), "drdRDRDrdr");
        assert_eq!(into(Wiring::UsbOtg), "drdRDRDrdr");
        assert_eq!(into(Wiring::UsbSerial), "drDrDRdRdr");
        assert_eq!(steps(into_program), "dRdr");
    }

    #[test]
    fn wiring_follows_from_usb_numbers() {
        assert_eq!(Wiring::of(Some(0x303a), Some(0x1001)), Wiring::UsbSerial);
        assert_eq!(Wiring::of(Some(0x303a), Some(0x0002)), Wiring::UsbOtg);
        assert_eq!(Wiring::of(Some(0x10c4), Some(0xea60)), Wiring::Uart);
        assert_eq!(Wiring::of(None, None), Wiring::Uart);
    }
}
