//! littlefs of the firmware and the C library (through littlefs-python) on the same images.

#[path = "../../firmware/vfs/src/littlefs/tests/machine.rs"]
mod machine;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use harness::paths;
use machine::{Cut, Flash, Machine, Random, Step, Tree, same, workload};
use serde_json::{Value, json};
use upy_vfs::littlefs::Options;

/// littlefs-python, waiting for requests.
struct Peer {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    folder: tempfile::TempDir,
}

impl Peer {
    fn start() -> Self {
        let mut child = Command::new(paths::peers().join("python"))
            .arg(paths::root().join("tests/vfs/littlefs_peer.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python can be started");
        Self {
            requests: child.stdin.take().expect("piped"),
            answers: BufReader::new(child.stdout.take().expect("piped")),
            child,
            folder: tempfile::tempdir().expect("a temporary directory"),
        }
    }

    fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.requests, "{request}").expect("Python listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("Python answers");
        let answer: Value = serde_json::from_str(&line).expect("JSON");
        assert!(answer.get("error").is_none(), "{answer} to {request}");
        answer
    }

    fn image(&self) -> PathBuf {
        self.folder.path().join("image")
    }

    /// Lets the peer change the flash; what it finds then, and whether each step went well.
    fn change(&mut self, flash: &mut Flash, steps: &[Step], more: Value) -> (Tree, Vec<bool>) {
        let image = self.image();
        std::fs::write(&image, &flash.bytes).expect("the image can be written");
        let mut request = json!({
            "image": image,
            "block": flash.block,
            "steps": steps.iter().map(as_json).collect::<Vec<_>>(),
        });
        for (key, value) in more.as_object().expect("an object") {
            request[key] = value.clone();
        }
        let answer = self.ask(&request);
        flash.bytes = std::fs::read(&image).expect("the image can be read");
        let went = answer["went"].as_array().expect("a list");
        let went = went.iter().map(|went| went.as_bool().expect("a truth"));
        (as_tree(&answer["tree"]), went.collect())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|index| u8::from_str_radix(&text[2 * index..2 * index + 2], 16).expect("hex"))
        .collect()
}

fn as_json(step: &Step) -> Value {
    match step {
        Step::Put(path, content) => json!(["put", path, hex(content)]),
        Step::Append(path, content) => json!(["append", path, hex(content)]),
        Step::Patch(path, at, content) => json!(["patch", path, at, hex(content)]),
        Step::Truncate(path, size) => json!(["truncate", path, size]),
        Step::Remove(path) => json!(["remove", path]),
        Step::Directory(path) => json!(["mkdir", path]),
        Step::Rename(from, to) => json!(["rename", from, to]),
        Step::Attribute(path, value) => json!(["attribute", path, hex(value)]),
    }
}

fn as_tree(value: &Value) -> Tree {
    let entries = value.as_array().expect("a list");
    let entry = |entry: &Value| {
        let path = entry[0].as_str().expect("a path").to_string();
        (path, entry[1].as_str().map(unhex))
    };
    entries.iter().map(entry).collect()
}

/// The attribute 7 of each file.
fn attributes(machine: &mut Machine, tree: &Tree) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for path in tree.keys() {
        let mut value = [0; 100];
        if let Ok(len) = machine.volume().0.attribute(path.as_bytes(), 7, &mut value) {
            found.insert(path.clone(), value[..len as usize].to_vec());
        }
    }
    found
}

