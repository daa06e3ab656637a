//! The interactive prompt of the host program.

use upy_repl::{End, LineEnds, Repl, Settings, Terminal};
use upy_runtime::Vm;

use crate::keyboard::Keyboard;
use crate::version;

/// Serves the terminal until Ctrl-D or `SystemExit`; the exit code.
pub fn run(vm: &mut Vm<'_>) -> i32 {
    let banner = format!(
        "{}; {} [upy {}] version",
        version::FIRMWARE,
        std::env::consts::OS,
        version::UPY
    );
    let keyboard = Keyboard::new();
    let terminal = Terminal::new(&keyboard, LineEnds::AsWritten);
    let mut repl = Repl::new(Settings {
        banner: &banner,
        window_bytes: 128,
    });
    match repl.serve(vm, &terminal) {
        End::SoftReset | End::Closed => 0,
        End::Exit(status) => status & 0xff,
    }
}
