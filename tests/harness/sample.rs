//! Contents for files: reproducible random bytes, program text, a small tree.

use std::path::Path;
use std::sync::OnceLock;

use crate::interpreter;

/// `len` bytes from a seed; the same on every machine.
pub fn random(seed: u64, len: usize) -> Vec<u8> {
    random_from(&mut (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1), len)
}

/// `len` bytes from a generator's state, which moves on. The generator is xorshift64*.
pub fn random_from(state: &mut u64, len: usize) -> Vec<u8> {
    core::iter::repeat_with(|| {
        *state ^= *state >> 12;
        *state ^= *state << 25;
        *state ^= *state >> 27;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 56) as u8
    })
    .take(len)
    .collect()
}

/// `len` bytes of Python source as people write it: that of the peers, one file after the other.
///
/// # Panics
/// When the peers are not set up.
pub fn text(len: usize) -> Vec<u8> {
    static SOURCE: OnceLock<Vec<u8>> = OnceLock::new();
    let source = SOURCE.get_or_init(|| {
        let site = interpreter::site_packages();
        let mut files: Vec<_> = ["mpremote", "serial", "mpytool"]
            .iter()
            .flat_map(|package| std::fs::read_dir(site.join(package)).expect("an installed peer"))
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
            .collect();
        files.sort();
        files
            .iter()
            .flat_map(|path| std::fs::read(path).expect("a readable file"))
            .collect()
    });
    assert!(
        source.len() >= len,
        "the peers have only {} bytes of Python",
        source.len()
    );
    source[..len].to_vec()
}

/// Makes 20 files of 1 KiB in four directories, and returns their names.
///
/// # Panics
/// When the directory cannot be written.
pub fn tree(root: &Path, seed: u64) -> Vec<String> {
    let mut names = Vec::new();
    for number in 0..20 {
        let directory = root.join(format!("part{}", number % 4));
        std::fs::create_dir_all(&directory).expect("a directory of ours");
        let name = format!("part{}/file{number}.py", number % 4);
        let mut content = text(1024);
        // No two are alike.
        let mark = format!("# {seed} {number}\n");
        content[..mark.len()].copy_from_slice(mark.as_bytes());
        std::fs::write(root.join(&name), content).expect("a file of ours");
        names.push(name);
    }
    names
}

/// Every path under `root` with its content (`None` for directories), sorted, `/` between parts.
///
/// # Panics
/// When something there cannot be read.
pub fn contents(root: &Path) -> Vec<(String, Option<Vec<u8>>)> {
    let mut found = Vec::new();
    collect(root, "", &mut found);
    found.sort();
    found
}

fn collect(directory: &Path, prefix: &str, found: &mut Vec<(String, Option<Vec<u8>>)>) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let entry = entry.expect("an entry");
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            found.push((name.clone(), None));
            collect(&entry.path(), &format!("{name}/"), found);
        } else {
            found.push((name, Some(std::fs::read(entry.path()).expect("a file"))));
        }
    }
}
