//! Stored values of an ESP32 against Espressif's own tool: what it makes our `esp32.NVS` reads, and what that writes is
//! the tool's file, byte for byte.

use std::fs;
use std::ops::Range;
use std::path::Path;

use super::Port;
use super::emulator::espressif;
use super::smoke::{expect, text};
use crate::run::{command, run};
use crate::{Failed, Result, target};

/// Where the partition is in the flash, as in `partitions.csv` of the port.
const PARTITION: Range<usize> = 0x9000..0xf000;

/// What a program for the board begins with: a value that fills two pages, and one that is short.
const DATA: &str = "\
from esp32 import NVS
large = bytes((i * 7 + i // 256) % 256 for i in range(5000))
small = b'small ' * 100
";

/// Reads what the tool wrote, its numbers of other sizes and its texts between them.
const READS: &str = "\
app = NVS('app')
room = bytearray(6000)
print(app.get_i32('count'), app.get_i32('least'), NVS('second').get_i32('count'))
size = app.get_blob('large', room)
print(size, room[:size] == large)
size = app.get_blob('small', room)
print(size, room[:size] == small)
app.set_i32('count', 4)
app.set_blob('small', b'new')
app.erase_key('large')
print(app.get_i32('count'), app.get_blob('small', room), room[:3])
";
const READ: &str = "-12345 -2147483648 7\n5000 True\n600 True\n4 3 bytearray(b'new')\n";

/// Writes the values of the second file in its order.
const WRITES: &str = "\
app = NVS('app')
app.set_i32('count', -12345)
app.set_blob('small', small)
second = NVS('second')
second.set_i32('count', 7)
second.set_i32('more', 2147483647)
";

/// Both directions.
pub(super) fn against_tool(port: &Port, image: &Path) -> Result {
    let large: Vec<u8> = (0..5000).map(|i| ((i * 7 + i / 256) % 256) as u8).collect();
    let small = b"small ".repeat(100);
    let made = partition(&format!(
        "app,namespace,,\nname,data,string,hello\ncount,data,i32,-12345\nlarge,data,hex2bin,{}\nport,data,u16,8080\n\
         least,data,i32,-2147483648\nsmall,data,hex2bin,{}\nlong,data,i64,-5\nsecond,namespace,,\ncount,data,i32,7\n",
        hexadecimal(&large),
        hexadecimal(&small)
    ))?;
    let flash = image.with_extension("nvs-flash");
    let mut bytes = fs::read(image)?;
    bytes[PARTITION].copy_from_slice(&made);
    fs::write(&flash, bytes)?;
    let board = espressif(&flash, &[])?;
    expect(port, &board.address, &format!("{DATA}{READS}"), READ)?;
    drop(board);
    let wanted = partition(&format!(
        "app,namespace,,\ncount,data,i32,-12345\nsmall,data,hex2bin,{}\nsecond,namespace,,\ncount,data,i32,7\n\
         more,data,i32,2147483647\n",
        hexadecimal(&small)
    ))?;
    fs::copy(image, &flash)?;
    let board = espressif(&flash, &[])?;
    expect(port, &board.address, &format!("{DATA}{WRITES}"), "")?;
    drop(board);
    let written = fs::read(&flash)?;
    if let Some(at) = (0..wanted.len()).find(|&at| written[PARTITION][at] != wanted[at]) {
        return Err(Failed(format!(
            "{}: byte {at} of the stored values is {:#04x}, the tool's is {:#04x}",
            port.name, written[PARTITION][at], wanted[at]
        )));
    }
    println!(
        "{}: stored values read from Espressif's tool, and written as it does",
        port.name
    );
    Ok(fs::remove_file(&flash)?)
}

/// What the tool makes of a table of values.
fn partition(table: &str) -> Result<Vec<u8>> {
    let folder = target().join("firmware");
    let (source, made) = (folder.join("values.csv"), folder.join("values.bin"));
    fs::write(&source, format!("key,type,encoding,value\n{table}"))?;
    let size = format!("{:#x}", PARTITION.len());
    let (from, to) = (text(&source), text(&made));
    let arguments = [
        "-m",
        "esp_idf_nvs_partition_gen",
        "generate",
        &from,
        &to,
        &size,
    ];
    let python = target().join("peers/venv/bin/python3");
    run(command(python, &arguments))?;
    Ok(fs::read(made)?)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
