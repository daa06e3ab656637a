//! `cargo xtask upstream DIR --mpremote`: mpremote's own shell tests, from a checkout, on the simulated board: once with
//! mpremote, once with `ucli` under its name.
//!
//! Nothing in the tests is changed. They look for `mpremote.py` above their directory: there stands a script that starts
//! the program. A terminal is no USB port, so the list of ports that mpremote asks for when it chooses one by itself
//! (`disconnect` in the middle of a line) has the board put into it, by mpremote's own configuration.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use harness::paths;
use harness::sim::Sim;

use crate::run::command;
use crate::{Failed, Result};

/// `config.py` of mpremote, which is a program: the board as the one port on USB.
const CONFIGURATION: &str = r#"import os
import serial.tools.list_ports
from serial.tools.list_ports_common import ListPortInfo


def comports(include_links=False):
    port = ListPortInfo(os.environ["MPREMOTE_DEVICE"], skip_link_detection=True)
    port.vid, port.pid, port.serial_number = 0x2E8A, 0x0005, "1"
    return [port]


serial.tools.list_ports.comports = comports
commands = {}
"#;

/// Runs the tests with both programs.
///
/// # Errors
/// When one does not end with `OK`.
pub(crate) fn run_both(checkout: &Path) -> Result {
    let tests = checkout.join("tools/mpremote/tests");
    if !tests.join("run-mpremote-tests.sh").is_file() {
        return Err(Failed(format!(
            "{} has no run-mpremote-tests.sh",
            tests.display()
        )));
    }
    let scratch = paths::scratch();
    let mut wrong = 0;
    for name in ["mpremote", "ucli"] {
        let program = match name {
            "mpremote" => paths::peers().join("mpremote"),
            _ => as_mpremote(scratch.path())?,
        };
        wrong += run_with(name, &program, &tests, scratch.path())?;
    }
    match wrong {
        0 => Ok(()),
        _ => Err(Failed(format!("{wrong} of mpremote's tests do not pass"))),
    }
}

/// `ucli` under the name that makes it speak as mpremote does.
fn as_mpremote(scratch: &Path) -> Result<PathBuf> {
    let link = scratch.join("mpremote");
    std::os::unix::fs::symlink(paths::ucli(), &link)?;
    Ok(link)
}

/// Runs the tests with one program and returns how many do not pass.
fn run_with(name: &str, program: &Path, tests: &Path, scratch: &Path) -> Result<usize> {
    let place = scratch.join(format!("with-{name}"));
    std::fs::create_dir_all(place.join("config/mpremote"))?;
    std::fs::write(place.join("config/mpremote/config.py"), CONFIGURATION)?;
    let copied = command("cp", &["-r"])
        .arg(tests)
        .arg(place.join("tests"))
        .status()?;
    if !copied.success() {
        return Err(Failed(format!("{} cannot be copied", tests.display())));
    }
    let script = place.join("mpremote.py");
    std::fs::write(
        &script,
        format!("#!/bin/sh\nexec '{}' \"$@\"\n", program.display()),
    )?;
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755))?;
    let sim = Sim::start(&[]);
    println!("$ run-mpremote-tests.sh with {name}");
    let output = command("bash", &["tests/run-mpremote-tests.sh", "-t"])
        .arg(sim.address())
        .current_dir(&place)
        .env("HOME", &place)
        .env("XDG_CONFIG_HOME", place.join("config"))
        // The tests know the order in which buffered output arrives.
        .env_remove("PYTHONUNBUFFERED")
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    let all = text.lines().filter(|line| line.starts_with("tests/test_"));
    let (mut count, mut passed) = (0, 0);
    for line in all {
        count += 1;
        passed += usize::from(line.ends_with(": OK"));
    }
    if count == 0 {
        return Err(Failed(format!(
            "no test has run: {}",
            String::from_utf8_lossy(&output.stderr)
        )));
    }
    Ok(count - passed)
}
