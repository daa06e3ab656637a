//! What every image has to do in its emulator: run a program for `ucli` and for mpremote, keep files over a
//! restart, run `boot.py` after a soft reset, stop at Ctrl-C.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::emulator::{Emulator, Machine};
use super::{Port, position};
use crate::run::{command, output, run};
use crate::{Failed, Result, target};

/// A program for a board, and what it prints.
const PROGRAM: &str = "\
def f(n):
    return n if n < 2 else f(n-1)+f(n-2)
class A:
    def __init__(self, x): self.x = x
    def __repr__(self): return 'A(%d)' % self.x
print(f(12), [A(i) for i in range(3)], 2**70, 1.5*3)
try:
    {}['x']
except KeyError as e:
    print(repr(e))
import json, re, time, random, binascii, hashlib, select, asyncio
print(json.loads('[1, 2.5]'), re.match('a+', 'aab').group(0), binascii.hexlify(hashlib.sha256(b'').digest())[:8])
async def later():
    await asyncio.sleep_ms(5)
    return 7
print(asyncio.run(later()))
";
const PRINTS: &str = "\
144 [A(0), A(1), A(2)] 1180591620717411303424 4.5
KeyError('x',)
[1, 2.5] aa b'e3b0c442'
7
";

const READ_BACK: &str = "import os\nprint(open('kept.txt').read(), os.stat('kept.txt')[6])";

/// What is typed, and what has to come back.
const TYPED: [(&[u8], &str); 4] = [
    (b"\r\x03\x02", ">>> "),
    (b"\x04", "MPY: soft reboot\r\nbooted"),
    // Ctrl-C is one only for a program that runs, so it has to have begun.
    (b"exec('print(6*7)\\nwhile True: pass')\r", "42"),
    (b"\x03", "KeyboardInterrupt"),
];

/// Boots the image twice on the same flash.
pub(super) fn run_all(port: &Port, image: &Path) -> Result {
    let flash = image.with_extension("flash");
    fs::File::create(&flash)?.set_len(port.machine.flash_bytes())?;
    if port.machine.makes_flash() {
        fs::remove_file(&flash)?;
    }
    let emulator = port.machine.start(image, &flash)?;
    expect(port, &emulator.address, PROGRAM, PRINTS)?;
    println!("{}: boots and runs a program", port.name);
    let kept = target().join("firmware/kept.txt");
    fs::write(&kept, "kept")?;
    let boot = target().join("firmware/boot.py");
    fs::write(&boot, "print('booted')\n")?;
    mpremote(&emulator.address, &["cp", &text(&kept), &text(&boot), ":"])?;
    type_and_look(port, &emulator.address, &TYPED)?;
    transfer(port, &emulator)?;
    drop(emulator);
    let emulator = port.machine.start(image, &flash)?;
    expect(port, &emulator.address, READ_BACK, "kept 4\n")?;
    println!(
        "{}: files of mpremote's after a restart, boot.py after a soft reset, Ctrl-C",
        port.name
    );
    drop(emulator);
    // The others keep their flash in another way than a chip does.
    if matches!(port.machine, Machine::Pico | Machine::Esp32c3) {
        position::by_another(port, image, &flash)?;
    }
    Ok(fs::remove_file(&flash)?)
}

pub(super) fn text(path: &Path) -> String {
    path.display().to_string()
}

pub(super) fn ucli(address: &str, arguments: &[&str]) -> Command {
    ucli_over(&format!("tcp://{address}"), arguments)
}

/// The same over any line.
fn ucli_over(line: &str, arguments: &[&str]) -> Command {
    let mut all = vec!["-p", line, "wait", "--for", "60"];
    all.extend(arguments);
    command(target().join("debug/ucli"), &all)
}

pub(super) fn expect(port: &Port, address: &str, program: &str, prints: &str) -> Result {
    let said = output(ucli(address, &["exec", program]))?.replace("\r\n", "\n");
    if said == prints {
        return Ok(());
    }
    Err(Failed(format!("{} printed {said:?}", port.name)))
}

fn mpremote(address: &str, arguments: &[&str]) -> Result {
    let device = format!("socket://{address}");
    let mut all = vec!["connect", &device];
    all.extend(arguments);
    run(command(target().join("peers/venv/bin/mpremote"), &all))
}

/// As a person at the prompt.
pub(super) fn type_and_look(port: &Port, address: &str, typed: &[(&[u8], &str)]) -> Result {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    for (typed, answer) in typed {
        stream.write_all(typed)?;
        let end = Instant::now() + Duration::from_secs(120);
        let mut seen = String::new();
        while !seen.contains(answer) {
            if Instant::now() > end {
                let typed = String::from_utf8_lossy(typed);
                return Err(Failed(format!("{}: {typed:?} gave {seen:?}", port.name)));
            }
            let mut bytes = [0; 1024];
            // A read that ends without data is tried again until the end.
            if let Ok(len) = stream.read(&mut bytes) {
                seen.push_str(&String::from_utf8_lossy(&bytes[..len]));
            }
        }
    }
    Ok(())
}

/// Random bytes there and back; none may be lost or changed.
fn transfer(port: &Port, emulator: &Emulator) -> Result {
    if port.transfer_bytes == 0 {
        return Ok(());
    }
    let there = target().join("firmware/there.bin");
    let back = target().join("firmware/back.bin");
    if back.exists() {
        // What is left of the last run would count as copied.
        fs::remove_file(&back)?;
    }
    let mut state = 1_u32;
    let bytes: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_le_bytes()[3]
    })
    .take(port.transfer_bytes)
    .collect();
    fs::write(&there, &bytes)?;
    // A UART holds nobody back, which a client of a TCP port does not know.
    let line = match (port.machine, &emulator.modem) {
        (Machine::PicoUart, Some(modem)) => format!("rfc2217://{modem}"),
        _ => format!("tcp://{}", emulator.address),
    };
    run(ucli_over(&line, &["cp", &text(&there), ":large.bin"]))?;
    run(ucli_over(&line, &["cp", ":large.bin", &text(&back)]))?;
    if fs::read(&back)? != bytes {
        return Err(Failed(format!("{}: bytes were changed", port.name)));
    }
    println!("{}: {} bytes there and back", port.name, bytes.len());
    Ok(())
}
