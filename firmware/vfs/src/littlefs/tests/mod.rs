//! A file system against a model of it, power cuts at every operation, worn blocks, damaged images.

mod machine;
mod version_1;

use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

use super::{Mode, Slot};
use crate::Errno;
use machine::{Cut, Flash, Machine, Random, Step, Tree, same, workload};

#[test]
fn random_steps_follow_the_model() {
    for seed in 1..60u64 {
        let mut random = Random(seed);
        let minor = (seed % 4 != 0).into();
        let mut machine = Machine::formatted(512, 64, minor);
        if seed % 3 == 0 {
            machine.flash.bad = (0..3).map(|_| 2 + random.below(60) as u32).collect();
        }
        let mut model = Tree::new();
        for number in 0..250 {
            let what = format!("seed {seed} step {number}");
            let step = Step::random(&mut random, 2000);
            let before = model.clone();
            let can = step.imitate(&mut model);
            let result = step.apply(&mut machine);
            match result {
                Err(Errno::ENOSPC) => {
                    // A file that was just made may be there, empty.
                    model = machine.tree().unwrap();
                    for (path, content) in &before {
                        if let Step::Put(changed, _) = &step
                            && path == changed
                        {
                            continue;
                        }
                        assert_eq!(model.get(path), Some(content), "{what}: {path}");
                    }
                }
                result => assert_eq!(result.is_ok(), can, "{what}: {step:?} {result:?}"),
            }
            if number % 8 == 0 {
                machine.mount().unwrap();
            }
            same(&machine.tree().unwrap(), &model, &what);
            let mut report = machine
                .check()
                .unwrap_or_else(|errno| panic!("{what}: {errno:?}"));
            if report.is_unfinished {
                // It is finished, but no commit has said so yet.
                let _ = machine.volume().0.set_attribute(b"/", 3, Some(b"x"));
                report = machine
                    .check()
                    .unwrap_or_else(|errno| panic!("{what}: {errno:?}"));
            }
            assert!(!report.is_unfinished, "{what}");
            let used = machine.volume().0.used_blocks().unwrap();
            assert_eq!(
                used,
                (report.blocks + 2 * report.directories).min(64),
                "{what}"
            );
        }
    }
}

/// Whatever the power does at whatever operation: after the next mount each step is done or not done, nothing is in
/// between, and everything can be written again.
#[test]
fn power_cut_at_every_operation_leaves_old_or_new() {
    for (minor, cut) in [
        (1, Cut::Nothing),
        (1, Cut::Half),
        (1, Cut::Noise),
        (1, Cut::Whole),
        (0, Cut::Nothing),
        (0, Cut::Half),
    ] {
        for seed in 1..3 {
            cut_everywhere(minor, cut, seed);
        }
    }
}

fn cut_everywhere(minor: u16, cut: Cut, seed: u64) {
    let steps = workload(seed);
    let mut machine = Machine::formatted(512, 64, minor);
    let mut model = Tree::new();
    let mut cuts = 0;
    for (number, step) in steps.iter().enumerate() {
        let before = model.clone();
        let can = step.imitate(&mut model);
        let flash = machine.flash.clone();
        let start = flash.operations;
        let result = step.apply(&mut machine);
        assert_eq!(result.is_ok(), can, "step {number} {step:?}: {result:?}");
        same(&machine.tree().unwrap(), &model, "without a cut");
        let operations = machine.flash.operations - start;
        for left in 0..operations {
            let what = format!("seed {seed} {cut:?} at operation {left} of step {number} {step:?}");
            let mut other = Machine::new(flash.clone(), machine.options);
            other.mount().unwrap();
            (other.flash.left, other.flash.cut) = (Some(left), cut);
            let result = step.apply(&mut other);
            assert!(result.is_err() || left > 0, "{what}");
            other.flash.left = None;
            survived(&mut other, (&before, &model), step, &what);
            cuts += 1;
        }
        machine.mount().unwrap();
    }
    std::println!("seed {seed} {cut:?}: {cuts} cuts");
}

