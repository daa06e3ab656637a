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
