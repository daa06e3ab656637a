//! The simulated board, `upy board`, as a peer to drive.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::paths;

/// A simulated board that runs. It ends with its handle.
#[derive(Debug)]
pub struct Sim {
    child: Child,
    address: String,
    scratch: TempDir,
}

impl Sim {
    /// A board on a terminal, with its own options besides.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(options: &[&str]) -> Self {
        let scratch = paths::scratch();
        let mut child = Command::new(paths::upy())
            .args(["board", "--leash"])
            .args(options)
            .current_dir(scratch.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("upy can be started");
        let mut address = String::new();
        let stdout = child.stdout.take().expect("it was asked for");
        BufReader::new(stdout)
            .read_line(&mut address)
            .expect("it says where it is");
        let mut address = address.trim_end().to_string();
        assert!(!address.is_empty(), "the board has not started");
        if address.starts_with("/dev/pts/") {
            // mpremote treats `/dev/pts/N` in a way of its own, which real ports do not get.
            let link = scratch.path().join("tty-sim");
            std::os::unix::fs::symlink(&address, &link).expect("a directory of ours");
            address = link.to_string_lossy().into_owned();
        }
        Self {
            child,
            address,
            scratch,
        }
    }

    /// What `ucli -p` and mpremote's `connect` take.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The directory it was started in.
    pub fn directory(&self) -> PathBuf {
        self.scratch.path().to_path_buf()
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        // It may have ended by itself; then both calls have nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