/// What has to hold after a cut.
fn survived(machine: &mut Machine, (before, after): (&Tree, &Tree), step: &Step, what: &str) {
    machine
        .mount()
        .unwrap_or_else(|errno| panic!("{what}: {errno:?}"));
    let report = machine
        .check()
        .unwrap_or_else(|errno| panic!("{what}: {errno:?}"));
    if report.is_unfinished {
        cut_while_cleaning_up(machine, what);
    }
    let mut tree = machine.tree().unwrap();
    if let Step::Put(path, _) = step {
        // Opening makes the file and writing fills it: two steps.
        if !before.contains_key(path) && tree.get(path) == Some(&Some(Vec::new())) {
            tree.remove(path);
        }
    }
    if tree != *before {
        same(&tree, after, what);
    }
    machine
        .put("/after", b"the first change cleans up")
        .unwrap_or_else(|errno| panic!("{what}: {errno:?}"));
    machine.mount().unwrap();
    let report = machine
        .check()
        .unwrap_or_else(|errno| panic!("{what}: {errno:?}"));
    assert!(!report.is_unfinished, "{what}");
    machine.volume().0.remove(b"/after").unwrap();
    let mut again = machine.tree().unwrap();
    if let Step::Put(path, _) = step
        && !before.contains_key(path)
        && again.get(path) == Some(&Some(Vec::new()))
    {
        again.remove(path);
    }
    same(&again, &tree, what);
}

/// The power goes again while the first change after a cut cleans up.
fn cut_while_cleaning_up(machine: &mut Machine, what: &str) {
    let tree = machine.tree().unwrap();
    for left in 0.. {
        let mut other = Machine::new(machine.flash.clone(), machine.options);
        other.mount().unwrap();
        other.flash.left = Some(left);
        other.flash.cut = Cut::Half;
        let result = other.put("/after", b"again");
        other.flash.left = None;
        other
            .mount()
            .unwrap_or_else(|errno| panic!("{what}, then {left}: {errno:?}"));
        other
            .check()
            .unwrap_or_else(|errno| panic!("{what}, then {left}: {errno:?}"));
        let mut now = other.tree().unwrap();
        now.remove("/after");
        same(&now, &tree, &format!("{what}, then {left}"));
        if result.is_ok() {
            break;
        }
    }
}

/// Files stay what they were opened as when names around them change.
#[test]
fn open_files_follow_their_entries() {
    let mut machine = Machine::formatted(512, 64, 1);
    for index in 0..8 {
        machine.put(&format!("/f{index}"), &[index; 40]).unwrap();
    }
    machine.put("/g", &[7; 3000]).unwrap();
    {
        let (mut volume, caches) = machine.volume();
        volume.make_directory(b"/d").unwrap();
        let mode = Mode {
            is_read: true,
            is_written: true,
            ..Mode::default()
        };
        let [a, b, c, _] = &mut caches[..] else {
            panic!()
        };
        let renamed = volume.open(b"/f3", mode, a).unwrap();
        let removed = volume.open(b"/g", mode, b).unwrap();
        let other = volume.open(b"/f5", mode, c).unwrap();
        volume.write(renamed, a, b"renamed").unwrap();
        volume.rename(b"/f3", b"/d/new").unwrap();
        volume.remove(b"/f1").unwrap();
        volume.rename(b"/f7", b"/a").unwrap();
        volume.remove(b"/g").unwrap();
        volume.write(other, c, b"other").unwrap();
        volume.close(renamed, a, None).unwrap();
        volume.close(other, c, None).unwrap();
        // No other file gets the blocks of one that is still read.
        let fill = Mode {
            is_written: true,
            is_created: true,
            ..Mode::default()
        };
        for number in 0..200u8 {
            let file = volume.open(b"/fill", fill, a).unwrap();
            volume.write(file, a, &[number; 2000]).unwrap();
            volume.close(file, a, None).unwrap();
        }
        let mut content = [0; 4000];
        assert_eq!(volume.read(removed, b, &mut content).unwrap(), 3000);
        assert!(content[..3000].iter().all(|byte| *byte == 7));
        volume.write(removed, b, b"to nowhere").unwrap();
        volume.close(removed, b, None).unwrap();
        assert_eq!(volume.stat(b"/g"), Err(Errno::ENOENT));
    }
    assert_eq!(&machine.get("/d/new").unwrap()[..8], b"renamed\x03");
    assert_eq!(&machine.get("/f5").unwrap()[..6], b"other\x05");
    assert_eq!(machine.get("/f4").unwrap(), [4; 40]);
    assert_eq!(machine.get("/a").unwrap(), [7; 40]);
    machine.check().unwrap();
}

