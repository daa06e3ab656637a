//! A file system against a model of it, power cuts at every operation, worn blocks, damaged images.

use std::collections::BTreeMap;
use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

use super::{Buffers, Kind, Mode, Options, Slot, State, Volume, format_version};
use crate::{BlockDevice, Errno, Result};

/// Numbers that look random; the seed is printed by what uses them.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }
}

/// What a program or erase does in the moment the power goes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cut {
    Nothing,
    Half,
    /// Other bits of the same bytes, as flash that was interrupted.
    Noise,
    Whole,
}

/// Flash in memory that counts operations and can lose power or wear out.
#[derive(Clone)]
struct Flash {
    bytes: Vec<u8>,
    block: u32,
    /// Programs and erases until the power goes.
    left: Option<u32>,
    operations: u32,
    cut: Cut,
    bad: Vec<u32>,
    erased_to: u8,
}

impl Flash {
    fn new(block: u32, count: u32) -> Self {
        Self {
            bytes: vec![0xa5; (block * count) as usize],
            block,
            left: None,
            operations: 0,
            cut: Cut::Nothing,
            bad: Vec::new(),
            erased_to: 0xff,
        }
    }

    /// Whether the power goes now.
    fn goes(&mut self) -> bool {
        self.operations += 1;
        match &mut self.left {
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        }
    }

    fn change(&mut self, at: usize, data: &[u8]) -> Result {
        let old = self.bytes[at..at + data.len()].to_vec();
        let is_off = self.left == Some(0);
        if !self.goes() {
            self.bytes[at..at + data.len()].copy_from_slice(data);
            return Ok(());
        }
        let half = data.len() / 2;
        match self.cut {
            Cut::Nothing => {}
            Cut::Half => self.bytes[at..at + half].copy_from_slice(&data[..half]),
            Cut::Noise => {
                for (index, byte) in self.bytes[at..at + data.len()].iter_mut().enumerate() {
                    *byte =
                        old[index] ^ ((old[index] ^ data[index]) & (index as u8).wrapping_mul(151));
                }
            }
            Cut::Whole => self.bytes[at..at + data.len()].copy_from_slice(data),
        }
        assert!(is_off);
        // Nothing works any more, whatever is tried.
        self.cut = Cut::Nothing;
        Err(Errno::EIO)
    }
}

impl BlockDevice for Flash {
    fn block_size_bytes(&self) -> u32 {
        self.block
    }
    fn block_count(&self) -> u32 {
        self.bytes.len() as u32 / self.block
    }
    fn read(&mut self, block: u32, offset: u32, buffer: &mut [u8]) -> Result {
        let at = (block * self.block + offset) as usize;
        assert!(offset + buffer.len() as u32 <= self.block);
        buffer.copy_from_slice(&self.bytes[at..at + buffer.len()]);
        Ok(())
    }
    fn program(&mut self, block: u32, offset: u32, data: &[u8]) -> Result {
        let at = (block * self.block + offset) as usize;
        assert!(offset + data.len() as u32 <= self.block);
        if self.bad.contains(&block) {
            self.goes();
            return Ok(());
        }
        if self.left.is_none() && self.erased_to == 0xff {
            let is_erased = self.bytes[at..at + data.len()]
                .iter()
                .all(|byte| *byte == 0xff);
            assert!(is_erased, "block {block} at {offset} is programmed twice");
        }
        self.change(at, data)
    }
    fn erase(&mut self, block: u32) -> Result {
        let at = (block * self.block) as usize;
        if self.bad.contains(&block) {
            self.goes();
            return Ok(());
        }
        let blank = vec![self.erased_to; self.block as usize];
        self.change(at, &blank)
    }
}

/// A mounted flash with all the memory it needs.
struct Machine {
    flash: Flash,
    options: Options,
    state: Option<State>,
    read: Vec<u8>,
    program: Vec<u8>,
    lookahead: Vec<u8>,
    slots: Vec<Slot>,
    caches: Vec<Vec<u8>>,
}

