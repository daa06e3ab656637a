//! Where things are: the checkout, the peers, and scratch directories that `nobody` can reach.

use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

/// The user and group the interpreter runs as when we are root.
pub const NOBODY: u32 = 65534;

/// The top of the checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ has a parent")
}

/// Where cargo builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), |path| root().join(path))
}

/// The `bin` directory of the peers' environment. Sets the peers up when that was not done yet.
///
/// # Panics
/// When `cargo xtask setup` cannot get them.
pub fn peers() -> &'static Path {
    static PEERS: OnceLock<PathBuf> = OnceLock::new();
    PEERS.get_or_init(|| {
        let bin = target().join("peers/venv/bin");
        if !target().join("peers/ready").exists() {
            let status = Command::new(cargo())
                .args(["xtask", "setup"])
                .current_dir(root())
                .status();
            let status = status.expect("cargo can be started");
            assert!(
                status.success(),
                "`cargo xtask setup` could not get the peers"
            );
        }
        bin
    })
}

/// The cargo that runs the tests.
pub fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_string())
}

/// The `ucli` under test: `$UCLI_PROGRAM`, or the debug build, brought up to date once.
///
/// # Panics
/// When it does not build.
pub fn ucli() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        if let Some(path) = std::env::var_os("UCLI_PROGRAM") {
            return PathBuf::from(path);
        }
        let build = Command::new(cargo())
            .args(["build", "--quiet", "-p", "ucli"])
            .current_dir(root())
            .status();
        assert!(
            build.expect("cargo can be started").success(),
            "`cargo build -p ucli` failed"
        );
        target().join("debug/ucli")
    })
}

/// The interpreter under test: `$UPY_PROGRAM`, or the debug build, brought up to date once.
///
/// # Panics
/// When it does not build.
pub fn upy() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        if let Some(path) = std::env::var_os("UPY_PROGRAM") {
            return PathBuf::from(path);
        }
        let build = Command::new(cargo())
            .args(["build", "--quiet", "-p", "upy-sim"])
            .current_dir(root())
            .status();
        assert!(
            build.expect("cargo can be started").success(),
            "`cargo build -p upy-sim` failed"
        );
        target().join("debug/upy")
    })
}

/// Whether we are root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether everybody may enter `path` and all directories above it.
pub fn is_open_to_all(path: &Path) -> bool {
    let Ok(path) = path.canonicalize() else {
        return false;
    };
    path.ancestors().filter(|part| part.is_dir()).all(|part| {
        part.metadata()
            .is_ok_and(|data| data.permissions().mode() & 0o001 != 0)
    })
}

/// A new directory that goes away with its handle. Everybody may enter it, only we may write it.
///
/// # Panics
/// When no temporary directory can be made.
pub fn scratch() -> TempDir {
    let temporary = std::env::temp_dir();
    let base = if is_open_to_all(&temporary) {
        temporary
    } else {
        PathBuf::from("/tmp")
    };
    let directory = tempfile::Builder::new()
        .prefix("ucli-test-")
        .tempdir_in(base)
        .expect("a temporary directory");
    set_mode(directory.path(), 0o755);
    directory
}

/// Gives `path` to the user the interpreter runs as.
///
/// # Panics
/// When the system refuses.
pub fn give_to_board(path: &Path) {
    if is_root() {
        chown(path, Some(NOBODY), Some(NOBODY)).expect("root may give a directory away");
    }
}

/// Sets the permission bits of `path`.
///
/// # Panics
/// When the system refuses.
pub fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("our own file");
}