/// A listing meets every entry that stays, once, whatever comes and goes meanwhile.
#[test]
fn listing_survives_changes() {
    let mut machine = Machine::formatted(512, 128, 1);
    machine.volume().0.make_directory(b"/d").unwrap();
    for index in 0..60 {
        machine
            .put(&format!("/d/n{index:02}"), &[index; 30])
            .unwrap();
    }
    let mut seen = Vec::new();
    let handle = machine.volume().0.open_directory(b"/d").unwrap();
    let mut name = [0; 255];
    for round in 0.. {
        let entry = machine
            .volume()
            .0
            .read_directory(handle, &mut name)
            .unwrap();
        let Some(entry) = entry else { break };
        seen.push(String::from_utf8_lossy(&name[..entry.name_len]).into_owned());
        if round < 20 {
            machine
                .volume()
                .0
                .remove(format!("/d/n{:02}", round * 2).as_bytes())
                .unwrap();
            machine.put(&format!("/d/m{round:02}"), &[0; 30]).unwrap();
            machine.put(&format!("/d/z{round:02}"), &[0; 30]).unwrap();
        }
    }
    for index in (0..60).filter(|index| index % 2 == 1 || *index >= 40) {
        let name = format!("n{index:02}");
        assert_eq!(
            seen.iter().filter(|seen| **seen == name).count(),
            1,
            "{name}"
        );
    }
    machine.volume().0.close_directory(handle);
    machine.check().unwrap();
}

/// Every block is worn out in turn; what is stored stays.
#[test]
fn bad_blocks_are_replaced() {
    let mut machine = Machine::formatted(512, 32, 1);
    let mut random = Random(99);
    let big = random.bytes(2500);
    machine.volume().0.make_directory(b"/d").unwrap();
    for block in 2..32 {
        machine.flash.bad = vec![block];
        for round in 0..8u8 {
            machine.put("/d/a", &[round; 50]).unwrap();
            machine.put("/b", &big).unwrap();
        }
        machine.mount().unwrap();
        assert_eq!(machine.get("/b").unwrap(), big, "block {block}");
        assert_eq!(machine.get("/d/a").unwrap(), [7; 50], "block {block}");
        assert!(!machine.check().unwrap().is_unfinished);
    }
}

/// A full file system says so, and goes on once something is removed.
#[test]
fn full_device_is_an_error_and_no_more() {
    let mut machine = Machine::formatted(512, 16, 1);
    let mut names = Vec::new();
    for index in 0.. {
        let name = format!("/f{index}");
        match machine.put(&name, &[1; 600]) {
            Ok(()) => names.push(name),
            Err(errno) => {
                assert_eq!(errno, Errno::ENOSPC);
                break;
            }
        }
    }
    assert!(names.len() > 3);
    machine.mount().unwrap();
    machine.volume().0.remove(names[0].as_bytes()).unwrap();
    machine.put(&names[1], &[2; 600]).unwrap();
    assert_eq!(machine.get(&names[1]).unwrap(), [2; 600]);
    machine.check().unwrap();
}

