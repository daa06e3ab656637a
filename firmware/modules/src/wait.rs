//! Waiting, with an eye on Ctrl-C, interrupts and scheduled calls.

use upy_runtime::{Result, Vm};

/// The longest wait between two looks.
const SLICE_US: u64 = 1000;

/// Waits for a time in microseconds.
pub(crate) fn pause(vm: &mut Vm<'_>, time_us: u64) -> Result<()> {
    vm.look()?;
    if time_us == 0 && vm.has_threads() {
        // Who waits for no time says that others may run.
        vm.rest(0)?;
        return vm.look();
    }
    let start = vm.host().ticks_us();
    loop {
        let gone = vm.host().ticks_us().wrapping_sub(start);
        if gone >= time_us {
            return Ok(());
        }
        vm.rest((time_us - gone).min(SLICE_US))?;
        vm.look()?;
    }
}