impl Machine {
    fn new(flash: Flash, options: Options) -> Self {
        let size = options.cache_size_bytes(flash.block) as usize;
        Self {
            flash,
            options,
            state: None,
            read: vec![0; size],
            program: vec![0; size],
            lookahead: vec![0; 4],
            slots: vec![Slot::default(); 4],
            caches: vec![vec![0; size]; 4],
        }
    }

    fn formatted(block: u32, count: u32, minor: u16) -> Self {
        let options = Options {
            block_cycles: 5,
            ..Options::default()
        };
        let mut this = Self::new(Flash::new(block, count), options);
        let buffers = Buffers {
            read: &mut this.read,
            program: &mut this.program,
            lookahead: &mut this.lookahead,
        };
        format_version(&mut this.flash, buffers, &options, minor).unwrap();
        this.mount().unwrap();
        this
    }

    fn mount(&mut self) -> Result {
        let buffers = Buffers {
            read: &mut self.read,
            program: &mut self.program,
            lookahead: &mut self.lookahead,
        };
        self.slots.fill(Slot::default());
        self.state = Some(State::mount(&mut self.flash, buffers, &self.options)?);
        Ok(())
    }

    fn volume(&mut self) -> (Volume<'_>, &mut Vec<Vec<u8>>) {
        let buffers = Buffers {
            read: &mut self.read,
            program: &mut self.program,
            lookahead: &mut self.lookahead,
        };
        let state = self.state.as_mut().unwrap();
        (
            Volume::new(state, &mut self.flash, buffers, &mut self.slots),
            &mut self.caches,
        )
    }

    fn put(&mut self, path: &str, content: &[u8]) -> Result {
        let (mut volume, caches) = self.volume();
        let mode = Mode {
            is_written: true,
            is_created: true,
            is_truncated: true,
            ..Mode::default()
        };
        let cache = &mut caches[3];
        let file = volume.open(path.as_bytes(), mode, cache)?;
        let result = content
            .chunks(77)
            .try_for_each(|part| volume.write(file, cache, part));
        let closed = volume.close(file, cache, Some(content.len() as u64));
        result.and(closed)
    }

    fn get(&mut self, path: &str) -> Result<Vec<u8>> {
        let (mut volume, caches) = self.volume();
        let size = volume.stat(path.as_bytes())?.size_bytes as usize;
        let mut content = vec![0; size + 1];
        let len = volume.read_file(path.as_bytes(), &mut caches[3], &mut content)?;
        content.truncate(len);
        assert_eq!(len, size, "{path}");
        Ok(content)
    }

    /// All files with their content; directories have none.
    fn tree(&mut self) -> Result<Tree> {
        let mut tree = Tree::new();
        let mut left = vec![String::new()];
        while let Some(path) = left.pop() {
            let mut found = Vec::new();
            let (mut volume, _) = self.volume();
            let handle = volume.open_directory(path.as_bytes())?;
            let mut name = [0; 255];
            while let Some(entry) = volume.read_directory(handle, &mut name)? {
                let name = String::from_utf8_lossy(&name[..entry.name_len]).into_owned();
                found.push((format!("{path}/{name}"), entry));
            }
            volume.close_directory(handle);
            for (path, entry) in found {
                let content = match entry.kind {
                    Kind::Directory => {
                        left.push(path.clone());
                        None
                    }
                    Kind::File => Some(self.get(&path)?),
                };
                if let Some(content) = &content {
                    assert_eq!(content.len(), entry.size_bytes as usize, "{path}");
                }
                assert!(tree.insert(path, content).is_none());
            }
        }
        Ok(tree)
    }

    fn check(&mut self) -> Result<super::Report> {
        let mut bits = vec![0; self.flash.block_count().div_ceil(8) as usize];
        self.volume().0.check(&mut bits)
    }
}

type Tree = BTreeMap<String, Option<Vec<u8>>>;

/// One change.
#[derive(Clone, Debug)]
enum Step {
    Put(String, Vec<u8>),
    Append(String, Vec<u8>),
    Patch(String, usize, Vec<u8>),
    Truncate(String, usize),
    Remove(String),
    Directory(String),
    Rename(String, String),
    Attribute(String, Vec<u8>),
}

