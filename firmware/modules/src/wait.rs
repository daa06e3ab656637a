//! Waiting, with an eye on Ctrl-C, interrupts and scheduled calls.

use upy_runtime::{Result, Vm};

/// The longest wait between two looks.
const SLICE_US: u64 = 1000;

/// Waits for a time in microseconds.
pub(crate) fn pause(vm: &mut Vm<'_>, time_us: u64) -> Result<()> {
    vm.poll()?;
    let start = vm.host().ticks_us();
    loop {
        let gone = vm.host().ticks_us().wrapping_sub(start);
        if gone >= time_us {
            return Ok(());
        }
        vm.host().sleep_us((time_us - gone).min(SLICE_US));
        vm.poll()?;
    }
}