/// Both take turns with random steps on the same image: each finds what the model says.
fn take_turns(minor: u16, seeds: std::ops::Range<u64>, cache: u32) {
    let mut peer = Peer::start();
    for seed in seeds {
        let mut random = Random(seed * 77 + u64::from(minor));
        let mut machine = Machine::formatted(512, 64, minor);
        let mut model = Tree::new();
        if seed % 2 == 0 {
            let made = json!({"format": true, "minor": minor, "cache": cache});
            peer.change(&mut machine.flash, &[], made);
        }
        for turn in 0..30 {
            let what = format!("seed {seed} turn {turn}");
            let steps: Vec<Step> = (0..8).map(|_| Step::random(&mut random, 1500)).collect();
            let can: Vec<bool> = steps.iter().map(|step| step.imitate(&mut model)).collect();
            if turn % 2 == 0 {
                let (tree, went) = peer.change(
                    &mut machine.flash,
                    &steps,
                    json!({"minor": minor, "cache": cache}),
                );
                // The C library moves a directory into itself.
                if went != can {
                    assert!(
                        steps
                            .iter()
                            .zip(&can)
                            .any(|(step, can)| !can && is_into_itself(step)),
                        "{what}"
                    );
                    break;
                }
                same(&tree, &model, &what);
                machine.mount().expect("a file system");
            } else {
                machine.mount().expect("a file system");
                for (step, can) in steps.iter().zip(&can) {
                    let result = step.apply(&mut machine);
                    assert_eq!(result.is_ok(), *can, "{what} {step:?} {result:?}");
                }
                let (tree, _) =
                    peer.change(&mut machine.flash.clone(), &[], json!({"cache": cache}));
                same(&tree, &model, &what);
            }
            same(&machine.tree().expect("readable"), &model, &what);
            machine
                .check()
                .unwrap_or_else(|errno| panic!("{what}: {errno:?}"));
            let version = machine.state.as_ref().expect("mounted").version();
            assert_eq!(version, (2, minor), "{what}");
        }
    }
}

fn is_into_itself(step: &Step) -> bool {
    matches!(step, Step::Rename(from, to) if to.starts_with(&format!("{from}/")))
}

#[test]
fn turns_on_version_2_1_agree() {
    take_turns(1, 1..12, 64);
}

#[test]
fn turns_on_version_2_0_agree() {
    take_turns(0, 1..8, 64);
}

/// The peer's caches are larger than ours, and with them the files that it keeps in the metadata.
#[test]
fn turns_with_a_peer_with_larger_caches_agree() {
    take_turns(1, 20..26, 512);
}

/// What a power cut leaves is a file system for the C library too, with old or new content, and it can go on with it.
#[test]
fn power_cuts_are_survived_for_the_peer_too() {
    let mut peer = Peer::start();
    for (minor, cut) in [
        (1, Cut::Nothing),
        (1, Cut::Half),
        (1, Cut::Noise),
        (0, Cut::Half),
    ] {
        let mut machine = Machine::formatted(512, 64, minor);
        let mut model = Tree::new();
        let mut images = Vec::new();
        let mut allowed = Vec::new();
        for step in workload(4711).into_iter().take(150) {
            let before = model.clone();
            step.imitate(&mut model);
            let flash = machine.flash.clone();
            let _ = step.apply(&mut machine);
            for left in 0..machine.flash.operations - flash.operations {
                let mut other = Machine::new(flash.clone(), machine.options);
                other.mount().expect("a file system");
                (other.flash.left, other.flash.cut) = (Some(left), cut);
                let _ = step.apply(&mut other);
                images.extend_from_slice(&other.flash.bytes);
                allowed.push((before.clone(), model.clone(), step.clone()));
            }
            machine.mount().expect("a file system");
        }
        assert!(allowed.len() > 300, "{}", allowed.len());
        let path = peer.folder.path().join("images");
        std::fs::write(&path, images).expect("the images can be written");
        let size = machine.flash.bytes.len();
        let answer = peer.ask(&json!({"images": path, "size": size, "block": 512}));
        let answers = answer.as_array().expect("a list");
        assert_eq!(answers.len(), allowed.len());
        for (answer, (before, after, step)) in answers.iter().zip(&allowed) {
            let mut tree = as_tree(answer);
            if let Step::Put(path, _) = step
                && !before.contains_key(path)
                && tree.get(path) == Some(&Some(Vec::new()))
            {
                tree.remove(path);
            }
            if tree != *before {
                same(&tree, after, &format!("{cut:?} {step:?}"));
            }
        }
    }
}