impl Step {
    fn random(random: &mut Random, largest: usize) -> Self {
        let path = |random: &mut Random| match random.below(3) {
            0 => format!("/f{}", random.below(6)),
            1 => format!("/d{}/f{}", random.below(2), random.below(6)),
            _ => format!("/d{}/e/f{}", random.below(2), random.below(3)),
        };
        let directory = |random: &mut Random| match random.below(2) {
            0 => format!("/d{}", random.below(2)),
            _ => format!("/d{}/e", random.below(2)),
        };
        let name = path(random);
        let len = match random.below(4) {
            0 => random.below(8),
            1 => random.below(100),
            _ => random.below(largest),
        };
        match random.below(14) {
            0..4 => Self::Put(name, random.bytes(len)),
            4 => Self::Append(name, random.bytes(len.min(600))),
            5 => Self::Patch(name, random.below(largest), random.bytes(len.min(600))),
            6 => Self::Truncate(name, len),
            7 | 8 => Self::Remove(name),
            9 => Self::Remove(directory(random)),
            10 => Self::Directory(directory(random)),
            11 => Self::Rename(name, path(random)),
            12 => Self::Rename(directory(random), directory(random)),
            _ => Self::Attribute(name, random.bytes(len.min(40))),
        }
    }

    fn apply(&self, machine: &mut Machine) -> Result {
        let (mut volume, caches) = match self {
            Self::Put(path, content) => return machine.put(path, content),
            _ => machine.volume(),
        };
        let cache = &mut caches[3];
        let mode = Mode {
            is_read: true,
            is_written: true,
            ..Mode::default()
        };
        match self {
            Self::Put(..) => Ok(()),
            Self::Append(path, content) => {
                let mode = Mode {
                    is_appended: true,
                    ..mode
                };
                let file = volume.open(path.as_bytes(), mode, cache)?;
                let result = volume.write(file, cache, content);
                result.and(volume.close(file, cache, None))
            }
            Self::Patch(path, at, content) => {
                let file = volume.open(path.as_bytes(), mode, cache)?;
                let result = volume
                    .seek(file, cache, *at as u32)
                    .and_then(|()| volume.write(file, cache, content));
                result.and(volume.close(file, cache, None))
            }
            Self::Truncate(path, size) => {
                let file = volume.open(path.as_bytes(), mode, cache)?;
                let result = volume.truncate(file, cache, *size as u32);
                result.and(volume.close(file, cache, None))
            }
            Self::Remove(path) => volume.remove(path.as_bytes()),
            Self::Directory(path) => volume.make_directory(path.as_bytes()),
            Self::Rename(from, to) => volume.rename(from.as_bytes(), to.as_bytes()),
            Self::Attribute(path, value) => volume.set_attribute(path.as_bytes(), 7, Some(value)),
        }
    }

    /// The same in the model; `false` when it cannot be done.
    fn imitate(&self, tree: &mut Tree) -> bool {
        let has_parent = |tree: &Tree, path: &str| {
            let parent = &path[..path.rfind('/').unwrap()];
            parent.is_empty() || matches!(tree.get(parent), Some(None))
        };
        let is_empty =
            |tree: &Tree, path: &str| !tree.keys().any(|key| key.starts_with(&format!("{path}/")));
        match self {
            Self::Put(path, content) => {
                let can = has_parent(tree, path);
                if can {
                    tree.insert(path.clone(), Some(content.clone()));
                }
                can
            }
            Self::Append(path, added) => match tree.get_mut(path) {
                Some(Some(content)) => {
                    content.extend(added);
                    true
                }
                _ => false,
            },
            Self::Patch(path, at, added) => match tree.get_mut(path) {
                Some(Some(content)) => {
                    let end = at + added.len();
                    if !added.is_empty() {
                        content.resize(content.len().max(end), 0);
                        content[*at..end].copy_from_slice(added);
                    }
                    true
                }
                _ => false,
            },
            Self::Truncate(path, size) => match tree.get_mut(path) {
                Some(Some(content)) => {
                    content.resize(*size, 0);
                    true
                }
                _ => false,
            },
            Self::Remove(path) => {
                let can = tree.contains_key(path) && is_empty(tree, path);
                can && tree.remove(path).is_some()
            }
            Self::Directory(path) => {
                let can = has_parent(tree, path) && !tree.contains_key(path);
                if can {
                    tree.insert(path.clone(), None);
                }
                can
            }
            Self::Rename(from, to) => {
                let Some(old) = tree.get(from).cloned() else {
                    return false;
                };
                let is_below = old.is_none() && to.starts_with(&format!("{from}/"));
                let fits = match tree.get(to) {
                    Some(new) => {
                        new.is_some() == old.is_some() && (from == to || is_empty(tree, to))
                    }
                    None => has_parent(tree, to),
                };
                if !fits || is_below {
                    return false;
                }
                if from != to {
                    let below = format!("{from}/");
                    let keys: Vec<String> = tree
                        .keys()
                        .filter(|key| key.starts_with(&below))
                        .cloned()
                        .collect();
                    for key in keys {
                        let content = tree.remove(&key).unwrap();
                        tree.insert(format!("{to}/{}", &key[below.len()..]), content);
                    }
                    tree.remove(from);
                    tree.insert(to.clone(), old);
                }
                true
            }
            Self::Attribute(path, _) => tree.contains_key(path),
        }
    }
}

