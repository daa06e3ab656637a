//! Version 1 against the same model, and power cuts at every operation.

use std::format;
use std::vec::Vec;

use super::super::disk::{crc, word};
use super::damage;
use super::machine::{Cut, Flash, Machine, Random, Step, Tree, same, workload};
use crate::Errno;

fn is_for_version_1(step: &Step) -> bool {
    !matches!(step, Step::Attribute(..))
}

#[test]
fn random_steps_follow_the_model() {
    for seed in 1..40u64 {
        let mut random = Random(seed);
        let mut machine = Machine::formatted_as(1, 512, 96, 1);
        let mut model = Tree::new();
        for number in 0..250 {
            let what = format!("seed {seed} step {number}");
            let step = Step::random(&mut random, 2000);
            if !is_for_version_1(&step) {
                continue;
            }
            let before = model.clone();
            let can = step.imitate(&mut model);
            match step.apply(&mut machine) {
                Err(Errno::ENOSPC) => {
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
            let report = machine
                .check()
                .unwrap_or_else(|errno| panic!("{what}: {step:?} {errno:?}"));
            assert!(!report.is_unfinished, "{what}: {step:?}");
            let used = machine.volume().0.used_blocks().unwrap();
            assert_eq!(used, report.blocks, "{what}");
        }
    }
}

/// As in version 2, but that an empty file may have both names after a cut in the middle of a rename.
#[test]
fn power_cut_at_every_operation_leaves_old_or_new() {
    for cut in [Cut::Nothing, Cut::Half, Cut::Noise, Cut::Whole] {
        for seed in 1..3 {
            cut_everywhere(cut, seed);
        }
    }
}

fn cut_everywhere(cut: Cut, seed: u64) {
    let mut machine = Machine::formatted_as(1, 512, 96, 1);
    let mut model = Tree::new();
    for (number, step) in workload(seed).iter().enumerate() {
        if !is_for_version_1(step) {
            continue;
        }
        let before = model.clone();
        let can = step.imitate(&mut model);
        let flash = machine.flash.clone();
        let start = flash.operations;
        let result = step.apply(&mut machine);
        assert_eq!(result.is_ok(), can, "step {number} {step:?}: {result:?}");
        same(&machine.tree().unwrap(), &model, "without a cut");
        for left in 0..machine.flash.operations - start {
            let what = format!("seed {seed} {cut:?} at operation {left} of step {number} {step:?}");
            let mut other = Machine::new(flash.clone(), machine.options);
            other.mount().unwrap();
            (other.flash.left, other.flash.cut) = (Some(left), cut);
            // It fails, or all that counts was done.
            let _ = step.apply(&mut other);
            other.flash.left = None;
            survived(&mut other, (&before, &model), step, &what);
        }
        machine.mount().unwrap();
    }
}

fn survived(machine: &mut Machine, (before, after): (&Tree, &Tree), step: &Step, what: &str) {
    machine
        .mount()
        .unwrap_or_else(|errno| panic!("{what}: {errno:?}"));
    for _ in 0..2 {
        let mut tree = machine.tree().unwrap();
        tree.remove("/after");
        let empty = Some(Vec::new());
        match step {
            // Opening makes the file and writing fills it: two steps.
            Step::Put(path, _) if !before.contains_key(path) && tree.get(path) == Some(&empty) => {
                tree.remove(path);
            }
            Step::Rename(from, to) if before.get(from) == Some(&empty) && tree.contains_key(to) => {
                tree.remove(from);
            }
            _ => {}
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
    }
}

/// As in version 2: an error or an answer, never a panic, never without end.
#[test]
fn damaged_images_are_errors() {
    let mut good = Machine::formatted_as(1, 512, 32, 1);
    for step in workload(4711) {
        if is_for_version_1(&step) {
            let _ = step.apply(&mut good);
        }
    }
    assert!(
        good.tree().unwrap().len() > 3,
        "there is something to damage"
    );
    damage(&good, 3000, forge);
}

/// Changes a byte of a block that is a directory, and makes its checksum right again.
fn forge(flash: &mut Flash, random: &mut Random) {
    let is_directory = |bytes: &[u8]| {
        let size = directory_size(bytes);
        (20..=512).contains(&size) && {
            let (content, sum) = bytes[..size].split_at(size - 4);
            crc(u32::MAX, content).to_le_bytes() == sum
        }
    };
    let found: Vec<usize> = (0..32)
        .map(|block| block * 512)
        .filter(|&at| is_directory(&flash.bytes[at..at + 512]))
        .collect();
    assert!(!found.is_empty(), "the root is one");
    let at = found[random.below(found.len())];
    let bytes = &mut flash.bytes[at..at + 512];
    let changed = random.below(directory_size(bytes) - 4);
    bytes[changed] = match random.below(3) {
        0 => random.next() as u8,
        1 => 0xff,
        _ => bytes[changed] ^ 1 << random.below(8),
    };
    // The size may be another now; what it says is what is summed.
    let size = directory_size(bytes).clamp(20, 512);
    let sum = crc(u32::MAX, &bytes[..size - 4]);
    bytes[size - 4..size].copy_from_slice(&sum.to_le_bytes());
}

fn directory_size(bytes: &[u8]) -> usize {
    (word(bytes, 1) & !(1 << 31)) as usize
}