/// The attributes that one writes are those that the other reads.
#[test]
fn attributes_are_the_same_for_both() {
    let mut peer = Peer::start();
    let mut machine = Machine::formatted(512, 64, 1);
    let mut model = Tree::new();
    for step in workload(4711) {
        step.imitate(&mut model);
        let _ = step.apply(&mut machine);
    }
    let tree = machine.tree().expect("readable");
    let ours = attributes(&mut machine, &tree);
    assert!(!ours.is_empty());
    let image = peer.image();
    std::fs::write(&image, &machine.flash.bytes).expect("the image can be written");
    let answer = peer.ask(&json!({"image": image, "block": 512}));
    for entry in answer["tree"].as_array().expect("a list") {
        let path = entry[0].as_str().expect("a path");
        let theirs = entry[2].as_str().map(unhex);
        assert_eq!(ours.get(path), theirs.as_ref(), "{path}");
    }
}

/// Blocks of 4096 bytes, a large file, many names: an image of the size that boards have.
#[test]
fn large_image_is_the_same_for_both() {
    let mut peer = Peer::start();
    let options = Options::default();
    let mut machine = Machine::formatted(4096, 256, 1);
    machine.options = options;
    machine.mount().expect("a file system");
    let mut random = Random(5);
    let mut model = Tree::new();
    let mut steps = vec![Step::Directory("/lib".into())];
    steps.push(Step::Put("/lib/big.bin".into(), random.bytes(300_000)));
    for index in 0..90 {
        let name = format!("/lib/a-module-with-a-long-name-{index}.py");
        steps.push(Step::Put(name, random.bytes(index * 3)));
    }
    for step in &steps {
        assert!(step.imitate(&mut model));
        step.apply(&mut machine).expect("room");
    }
    let (tree, _) = peer.change(&mut machine.flash.clone(), &[], json!({}));
    same(&tree, &model, "the peer before its change");
    let patch = [
        Step::Patch("/lib/big.bin".into(), 123_456, random.bytes(5000)),
        Step::Truncate("/lib/big.bin".into(), 250_001),
    ];
    for step in &patch {
        step.imitate(&mut model);
    }
    let (tree, went) = peer.change(&mut machine.flash, &patch, json!({}));
    assert_eq!(went, [true, true]);
    same(&tree, &model, "the peer");
    machine.mount().expect("a file system");
    same(&machine.tree().expect("readable"), &model, "ours");
    machine.check().expect("sound");
    assert!(Path::new(&peer.image()).exists());
}

/// Names that begin alike in a directory of many pairs, some made by one, some by the other: both find each.
#[test]
fn names_that_begin_alike_are_found_by_both() {
    let mut peer = Peer::start();
    let mut machine = Machine::formatted(512, 128, 1);
    let mut model = Tree::new();
    let names = (0..60).map(|number: u32| {
        let name = "abababab";
        format!(
            "/{}{}",
            &name[..1 + number as usize % 8],
            "x".repeat(number as usize / 8)
        )
    });
    for (number, name) in names.enumerate() {
        let step = Step::Put(name, vec![number as u8; 30]);
        assert!(step.imitate(&mut model));
        if number % 3 == 0 {
            let (_, went) = peer.change(&mut machine.flash, &[step], json!({}));
            assert_eq!(went, [true]);
            machine.mount().expect("a file system");
        } else {
            step.apply(&mut machine).expect("room");
        }
    }
    same(&machine.tree().expect("readable"), &model, "ours");
    machine.check().expect("sound");
    for name in model.keys() {
        assert_eq!(
            machine
                .volume()
                .0
                .stat(name.as_bytes())
                .map(|entry| entry.size_bytes),
            Ok(30),
            "{name}"
        );
    }
    let steps: Vec<Step> = model.keys().cloned().map(Step::Remove).collect();
    let (tree, went) = peer.change(&mut machine.flash, &steps, json!({}));
    assert!(went.iter().all(|went| *went));
    assert!(tree.is_empty());
}