fn same(tree: &Tree, expected: &Tree, what: &str) {
    if tree == expected {
        return;
    }
    for key in tree.keys().chain(expected.keys()) {
        let (found, wanted) = (tree.get(key), expected.get(key));
        let size =
            |entry: Option<&Option<Vec<u8>>>| entry.map(|content| content.as_ref().map(Vec::len));
        assert!(
            found == wanted,
            "{what}: {key}: {:?} instead of {:?}",
            size(found),
            size(wanted)
        );
    }
}

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
            let report = machine
                .check()
                .unwrap_or_else(|errno| panic!("{what}: {errno:?}"));
            assert!(!report.is_unfinished, "{what}");
            let used = machine.volume().0.used_blocks().unwrap();
            assert_eq!(used, report.blocks, "{what}");
        }
    }
}

/// A workload that meets everything: splits, moves, directories, inline and large files, attributes.
fn workload() -> Vec<Step> {
    let mut random = Random(4711);
    let mut steps = Vec::new();
    let text = String::from;
    steps.push(Step::Directory(text("/d0")));
    steps.push(Step::Directory(text("/d1")));
    steps.push(Step::Directory(text("/d0/e")));
    for index in 0..6 {
        steps.push(Step::Put(format!("/f{index}"), random.bytes(20 * index)));
        steps.push(Step::Put(
            format!("/d0/f{index}"),
            random.bytes(300 * index),
        ));
    }
    steps.push(Step::Rename(text("/f5"), text("/d1/f5")));
    steps.push(Step::Rename(text("/d0/f4"), text("/d0/e/f0")));
    steps.push(Step::Rename(text("/d0/f3"), text("/d0/e/f0")));
    steps.push(Step::Rename(text("/d0/e"), text("/d1/e")));
    steps.push(Step::Append(text("/d1/e/f0"), random.bytes(700)));
    steps.push(Step::Patch(text("/d1/e/f0"), 100, random.bytes(50)));
    steps.push(Step::Truncate(text("/d1/e/f0"), 30));
    steps.push(Step::Directory(text("/d0/e")));
    steps.push(Step::Rename(text("/d0/e"), text("/d1/e2")));
    for _ in 0..200 {
        steps.push(Step::random(&mut random, 900));
    }
    for _ in 0..12 {
        steps.push(Step::Put(text("/f1"), random.bytes(10)));
        steps.push(Step::Attribute(text("/d1/f5"), random.bytes(20)));
    }
    steps
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
        let steps = workload();
        let mut machine = Machine::formatted(512, 40, minor);
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
                let what = format!("{cut:?} at operation {left} of step {number} {step:?}");
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
        assert!(cuts > 500, "{cuts}");
    }
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
    let mut random = Random(31337);
    let mut good = Machine::formatted(512, 32, 1);
    for step in workload() {
        let _ = step.apply(&mut good);
    }
    for round in 0..3000 {
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
