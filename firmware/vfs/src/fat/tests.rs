//! Names, chains, damaged volumes. That others read the same is tested in `tests/vfs`.

use super::{Kind, Mode, Slot, State, Volume, format};
use crate::Errno;
use crate::ram::RamDevice;

const WRITE: Mode = Mode {
    is_read: true,
    is_written: true,
    is_created: true,
    is_exclusive: false,
    is_truncated: true,
    is_appended: false,
};

fn with_volume<T>(bytes: &mut [u8], work: impl FnOnce(&mut Volume<'_>) -> T) -> T {
    let mut device = RamDevice::new(bytes, 512).unwrap();
    let mut sector = [0; 512];
    let mut state = State::mount(&mut device, &mut sector).unwrap();
    let mut open = [Slot::default(); 4];
    work(&mut Volume::new(
        &mut state,
        &mut device,
        &mut sector,
        &mut open,
        0x5a21_0000,
    ))
}

fn formatted(sectors: usize) -> Vec<u8> {
    let mut bytes = vec![0xa5; sectors * 512];
    let mut device = RamDevice::new(&mut bytes, 512).unwrap();
    format(&mut device, &mut [0; 512]).unwrap();
    bytes
}

fn put(volume: &mut Volume<'_>, path: &str, content: &[u8]) -> crate::Result {
    let file = volume.open(path.as_bytes(), WRITE)?;
    let result = content
        .chunks(300)
        .try_for_each(|part| volume.write(file, part));
    result.and(volume.close(file))
}

fn get(volume: &mut Volume<'_>, path: &str) -> crate::Result<Vec<u8>> {
    let file = volume.open(
        path.as_bytes(),
        Mode {
            is_read: true,
            ..Mode::default()
        },
    )?;
    let mut content = vec![0; volume.file_size(file)? as usize];
    let len = volume.read(file, &mut content)?;
    volume.close(file)?;
    assert_eq!(len, content.len());
    Ok(content)
}

fn names(volume: &mut Volume<'_>, path: &str) -> Vec<String> {
    let mut at = volume.list(path.as_bytes()).unwrap();
    let mut name = [0; 765];
    let mut all = Vec::new();
    while let Some(entry) = volume.read_directory(&mut at, &mut name).unwrap() {
        all.push(String::from_utf8(name[..entry.name_len].to_vec()).unwrap());
    }
    all
}

#[test]
fn sizes_decide_the_width() {
    for (sectors, bits) in [(50, 12), (4000, 12), (20_000, 16), (200_000, 16)] {
        let mut bytes = formatted(sectors);
        let mut device = RamDevice::new(&mut bytes, 512).unwrap();
        let state = State::mount(&mut device, &mut [0; 512]).unwrap();
        assert_eq!(state.bits(), bits, "{sectors}");
    }
    let mut small = vec![0; 40 * 512];
    let mut device = RamDevice::new(&mut small, 512).unwrap();
    assert_eq!(format(&mut device, &mut [0; 512]), Err(Errno::EIO));
    assert_eq!(
        State::mount(&mut device, &mut [0; 512]).err(),
        Some(Errno::ENODEV)
    );
}

#[test]
fn new_name_of_the_last_entry_takes_the_place_of_the_old_one() {
    let mut bytes = formatted(50);
    with_volume(&mut bytes, |volume| {
        for (index, name) in ["/a.py", "/b.py"].into_iter().enumerate() {
            put(
                volume,
                "/.a long name for the time being",
                &[index as u8; 9],
            )
            .unwrap();
            let from = b"/.a long name for the time being";
            volume.rename(from, name.as_bytes()).unwrap();
        }
        volume.make_directory(b"/z").unwrap();
        assert_eq!(names(volume, "/"), ["a.py", "b.py", "z"]);
        volume.rename(b"/a.py", b"/c.py").unwrap();
        volume.rename(b"/b.py", b"/Needs more room.py").unwrap();
        volume.make_directory(b"/y").unwrap();
        assert_eq!(names(volume, "/"), ["y", "z", "c.py", "Needs more room.py"]);
        assert_eq!(get(volume, "/c.py").unwrap(), [0; 9]);
        assert_eq!(get(volume, "/needs more room.py").unwrap(), [1; 9]);
        // A file that replaces another of the same name takes its place.
        put(volume, "/new", b"new").unwrap();
        volume.rename(b"/new", b"/c.py").unwrap();
        assert_eq!(names(volume, "/"), ["y", "z", "c.py", "Needs more room.py"]);
        assert_eq!(get(volume, "/c.py").unwrap(), b"new");
        assert_eq!(volume.rename(b"/c.py", b"/y"), Err(Errno::EISDIR));
        assert_eq!(volume.rename(b"/y", b"/c.py"), Err(Errno::ENOTDIR));
        volume.rename(b"/c.py", b"/needs more ROOM.py").unwrap();
        assert_eq!(names(volume, "/"), ["y", "z", "needs more ROOM.py"]);
    });
}

#[test]
fn files_names_and_directories() {
    let mut bytes = formatted(2000);
    with_volume(&mut bytes, |volume| {
        let big: Vec<u8> = (0..40_000u32).map(|n| (n / 7) as u8).collect();
        volume.make_directory(b"/lib").unwrap();
        volume
            .make_directory("/lib/Größe und Länge".as_bytes())
            .unwrap();
        put(volume, "/README.TXT", b"upper").unwrap();
        put(volume, "/lower.txt", b"lower").unwrap();
        put(volume, "/Mixed Case.markdown", b"mixed").unwrap();
        put(volume, "/lib/Größe und Länge/big.bin", &big).unwrap();
        assert_eq!(
            names(volume, "/"),
            ["lib", "README.TXT", "lower.txt", "Mixed Case.markdown"]
        );
        assert_eq!(
            get(volume, "/LIB/gRÖSSE UND LÄNGE/BIG.BIN").err(),
            Some(Errno::ENOENT)
        );
        assert_eq!(get(volume, "/LIB/GRÖßE UND LÄNGE/BIG.BIN").unwrap(), big);
        assert_eq!(get(volume, "/mixed case.MARKDOWN").unwrap(), b"mixed");
        volume.rename(b"/Mixed Case.markdown", b"/lib/m").unwrap();
        volume.rename(b"/lib/m", b"/README.TXT").unwrap();
        assert_eq!(get(volume, "/readme.txt").unwrap(), b"mixed");
        assert_eq!(volume.remove(b"/lib", Kind::Directory), Err(Errno::EACCES));
        assert_eq!(volume.remove(b"/lib", Kind::File), Err(Errno::EISDIR));
        assert_eq!(volume.rename(b"/lib", b"/lib/x"), Err(Errno::EINVAL));
        assert_eq!(volume.make_directory(b"/LIB"), Err(Errno::EEXIST));
        assert_eq!(volume.stat(b"/a:b"), Err(Errno::EINVAL));
        for index in 0..100 {
            put(
                volume,
                &format!("/lib/a long name for number {index}.txt"),
                &[index],
            )
            .unwrap();
        }
        for index in 0..100 {
            let name = format!("/lib/A LONG NAME FOR NUMBER {index}.txt");
            assert_eq!(get(volume, &name).unwrap(), [index]);
            volume.remove(name.as_bytes(), Kind::File).unwrap();
        }
        volume.set_label(b"card 1").unwrap();
        assert_eq!(volume.label().unwrap(), (*b"CARD 1     ", 6));
    });
}

#[test]
fn seeking_appending_truncating() {
    let mut bytes = formatted(400);
    with_volume(&mut bytes, |volume| {
        let before = volume.free_clusters().unwrap();
        let mut model = vec![0u8; 0];
        let file = volume.open(b"/f", WRITE).unwrap();
        for (at, len) in [
            (0usize, 10usize),
            (5, 2000),
            (5000, 3),
            (1024, 512),
            (4999, 1),
        ] {
            volume.seek(file, at as u32).unwrap();
            volume.write(file, &vec![at as u8 | 1; len]).unwrap();
            model.resize(model.len().max(at + len), 0);
            model[at..at + len].fill(at as u8 | 1);
        }
        for size in [4000usize, 4500, 512, 100, 0, 700] {
            volume.truncate(file, size as u32).unwrap();
            model.resize(size, 0);
            assert_eq!(volume.file_size(file).unwrap() as usize, size);
        }
        volume.close(file).unwrap();
        assert_eq!(get(volume, "/f").unwrap(), model);
        let append = Mode {
            is_truncated: false,
            is_appended: true,
            ..WRITE
        };
        let file = volume.open(b"/f", append).unwrap();
        volume.write(file, b"end").unwrap();
        volume.close(file).unwrap();
        model.extend(b"end");
        assert_eq!(get(volume, "/f").unwrap(), model);
        assert_eq!(put(volume, "/g", &[1; 300_000]), Err(Errno::ENOSPC));
        volume.remove(b"/g", Kind::File).unwrap();
        let file = volume.open(b"/f", append).unwrap();
        volume.remove(b"/f", Kind::File).unwrap();
        assert_eq!(volume.write(file, b"x"), Err(Errno::EIO));
        volume.close(file).unwrap();
        assert_eq!(volume.free_clusters().unwrap(), before);
    });
}

/// Whatever is on the device: an error or an answer.
#[test]
fn damaged_volumes_are_errors() {
    let mut good = formatted(120);
    with_volume(&mut good, |volume| {
        volume.make_directory(b"/d").unwrap();
        put(volume, "/d/a long file name.txt", &[1; 3000]).unwrap();
        put(volume, "/f", &[2; 700]).unwrap();
    });
    let mut state = 88172645463325252u64;
    let mut random = move |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 20) as usize % limit
    };
    for _ in 0..4000 {
        let mut bytes = good.clone();
        for _ in 0..1 + random(6) {
            let at = match random(3) {
                0 => random(64),
                1 => 512 + random(200),
                _ => random(bytes.len()),
            };
            bytes[at] = random(256) as u8;
        }
        let mut device = RamDevice::new(&mut bytes, 512).unwrap();
        let mut sector = [0; 512];
        let Ok(mut state) = State::mount(&mut device, &mut sector) else {
            continue;
        };
        let mut open = [Slot::default(); 4];
        let mut volume = Volume::new(&mut state, &mut device, &mut sector, &mut open, 0);
        let _ = get(&mut volume, "/d/a long file name.txt");
        let _ = get(&mut volume, "/f");
        let _ = volume.free_clusters();
        let mut name = [0; 765];
        for path in [&b"/"[..], b"/d"] {
            if let Ok(mut at) = volume.list(path) {
                while let Ok(Some(_)) = volume.read_directory(&mut at, &mut name) {}
            }
        }
        let _ = put(&mut volume, "/d/another long name", &[3; 2000]);
        let _ = volume.rename(b"/f", b"/d/g");
        let _ = volume.remove(b"/d/a long file name.txt", Kind::File);
        let _ = volume.make_directory(b"/e");
    }
}
