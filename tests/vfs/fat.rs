//! FAT of the firmware and the tools of Debian (dosfstools, mtools) on the same images.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use upy_vfs::fat::{Kind, Mode, Slot, State, Volume, format};
use upy_vfs::ram::RamDevice;

type Files = BTreeMap<String, Option<Vec<u8>>>;

/// A tool, or a skip that is printed; its absence fails a CI run.
fn tool(name: &str) -> Option<PathBuf> {
    let found = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]
        .iter()
        .map(|folder| Path::new(folder).join(name))
        .find(|path| path.exists());
    assert!(
        found.is_some() || std::env::var_os("CI").is_none(),
        "`{name}` is missing"
    );
    if found.is_none() {
        let _ = writeln!(std::io::stdout(), "skipped: `{name}` is missing");
    }
    found
}

fn run(program: &Path, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .env("MTOOLS_SKIP_CHECK", "1")
        .env("LC_ALL", "C.UTF-8")
        .output()
        .expect("the tool can be started");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{program:?} {arguments:?}: {text}{errors}"
    );
    text
}

fn with_volume<T>(image: &mut [u8], work: impl FnOnce(&mut Volume<'_>) -> T) -> T {
    let mut device = RamDevice::new(image, 512).expect("a size");
    let mut sector = [0; 512];
    let mut state = State::mount(&mut device, &mut sector).expect("a volume");
    let mut open = [Slot::default(); 2];
    let now = 0x5a2b_6543;
    work(&mut Volume::new(
        &mut state,
        &mut device,
        &mut sector,
        &mut open,
        now,
    ))
}

fn read(volume: &mut Volume<'_>) -> Files {
    let mut files = Files::new();
    let mut left = vec![String::new()];
    while let Some(folder) = left.pop() {
        let mut at = volume.list(folder.as_bytes()).expect("a directory");
        let mut name = [0; 765];
        while let Some(entry) = volume.read_directory(&mut at, &mut name).expect("readable") {
            let name = String::from_utf8_lossy(&name[..entry.name_len]).into_owned();
            let path = format!("{folder}/{name}");
            let content = match entry.kind {
                Kind::Directory => {
                    left.push(path.clone());
                    None
                }
                Kind::File => {
                    let mode = Mode {
                        is_read: true,
                        ..Mode::default()
                    };
                    let file = volume.open(path.as_bytes(), mode).expect("a file");
                    let mut content = vec![0; entry.size_bytes as usize + 1];
                    let len = volume.read(file, &mut content).expect("readable");
                    volume.close(file).expect("closable");
                    content.truncate(len);
                    Some(content)
                }
            };
            files.insert(path, content);
        }
    }
    files
}

fn put(volume: &mut Volume<'_>, path: &str, content: &[u8]) {
    let mode = Mode {
        is_written: true,
        is_created: true,
        is_truncated: true,
        ..Mode::default()
    };
    let file = volume.open(path.as_bytes(), mode).expect("openable");
    for part in content.chunks(777) {
        volume.write(file, part).expect("room");
    }
    volume.close(file).expect("closable");
}

fn content(seed: usize, len: usize) -> Vec<u8> {
    (0..len)
        .map(|index| (index * 7 + seed * 31 + index / 251) as u8)
        .collect()
}

/// What is put into each image first.
fn files() -> Files {
    let mut files = Files::new();
    files.insert("/folder".into(), None);
    files.insert("/folder/inner one".into(), None);
    files.insert("/README.TXT".into(), Some(content(1, 1000)));
    files.insert("/lower.py".into(), Some(content(2, 10)));
    files.insert("/empty".into(), Some(Vec::new()));
    files.insert("/folder/Größe.md".into(), Some(content(3, 5000)));
    files.insert(
        "/folder/inner one/a rather long name with blanks.bin".into(),
        Some(content(4, 70_000)),
    );
    for index in 0..40 {
        let name = format!("/folder/inner one/number {index} of many.txt");
        files.insert(name, Some(content(index, 40 * index)));
    }
    files
}

fn write_tree(files: &Files, folder: &Path) {
    for (path, content) in files {
        let path = folder.join(&path[1..]);
        match content {
            Some(content) => std::fs::write(path, content).expect("writable"),
            None => std::fs::create_dir_all(path).expect("writable"),
        }
    }
}

fn read_tree(folder: &Path, prefix: &str, files: &mut Files) {
    for entry in std::fs::read_dir(folder).expect("readable") {
        let entry = entry.expect("readable");
        let path = format!("{prefix}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            read_tree(&entry.path(), &path, files);
            files.insert(path, None);
        } else {
            files.insert(path, Some(std::fs::read(entry.path()).expect("readable")));
        }
    }
}

/// Their checker finds nothing, and their copy of everything is what it should be.
fn holds(image: &Path, files: &Files, what: &str) {
    let (Some(fsck), Some(mcopy)) = (tool("fsck.fat"), tool("mcopy")) else {
        return;
    };
    let text = run(&fsck, &["-n", "-v", &image.to_string_lossy()]);
    for complaint in [
        "Bad",
        "bad",
        "Wrong",
        "orphan",
        "Reclaim",
        "mismatch",
        "duplicate",
        "differ",
    ] {
        assert!(!text.contains(complaint), "{what}: {text}");
    }
    let out = tempfile::tempdir().expect("a temporary directory");
    let image = image.to_string_lossy();
    run(
        &mcopy,
        &[
            "-i",
            &image,
            "-s",
            "-n",
            "::/*",
            &out.path().to_string_lossy(),
        ],
    );
    let mut found = Files::new();
    read_tree(out.path(), "", &mut found);
    let keys = |files: &Files| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&found), keys(files), "{what}");
    assert!(found == *files, "{what}");
}

