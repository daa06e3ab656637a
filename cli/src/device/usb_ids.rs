//! USB numbers of boards and bridges that people meet most, with the names they know.
//!
//! Sources: the boards' own descriptors as published by their makers and MicroPython's and
//! CircuitPython's board definitions. What is not listed is shown in the device's own words.

/// `(vendor, product, name)`; product 0 stands for every product of the vendor.
const NAMES: &[(u16, u16, &str)] = &[
    (0x2e8a, 0x0003, "Raspberry Pi RP2040 boot loader"),
    (0x2e8a, 0x0005, "Raspberry Pi Pico (MicroPython)"),
    (0x2e8a, 0x000f, "Raspberry Pi RP2350 boot loader"),
    (0x2e8a, 0x000c, "Raspberry Pi Debug Probe"),
    (0xf055, 0x9800, "MicroPython board (pyboard)"),
    (0xf055, 0x9801, "MicroPython board (pyboard)"),
    (0xf055, 0x9802, "MicroPython board (pyboard)"),
    (0x303a, 0x1001, "Espressif USB JTAG/serial"),
    (0x303a, 0x4001, "Espressif ESP32-S3 (MicroPython)"),
    (0x10c4, 0xea60, "CP210x USB to UART bridge"),
    (0x1a86, 0x7523, "CH340 USB to UART bridge"),
    (0x1a86, 0x55d4, "CH9102 USB to UART bridge"),
    (0x1a86, 0x55d3, "CH343 USB to UART bridge"),
    (0x0403, 0x6001, "FT232R USB to UART bridge"),
    (0x0403, 0x6010, "FT2232 USB to UART bridge"),
    (0x0403, 0x6015, "FT231X USB to UART bridge"),
    (0x067b, 0x2303, "PL2303 USB to UART bridge"),
    (0x0d28, 0x0204, "micro:bit (DAPLink)"),
    (0x0483, 0x374b, "ST-Link (Nucleo, Discovery)"),
    (0x0483, 0xdf11, "STM32 boot loader (DFU)"),
    (0x1f00, 0x2012, "OpenMV Cam"),
    (0x1fc9, 0x0021, "NXP MIMXRT board"),
];

/// The name of a device, if it is one of those listed.
pub(crate) fn name(vid: u16, pid: u16) -> Option<&'static str> {
    NAMES
        .iter()
        .find(|(v, p, _)| *v == vid && (*p == pid || *p == 0))
        .map(|(_, _, name)| *name)
}
