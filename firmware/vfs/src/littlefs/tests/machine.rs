//! What the tests work with: flash that fails, a mounted file system, steps to do and a model that does the same.
//!
//! The tests of this crate and those of `tests/vfs` share this file; neither uses all of it.
#![allow(dead_code, reason = "two users, each needs a part")]

use std::collections::BTreeMap;
use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

use upy_vfs::littlefs::{
    Buffers, Kind, Mode, Options, Report, Slot, State, Volume, format_version,
};
use upy_vfs::{BlockDevice, Errno, Result};

/// Numbers that look random; the seed is printed by what uses them.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }
}

/// What a program or erase does in the moment the power goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cut {
    Nothing,
    Half,
    /// Other bits of the same bytes, as flash that was interrupted.
    Noise,
    Whole,
}

/// Flash in memory that counts operations and can lose power or wear out.
#[derive(Clone)]
pub(crate) struct Flash {
    pub(crate) bytes: Vec<u8>,
    pub(crate) block: u32,
    /// Programs and erases until the power goes.
    pub(crate) left: Option<u32>,
    pub(crate) operations: u32,
    pub(crate) cut: Cut,
    pub(crate) bad: Vec<u32>,
    pub(crate) erased_to: u8,
}

impl Flash {
    pub(crate) fn new(block: u32, count: u32) -> Self {
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
pub(crate) struct Machine {
    pub(crate) flash: Flash,
    pub(crate) options: Options,
    pub(crate) state: Option<State>,
    pub(crate) read: Vec<u8>,
    pub(crate) program: Vec<u8>,
    pub(crate) lookahead: Vec<u8>,
    pub(crate) slots: Vec<Slot>,
    pub(crate) caches: Vec<Vec<u8>>,
}

impl Machine {
    pub(crate) fn new(flash: Flash, options: Options) -> Self {
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

    pub(crate) fn formatted(block: u32, count: u32, minor: u16) -> Self {
        Self::formatted_as(2, block, count, minor)
    }

    pub(crate) fn formatted_as(major: u16, block: u32, count: u32, minor: u16) -> Self {
        let options = Options {
            block_cycles: 5,
            major,
            ..Options::default()
        };
        let mut this = Self::new(Flash::new(block, count), options);
        let buffers = Buffers {
            read: &mut this.read,
            program: &mut this.program,
            lookahead: &mut this.lookahead,
        };
        format_version(&mut this.flash, buffers, &options, minor).expect("good sizes");
        this.mount().expect("a file system");
        this
    }

    pub(crate) fn mount(&mut self) -> Result {
        let buffers = Buffers {
            read: &mut self.read,
            program: &mut self.program,
            lookahead: &mut self.lookahead,
        };
        self.slots.fill(Slot::default());
        self.state = Some(State::mount(&mut self.flash, buffers, &self.options)?);
        Ok(())
    }

    pub(crate) fn volume(&mut self) -> (Volume<'_>, &mut Vec<Vec<u8>>) {
        let buffers = Buffers {
            read: &mut self.read,
            program: &mut self.program,
            lookahead: &mut self.lookahead,
        };
        let state = self.state.as_mut().expect("mounted");
        (
            Volume::new(state, &mut self.flash, buffers, &mut self.slots),
            &mut self.caches,
        )
    }

    pub(crate) fn put(&mut self, path: &str, content: &[u8]) -> Result {
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

    pub(crate) fn get(&mut self, path: &str) -> Result<Vec<u8>> {
        let (mut volume, caches) = self.volume();
        let size = volume.stat(path.as_bytes())?.size_bytes as usize;
        let mut content = vec![0; size + 1];
        let len = volume.read_file(path.as_bytes(), &mut caches[3], &mut content)?;
        content.truncate(len);
        assert_eq!(len, size, "{path}");
        Ok(content)
    }

    /// All files with their content; directories have none.
    pub(crate) fn tree(&mut self) -> Result<Tree> {
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

    pub(crate) fn check(&mut self) -> Result<Report> {
        let mut bits = vec![0; self.flash.block_count().div_ceil(8) as usize];
        self.volume().0.check(&mut bits)
    }
}

pub(crate) type Tree = BTreeMap<String, Option<Vec<u8>>>;

/// One change.
#[derive(Clone, Debug)]
pub(crate) enum Step {
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
    pub(crate) fn random(random: &mut Random, largest: usize) -> Self {
        // Names that begin alike: their order is a matter of the format.
        let file = |random: &mut Random| ["f", "f1", "f10", "f1000", "f2", "g"][random.below(6)];
        let path = |random: &mut Random| match random.below(3) {
            0 => format!("/{}", file(random)),
            1 => format!("/d{}/{}", random.below(2), file(random)),
            _ => format!("/d{}/e/{}", random.below(2), file(random)),
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
            _ => Self::Attribute(name, random.bytes(1 + len.min(40))),
        }
    }

    pub(crate) fn apply(&self, machine: &mut Machine) -> Result {
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
    pub(crate) fn imitate(&self, tree: &mut Tree) -> bool {
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
            Self::Rename(from, to) => imitate_rename(tree, from, to),
            Self::Attribute(path, _) => tree.contains_key(path),
        }
    }
}

pub(crate) fn same(tree: &Tree, expected: &Tree, what: &str) {
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

/// A workload that meets everything: splits, moves, directories, inline and large files, attributes.
pub(crate) fn workload(seed: u64) -> Vec<Step> {
    let mut random = Random(seed);
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

fn has_parent(tree: &Tree, path: &str) -> bool {
    let parent = &path[..path.rfind('/').expect("an absolute path")];
    parent.is_empty() || matches!(tree.get(parent), Some(None))
}

fn is_empty(tree: &Tree, path: &str) -> bool {
    !tree.keys().any(|key| key.starts_with(&format!("{path}/")))
}

fn imitate_rename(tree: &mut Tree, from: &str, to: &str) -> bool {
    let Some(old) = tree.get(from).cloned() else {
        return false;
    };
    let is_below = old.is_none() && to.starts_with(&format!("{from}/"));
    let fits = match tree.get(to) {
        Some(new) => new.is_some() == old.is_some() && (from == to || is_empty(tree, to)),
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
            let content = tree.remove(&key).expect("listed");
            tree.insert(format!("{to}/{}", &key[below.len()..]), content);
        }
        tree.remove(from);
        tree.insert(String::from(to), old);
    }
    true
}
