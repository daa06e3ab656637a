//! Any bytes as a littlefs image of either version: mounting, looking at and changing it gives answers or errors.

#![no_main]

use libfuzzer_sys::fuzz_target;
use upy_vfs::littlefs::{Buffers, Mode, Options, Slot, State, Volume};
use upy_vfs::ram::RamDevice;

const BLOCK: u32 = 256;

fuzz_target!(|data: &[u8]| {
    for major in [2, 1] {
        use_as(major, data);
    }
});

fn use_as(major: u16, data: &[u8]) {
    let mut bytes = vec![0xff; 24 * BLOCK as usize];
    let len = data.len().min(bytes.len());
    bytes[..len].copy_from_slice(&data[..len]);
    let mut device = RamDevice::new(&mut bytes, BLOCK).expect("a block has bytes");
    let options = Options {
        read_size_bytes: 16,
        program_size_bytes: 16,
        block_cycles: 3,
        major,
        ..Options::default()
    };
    let (mut read, mut program, mut lookahead) = ([0; 64], [0; 64], [0; 1]);
    let mut buffers = Buffers {
        read: &mut read,
        program: &mut program,
        lookahead: &mut lookahead,
    };
    let Ok(mut state) = State::mount(&mut device, buffers.again(), &options) else {
        return;
    };
    let mut open = [Slot::default(); 3];
    let mut volume = Volume::new(&mut state, &mut device, buffers, &mut open);
    let _ = volume.check(&mut [0; 3]);
    let _ = volume.used_blocks();
    let mut name = [0; 255];
    let mut names = Vec::new();
    if let Ok(handle) = volume.open_directory(b"/") {
        while let Ok(Some(entry)) = volume.read_directory(handle, &mut name) {
            names.push(name[..entry.name_len].to_vec());
            if names.len() > 100 {
                break;
            }
        }
        volume.close_directory(handle);
    }
    let mut cache = [0; 64];
    let mode = Mode {
        is_read: true,
        is_written: true,
        is_created: true,
        ..Mode::default()
    };
    for name in &names {
        let _ = volume.stat(name);
        let _ = volume.read_file(name, &mut cache, &mut [0; 500]);
        if let Ok(file) = volume.open(name, mode, &mut cache) {
            let _ = volume.seek(file, &mut cache, 100);
            let _ = volume.write(file, &mut cache, &[7; 300]);
            let _ = volume.close(file, &mut cache, Some(1));
        }
        let _ = volume.rename(name, b"/d/renamed");
        let _ = volume.remove(name);
    }
    let _ = volume.make_directory(b"/new");
    let _ = volume.grow(0);
}