#[test]
fn attributes_are_kept_and_removed() {
    let mut machine = Machine::formatted(512, 64, 1);
    machine.put("/f", b"content").unwrap();
    let mut value = [0; 100];
    let (mut volume, _) = machine.volume();
    assert_eq!(volume.attribute(b"/f", 1, &mut value).unwrap(), 8);
    assert_eq!(value[..8], 7u64.to_le_bytes());
    for path in [&b"/f"[..], b"/"] {
        assert_eq!(volume.attribute(path, 9, &mut value), Err(Errno::ENODATA));
        volume.set_attribute(path, 9, Some(b"nine")).unwrap();
        volume.set_attribute(path, 10, Some(&[3; 100])).unwrap();
        assert_eq!(volume.attribute(path, 9, &mut value).unwrap(), 4);
        volume.set_attribute(path, 9, None).unwrap();
        assert_eq!(volume.attribute(path, 9, &mut value), Err(Errno::ENODATA));
        assert_eq!(volume.attribute(path, 10, &mut value).unwrap(), 100);
        assert_eq!(
            volume.set_attribute(path, 9, Some(&[0; 1023])),
            Err(Errno::ENOSPC)
        );
    }
    volume.rename(b"/f", b"/g").unwrap();
    assert_eq!(volume.attribute(b"/g", 10, &mut value).unwrap(), 100);
}

#[test]
fn grown_file_system_uses_the_new_blocks() {
    let mut machine = Machine::formatted(512, 16, 1);
    let small = machine.flash.bytes.len();
    machine.flash.bytes.resize(small * 4, 0);
    machine.mount().unwrap();
    assert_eq!(machine.state.as_ref().unwrap().block_count(), 16);
    assert_eq!(machine.put("/f", &[5; 9000]), Err(Errno::ENOSPC));
    machine.volume().0.grow(0).unwrap();
    machine.put("/f", &[5; 9000]).unwrap();
    machine.mount().unwrap();
    assert_eq!(machine.state.as_ref().unwrap().block_count(), 64);
    assert_eq!(machine.get("/f").unwrap(), [5; 9000]);
    assert_eq!(machine.volume().0.grow(32), Err(Errno::EINVAL));
}

/// Wrong use has MicroPython's error numbers.
#[test]
fn errors_have_the_numbers_that_programs_know() {
    let mut machine = Machine::formatted(512, 64, 1);
    machine.put("/f", b"x").unwrap();
    let (mut volume, caches) = machine.volume();
    volume.make_directory(b"/d").unwrap();
    volume.make_directory(b"/d/e").unwrap();
    let cache = &mut caches[0];
    let write = Mode {
        is_written: true,
        is_created: true,
        is_exclusive: true,
        ..Mode::default()
    };
    let long = [b'n'; 300];
    assert_eq!(
        volume.open(b"/none", Mode::default(), cache),
        Err(Errno::ENOENT)
    );
    assert_eq!(
        volume.open(b"/d", Mode::default(), cache),
        Err(Errno::EISDIR)
    );
    assert_eq!(
        volume.open(b"/", Mode::default(), cache),
        Err(Errno::EISDIR)
    );
    assert_eq!(volume.open(b"/f/x", write, cache), Err(Errno::ENOTDIR));
    assert_eq!(volume.open(b"/x/y", write, cache), Err(Errno::ENOENT));
    assert_eq!(volume.open(b"/f", write, cache), Err(Errno::EEXIST));
    assert_eq!(volume.open(&long, write, cache), Err(Errno::ENAMETOOLONG));
    assert_eq!(volume.make_directory(b"/d"), Err(Errno::EEXIST));
    assert_eq!(volume.make_directory(b"/"), Err(Errno::EEXIST));
    assert_eq!(volume.make_directory(b"/x/y"), Err(Errno::ENOENT));
    assert_eq!(volume.remove(b"/d"), Err(Errno::ENOTEMPTY));
    assert_eq!(volume.remove(b"/"), Err(Errno::EINVAL));
    assert_eq!(volume.remove(b"/x"), Err(Errno::ENOENT));
    assert_eq!(volume.rename(b"/x", b"/y"), Err(Errno::ENOENT));
    assert_eq!(volume.rename(b"/f", b"/d"), Err(Errno::EISDIR));
    assert_eq!(volume.rename(b"/d", b"/f"), Err(Errno::ENOTDIR));
    assert_eq!(volume.rename(b"/d", b"/d/e/x"), Err(Errno::EINVAL));
    assert_eq!(volume.open_directory(b"/f"), Err(Errno::ENOTDIR));
    let file = volume
        .open(
            b"/f",
            Mode {
                is_read: true,
                ..Mode::default()
            },
            cache,
        )
        .unwrap();
    assert_eq!(volume.write(file, cache, b"x"), Err(Errno::EBADF));
    volume.close(file, cache, None).unwrap();
    assert_eq!(volume.read(file, cache, &mut [0]), Err(Errno::EBADF));
    let mut all = Vec::new();
    while let Ok(handle) = volume.open_directory(b"/") {
        all.push(handle);
    }
    assert_eq!(volume.open_directory(b"/"), Err(Errno::EMFILE));
    assert_eq!(all.len(), 4);
}

