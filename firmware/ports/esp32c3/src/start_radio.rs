//! The start where there is a radio: Espressif's runtime, which the radio's software needs, comes before ours.
//!
//! Interrupts belong to that software. Those of ours only wake the processor: their lines are let through while it
//! waits with all interrupts held back, and at no other time.
//!
//! Source: `esp-hal`, `esp-alloc`; ESP32-C3 Technical Reference Manual, chapters 1 and 8.
#![expect(
    unsafe_code,
    reason = "interrupts of the processor; the interpreter's memory; a part that is taken again"
)]

use core::arch::asm;
use core::mem::MaybeUninit;

use esp_alloc::{HeapRegion, MemoryCapability};
use esp_hal::peripherals::{FROM_CPU_INTR0, TIMG1, WIFI};

use crate::register::{ENABLED, INTERRUPTS};
use crate::time::line;

/// Memory for the radio's software: what the boot loader had, and more.
const RECLAIMED_BYTES: usize = 64 * 1024;
const HEAP_BYTES: usize = 32 * 1024;
/// In `mstatus`: interrupts are let through.
const INTERRUPTS_ON: usize = 1 << 3;

// SAFETY: esp-hal's linker script has the section for what is not initialised; the boot loader is over.
#[unsafe(link_section = ".dram2_uninit")]
static mut RECLAIMED: MaybeUninit<[u8; RECLAIMED_BYTES]> = MaybeUninit::uninit();

/// The interpreter's memory.
static mut MEMORY: [usize; crate::MEMORY_WORDS] = [0; crate::MEMORY_WORDS];

#[esp_hal::main]
fn start() -> ! {
    let clock = esp_hal::clock::CpuClock::_160MHz;
    // Parts are taken where they are needed, by their registers; the radio's by `Parts::take`.
    let _ = esp_hal::init(esp_hal::Config::default().with_cpu_clock(clock));
    // SAFETY: this runs once, and nobody else names this memory, which nobody has.
    let reclaimed = unsafe {
        HeapRegion::new(
            (&raw mut RECLAIMED).cast(),
            RECLAIMED_BYTES,
            MemoryCapability::Internal.into(),
        )
    };
    // SAFETY: as above.
    unsafe { esp_alloc::HEAP.add_region(reclaimed) };
    esp_alloc::heap_allocator!(size: HEAP_BYTES);
    let memory = &raw mut MEMORY;
    // SAFETY: this runs once, at the start, and nobody else names it.
    crate::main(unsafe { &mut *memory })
}

/// What the radio's software is given.
pub struct Scheduler {
    pub timers: TIMG1<'static>,
    pub interrupt: FROM_CPU_INTR0<'static>,
}

/// Takes the parts of the scheduler; only the first time.
pub fn scheduler() -> Scheduler {
    Scheduler {
        // SAFETY: `wifi` takes it once, and nothing else here uses this group of timers but for its watchdog.
        timers: unsafe { TIMG1::steal() },
        // SAFETY: as above; nothing else here has this interrupt.
        interrupt: unsafe { FROM_CPU_INTR0::steal() },
    }
}

/// Takes the radio, which whoever had it before has let go.
pub fn radio() -> WIFI<'static> {
    // SAFETY: `wifi` has one controller at a time.
    unsafe { WIFI::steal() }
}

/// Holds all interrupts back during some work.
pub fn uninterrupted<R>(work: impl FnOnce() -> R) -> R {
    let before: usize;
    // SAFETY: it only holds interrupts back. It counts as a use of memory, so that nothing is moved over it.
    unsafe { asm!("csrrci {}, mstatus, 8", out(reg) before, options(nostack)) };
    let outcome = work();
    if before & INTERRUPTS_ON != 0 {
        // SAFETY: as it was before.
        unsafe { asm!("csrsi mstatus, 8", options(nostack)) };
    }
    outcome
}

/// Waits until an interrupt wants to be let through; those of the radio's software are, afterwards.
pub fn wait_for_interrupt() {
    uninterrupted(|| {
        INTERRUPTS.set(ENABLED, line::ALL);
        // SAFETY: it changes nothing, and interrupts are off.
        unsafe { asm!("wfi", options(nomem, nostack)) };
        INTERRUPTS.clear(ENABLED, line::ALL);
    });
}
