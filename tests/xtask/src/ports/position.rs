//! Where an image keeps its files: littlefs in the part of the flash that its manifest names, which is MicroPython's for
//! the board. Another littlefs reads what the board has written there, and the board reads what that has written.

use std::fs;
use std::path::Path;

use super::Port;
use super::smoke::{expect, text};
use crate::run::{command, run};
use crate::{Result, target};

/// Mounts the part of a flash with the files, wants `kept.txt` in it and adds a file. Arguments: flash, offset, length.
const PROGRAM: &str = "\
import sys
from littlefs import LittleFS
name, start, length = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with open(name, 'rb') as file:
    flash = bytearray(file.read())
files = LittleFS(block_size=4096, block_count=length // 4096, mount=False)
files.context.buffer = flash[start:start + length]
files.mount()
with files.open('kept.txt') as file:
    assert file.read() == 'kept', 'kept.txt is another file'
with files.open('theirs.txt', 'w') as file:
    file.write('by another littlefs')
files.unmount()
flash[start:start + length] = files.context.buffer
with open(name, 'wb') as file:
    file.write(flash)
";

/// The other littlefs reads and writes the file with a board's flash, which must not run meanwhile.
pub(super) fn by_another(port: &Port, image: &Path, flash: &Path) -> Result {
    let program = target().join("firmware/position.py");
    fs::write(&program, PROGRAM)?;
    let (start, length) = (port.files.start.to_string(), port.files.len().to_string());
    let (script, file) = (text(&program), text(flash));
    let arguments = [&script, &file, &start, &length].map(String::as_str);
    run(command(target().join("peers/venv/bin/python3"), &arguments))?;
    let board = port.machine.start(image, flash)?;
    let read = "print(open('theirs.txt').read(), open('kept.txt').read())";
    expect(port, &board.address, read, "by another littlefs kept\n")?;
    drop(board);
    println!(
        "{}: another littlefs reads its files at {start}, and it reads what that has written",
        port.name
    );
    Ok(fs::remove_file(program)?)
}
