//! One program for each class of `machine`, in `tests/ports/conformance`: on every emulated board that has the part
//! and on the simulated board, with the same things on the pins and the same output.
//!
//! On the pins are: a wire between two of them, half of the supply at a channel of the converter, a memory of 256
//! bytes at address 0x50 of a two-wire bus, a wire from out to in of a three-wire bus and of a serial line.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use super::Port;
use super::emulator::{Emulator, Machine, espressif, pico_with_parts};
use super::smoke::ucli;
use crate::run::output;
use crate::{Failed, Result, root, target};

/// What a board has and which of its pins are used.
struct Bench {
    /// Programs, by their names.
    programs: &'static [&'static str],
    /// Python that names the pins.
    pins: &'static str,
}

const ALL: [&str; 9] = [
    "pin", "adc", "pwm", "i2c", "spi", "uart", "timer", "rtc", "system",
];

/// And what no other board has.
const ESPRESSIF: [&str; 10] = [
    "pin", "adc", "pwm", "i2c", "spi", "uart", "timer", "rtc", "system", "esp32",
];

const PICO: [&str; 11] = [
    "pin", "adc", "pwm", "i2c", "spi", "uart", "timer", "rtc", "system", "pio", "pico",
];

const SIMULATED: Bench = Bench {
    programs: &ALL,
    pins: "A=2\nB=3\nANALOG=26\nTWO_WIRE=(0,5,4)\nTHREE_WIRE=(0,6,7,8)\nSERIAL=(1,12,13)\n",
};

/// What is asked of a radio that is in no emulator.
const RADIO: Bench = Bench {
    programs: &["radio"],
    pins: "",
};

/// Orders for the simulated board.
const ORDERS: [&str; 5] = [
    r#"{"op":"join","pins":[2,3]}"#,
    r#"{"op":"adc","channel":0,"value":32768}"#,
    r#"{"op":"i2c","bus":0,"address":80,"size":256,"address_bytes":1}"#,
    r#"{"op":"loop","spi":0}"#,
    r#"{"op":"loop","line":1}"#,
];

impl Machine {
    fn bench(self) -> Option<Bench> {
        match self {
            Self::Pico => Some(Bench {
                programs: &PICO,
                pins: "A=2\nB=3\nANALOG=26\nTWO_WIRE=(0,5,4)\nTHREE_WIRE=(0,18,19,16)\nSERIAL=(1,8,9)\nHEARD=15\n",
            }),
            Self::Esp32c3 => Some(Bench {
                programs: &ESPRESSIF,
                pins: "A=3\nB=10\nANALOG=0\nTWO_WIRE=(0,9,8)\nTHREE_WIRE=(1,6,7,2)\nSERIAL=(1,4,5)\n",
            }),
            // No pins, converters, buses or second line: the machine `virt` of QEMU has none.
            Self::RiscV => Some(Bench {
                programs: &["timer", "rtc", "system"],
                pins: "",
            }),
            // Pins are a device that QEMU says is "unimplemented", all but the two of a two-wire bus, so what is made
            // of pins is not there either; the board has no converter and no square waves. QEMU 7.2 knows no memory
            // with one byte of address.
            Self::CortexM => Some(Bench {
                programs: &["i2c", "uart", "timer", "rtc", "system"],
                pins: "TWO_WIRE=(None,0,1)\nWIDTH=16\nSERIAL=(1,None,None)\n",
            }),
            // The other Pico's is the same.
            Self::PicoUart => None,
        }
    }

    /// Starts the board with everything on its pins.
    fn start_with_parts(self, image: &Path, flash: &Path) -> Result<Emulator> {
        match self {
            Self::Pico => pico_with_parts(&image.with_extension("uf2"), flash),
            Self::Esp32c3 => {
                std::fs::copy(image.with_extension("bin"), flash)?;
                let parts = [
                    "--wire", "3,10", "--wire", "7,2", "--wire", "4,5", "--adc", "0:1650",
                    "--memory", "80,9,8",
                ];
                espressif(flash, &parts)
            }
            Self::CortexM => {
                std::fs::File::create(flash)?.set_len(self.flash_bytes())?;
                // The second line is joined in here; a memory hangs on the shield's bus.
                let line = format!("tcp:{}", echo()?);
                let memory = "at24c-eeprom,bus=i2c,address=0x50,rom-size=256";
                self.start_with(image, flash, &["-serial", &line, "-device", memory])
            }
            _ => {
                std::fs::File::create(flash)?.set_len(self.flash_bytes())?;
                self.start(image, flash)
            }
        }
    }
}

/// A port that sends back what it gets, once.
fn echo() -> Result<std::net::SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        if let Ok((mut stream, _)) = listener.accept()
            && let Ok(mut back) = stream.try_clone()
        {
            // It ends with the emulator.
            let _ = std::io::copy(&mut stream, &mut back);
        }
    });
    Ok(address)
}

/// Runs the programs on a port's board.
pub(super) fn on_board(port: &Port, image: &Path) -> Result {
    let Some(bench) = port.machine.bench() else {
        return Ok(());
    };
    // The small image for Cortex-M0 has no `machine`.
    if port.machine == Machine::CortexM && port.features.is_empty() {
        return Ok(());
    }
    let flash = image.with_extension("flash");
    let board = port.machine.start_with_parts(image, &flash)?;
    run_all(port.name, &board.address, &bench)?;
    drop(board);
    if port.features.contains("wifi") {
        // With nothing in its memory of what the others have left there.
        let board = port.machine.start_with_parts(image, &flash)?;
        run_all(port.name, &board.address, &RADIO)?;
    }
    Ok(std::fs::remove_file(flash)?)
}

/// Runs them on the simulated board.
pub(super) fn on_simulated() -> Result {
    let mut child = Command::new(target().join("debug/upy"))
        .args([
            "board",
            "--tcp",
            "127.0.0.1:0",
            "--control",
            "127.0.0.1:0",
            "--leash",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut lines = BufReader::new(child.stdout.take().ok_or_else(lost)?).lines();
    let mut line = || lines.next().ok_or_else(lost)?.map_err(Failed::from);
    let (console, control) = (line()?, line()?);
    let orders = TcpStream::connect(control.trim_start_matches("control "))?;
    let mut answers = BufReader::new(orders.try_clone()?).lines();
    for order in ORDERS {
        writeln!(&orders, "{order}")?;
        let answer = answers.next().ok_or_else(lost)??;
        if !answer.contains("ok") {
            return Err(Failed(format!("{order}: {answer}")));
        }
    }
    let outcome = run_all(
        "simulated",
        console.trim_start_matches("tcp://"),
        &SIMULATED,
    );
    // It ends with its standard input.
    drop(child.stdin.take());
    child.wait()?;
    outcome
}

fn lost() -> Failed {
    Failed("the simulated board ended".into())
}

fn run_all(board: &str, address: &str, bench: &Bench) -> Result {
    let folder = root().join("tests/ports/conformance");
    for name in bench.programs {
        let program = std::fs::read_to_string(folder.join(format!("{name}.py")))?;
        let wanted = std::fs::read_to_string(folder.join(format!("{name}.exp")))?;
        let program = format!("{}{program}", bench.pins);
        let said = output(ucli(address, &["exec", &program]))?.replace("\r\n", "\n");
        if said != wanted {
            return Err(Failed(format!(
                "{board}, {name}.py: {said:?} instead of {wanted:?}"
            )));
        }
    }
    println!("{board}: {} as on every board", bench.programs.join(", "));
    Ok(())
}