/// Whatever is on the device: an error or an answer, never a panic, never without end.
#[test]
fn damaged_images_are_errors() {
    let mut good = Machine::formatted(512, 32, 1);
    for step in workload(4711) {
        let _ = step.apply(&mut good);
    }
    damage(&good, 3000, forge);
}

/// Uses copies of a file system that were damaged in all ways; `forge` changes one so that its checksums hold.
fn damage(good: &Machine, rounds: usize, forge: fn(&mut Flash, &mut Random)) {
    let mut random = Random(31337);
    for round in 0..rounds {
        let mut machine = Machine::new(good.flash.clone(), good.options);
        match round % 4 {
            // Some bits.
            0 => {
                for _ in 0..1 + random.below(20) {
                    let at = random.below(machine.flash.bytes.len());
                    machine.flash.bytes[at] ^= 1 << random.below(8);
                }
            }
            // Random blocks.
            1 => {
                let block = 512 * random.below(32);
                let noise = random.bytes(512);
                machine.flash.bytes[block..block + 512].copy_from_slice(&noise);
            }
            // Blocks in each other's place.
            2 => {
                let (from, to) = (512 * random.below(32), 512 * random.below(32));
                machine.flash.bytes.copy_within(from..from + 512, to);
            }
            // Changed bytes under a checksum that is right.
            _ => forge(&mut machine.flash, &mut random),
        }
        machine.flash.erased_to = 0xfe;
        use_everything(&mut machine, &mut random);
    }
}

/// Does what can be done to a file system that may be damaged.
fn use_everything(machine: &mut Machine, random: &mut Random) {
    if machine.mount().is_err() {
        return;
    }
    let _ = machine.check();
    let _ = machine.volume().0.used_blocks();
    let mut name = [0; 255];
    for path in ["/", "/d0", "/d1", "/d1/e"] {
        let (mut volume, _) = machine.volume();
        let Ok(handle) = volume.open_directory(path.as_bytes()) else {
            continue;
        };
        for _ in 0..2000 {
            match volume.read_directory(handle, &mut name) {
                Ok(Some(_)) => {}
                _ => break,
            }
        }
        volume.close_directory(handle);
    }
    for path in ["/f0", "/f1", "/f5", "/d0/f2", "/d1/f5"] {
        let (mut volume, caches) = machine.volume();
        let mut content = vec![0; 2000];
        let _ = volume.read_file(path.as_bytes(), &mut caches[3], &mut content);
    }
    for _ in 0..12 {
        let _ = Step::random(random, 1500).apply(machine);
    }
    machine.slots.fill(Slot::default());
}

/// Changes a word of a metadata block and makes its first commit's checksum right again.
fn forge(flash: &mut Flash, random: &mut Random) {
    let block = 512 * random.below(8);
    let bytes = &mut flash.bytes[block..block + 512];
    let at = 8 + random.below(120);
    bytes[at] = match random.below(3) {
        0 => random.next() as u8,
        1 => 0xff,
        _ => bytes[at] ^ 1 << random.below(8),
    };
    let (mut offset, mut last) = (4, u32::MAX);
    while offset + 8 <= 512 {
        let stored = u32::from_be_bytes(bytes[offset..offset + 4].try_into().unwrap());
        let tag = super::disk::Tag(stored ^ last);
        if tag.is_crc() {
            let sum = super::disk::crc(u32::MAX, &bytes[..offset + 4]);
            bytes[offset + 4..offset + 8].copy_from_slice(&sum.to_le_bytes());
            return;
        }
        offset += tag.disk_size() as usize;
        last = tag.0;
    }
}