/// Changes of every kind, made by the firmware.
fn change(volume: &mut Volume<'_>, files: &mut Files) {
    volume
        .make_directory("/neu und lang".as_bytes())
        .expect("room");
    files.insert("/neu und lang".into(), None);
    for index in 0..30 {
        let path = format!("/neu und lang/Datei Nummer {index}.Text");
        put(volume, &path, &content(index + 100, 333 * index));
        files.insert(path, Some(content(index + 100, 333 * index)));
    }
    for index in (0..40).step_by(3) {
        let path = format!("/folder/inner one/number {index} of many.txt");
        volume.remove(path.as_bytes(), Kind::File).expect("there");
        files.remove(&path);
    }
    for (from, to) in [
        ("/lower.py", "/neu und lang/Upper.py"),
        ("/README.TXT", "/Readme.txt"),
        ("/folder/Größe.md", "/empty"),
    ] {
        volume
            .rename(from.as_bytes(), to.as_bytes())
            .expect("possible");
        let moved = files.remove(from).expect("there");
        files.insert(to.into(), moved);
    }
    volume
        .rename(b"/folder/inner one", b"/neu und lang/inner")
        .expect("possible");
    let inner: Vec<String> = files
        .keys()
        .filter(|key| key.starts_with("/folder/inner one"))
        .cloned()
        .collect();
    for key in inner {
        let moved = files.remove(&key).expect("there");
        files.insert(
            key.replace("/folder/inner one", "/neu und lang/inner"),
            moved,
        );
    }
    let mode = Mode {
        is_written: true,
        is_appended: true,
        ..Mode::default()
    };
    let big = "/neu und lang/inner/a rather long name with blanks.bin";
    let file = volume.open(big.as_bytes(), mode).expect("there");
    volume.write(file, &content(9, 3000)).expect("room");
    volume.close(file).expect("closable");
    let held = files.get_mut(big).and_then(Option::as_mut).expect("there");
    held.extend(content(9, 3000));
    let file = volume.open(b"/empty", mode).expect("there");
    volume.truncate(file, 2000).expect("possible");
    volume.close(file).expect("closable");
    files
        .get_mut("/empty")
        .and_then(Option::as_mut)
        .expect("there")
        .truncate(2000);
}

fn both_agree(kilobytes: u32, arguments: &[&str], bits: u32) {
    let (Some(mkfs), Some(mcopy)) = (tool("mkfs.fat"), tool("mcopy")) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary directory");
    let image = folder.path().join("image");
    let name = image.to_string_lossy().into_owned();
    let size = kilobytes.to_string();
    run(
        &mkfs,
        &[arguments, &["-n", "CARD", "-C", &name, &size]].concat(),
    );
    let tree = folder.path().join("tree");
    std::fs::create_dir(&tree).expect("writable");
    let mut expected = files();
    write_tree(&expected, &tree);
    let mut sources: Vec<String> = std::fs::read_dir(&tree)
        .expect("readable")
        .map(|entry| {
            entry
                .expect("readable")
                .path()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    sources.push("::/".into());
    let mut copy: Vec<&str> = vec!["-i", &name, "-s"];
    copy.extend(sources.iter().map(String::as_str));
    run(&mcopy, &copy);

    let mut bytes = std::fs::read(&image).expect("readable");
    with_volume(&mut bytes, |volume| {
        assert!(read(volume) == expected, "what mtools wrote");
        assert_eq!(volume.label().expect("readable"), (*b"CARD       ", 4));
        change(volume, &mut expected);
        assert!(read(volume) == expected, "what the firmware wrote");
    });
    let mut device = RamDevice::new(&mut bytes, 512).expect("a size");
    let state = State::mount(&mut device, &mut [0; 512]).expect("a volume");
    assert_eq!(state.bits(), bits);
    std::fs::write(&image, &bytes).expect("writable");
    holds(&image, &expected, "after the changes");
}

#[test]
fn volume_of_12_bits_is_the_same_for_both() {
    both_agree(1440, &["-F", "12"], 12);
}

#[test]
fn volume_of_16_bits_is_the_same_for_both() {
    both_agree(20_000, &["-F", "16"], 16);
}

#[test]
fn volume_of_32_bits_is_the_same_for_both() {
    both_agree(40_000, &["-F", "32", "-s", "1"], 32);
}

#[test]
fn volume_with_large_clusters_is_the_same_for_both() {
    both_agree(60_000, &["-F", "16", "-s", "16"], 16);
}

/// What the firmware formats is a volume for the others.
#[test]
fn formatted_volume_is_sound_for_others() {
    for sectors in [100, 3000, 40_000, 600_000] {
        let mut bytes = vec![0u8; sectors * 512];
        let mut device = RamDevice::new(&mut bytes, 512).expect("a size");
        format(&mut device, &mut [0; 512]).expect("large enough");
        let mut expected = Files::new();
        with_volume(&mut bytes, |volume| {
            volume.make_directory(b"/d").expect("room");
            put(volume, "/d/A File.txt", &content(1, 9000));
            volume.set_label(b"MADE HERE").expect("room");
        });
        expected.insert("/d".into(), None);
        expected.insert("/d/A File.txt".into(), Some(content(1, 9000)));
        let folder = tempfile::tempdir().expect("a temporary directory");
        let image = folder.path().join("image");
        std::fs::write(&image, &bytes).expect("writable");
        holds(&image, &expected, &format!("{sectors} sectors"));
    }
}
