//! ROMFS images that mpremote and `ucli` build, read by the firmware.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use harness::paths;
use upy_vfs::rom::{Node, Rom};

type Files = BTreeMap<String, Option<Vec<u8>>>;

/// mpremote measures names in letters and breaks on others than ASCII.
fn files(name: &str) -> Files {
    let mut files = Files::new();
    files.insert("/boot.py".into(), Some(b"print('boot')\n".to_vec()));
    files.insert("/empty".into(), Some(Vec::new()));
    files.insert("/lib".into(), None);
    files.insert("/lib/inner".into(), None);
    files.insert(format!("/lib/inner/{name}"), Some("äöü".into()));
    files.insert(
        "/lib/large.bin".into(),
        Some(
            (0..100_000u32)
                .map(|n| (n.wrapping_mul(n) >> 3) as u8)
                .collect(),
        ),
    );
    files
}

fn write(files: &Files, folder: &Path) {
    for (path, content) in files {
        let path = folder.join(&path[1..]);
        match content {
            Some(content) => std::fs::write(path, content).expect("writable"),
            None => std::fs::create_dir_all(path).expect("writable"),
        }
    }
}

fn read(image: &[u8]) -> Files {
    let rom = Rom::new(image).expect("an image");
    let mut found = Files::new();
    let mut left = vec![(String::new(), rom.root())];
    while let Some((folder, mut records)) = left.pop() {
        while let Some(entry) = rom.next(image, &mut records).expect("a sound image") {
            let name = String::from_utf8_lossy(entry.name.of(image)).into_owned();
            let path = format!("{folder}/{name}");
            assert_eq!(rom.find(image, path.as_bytes()), Ok(entry.node), "{path}");
            let content = match entry.node {
                Node::File(span) => Some(span.of(image).to_vec()),
                Node::Directory(span) => {
                    left.push((path.clone(), span));
                    None
                }
            };
            found.insert(path, content);
        }
    }
    found
}

fn built_image_is_read(program: &Path, name: &str) {
    let files = files(name);
    let folder = tempfile::tempdir().expect("a temporary directory");
    let tree = folder.path().join("tree");
    std::fs::create_dir(&tree).expect("writable");
    write(&files, &tree);
    let image = folder.path().join("image.romfs");
    let output = Command::new(program)
        .args(["romfs", "--no-mpy", "-o"])
        .arg(&image)
        .arg("build")
        .arg(&tree)
        .output()
        .expect("the program can be started");
    assert!(output.status.success(), "{output:?}");
    let image = std::fs::read(&image).expect("there is an image");
    assert_eq!(read(&image), files);
}

#[test]
fn image_of_mpremote_is_read() {
    built_image_is_read(&paths::peers().join("mpremote"), "text.txt");
}

#[test]
fn image_of_ucli_is_read() {
    built_image_is_read(paths::ucli(), "grüße.txt");
}
