//! `platform`: what runs this.

use upy_runtime::{Args, Entry, Result, Value, Vm, function, text};

use crate::names as q;

pub(crate) const ENTRIES: &[Entry] = &[
    text(q::__name__, q::platform),
    function(q::platform, platform, 0, 0),
    function(q::python_compiler, python_compiler, 0, 0),
    function(q::libc_ver, libc_ver, 0, 0),
    function(q::processor, processor, 0, 0),
];

const ARCHITECTURE: &str = if cfg!(target_arch = "arm") {
    "arm"
} else if cfg!(target_arch = "riscv32") {
    "riscv32"
} else if cfg!(target_arch = "x86_64") {
    "x86_64"
} else if cfg!(target_arch = "aarch64") {
    "aarch64"
} else {
    "unknown"
};

fn platform(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    let buffer = vm.new_buffer()?;
    vm.push(buffer.value())?;
    let sink = upy_runtime::Sink::Buffer(buffer);
    let name = vm.host().platform();
    for part in ["MicroPython-1.29.0-", ARCHITECTURE, "-", name, "-upy"] {
        vm.put(sink, part.as_bytes())?;
    }
    vm.take_text(buffer)
}

fn python_compiler(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    vm.new_str(b"rustc")
}

fn libc_ver(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    let empty = vm.new_str(b"")?;
    vm.new_tuple(&[empty, empty])
}

fn processor(vm: &mut Vm<'_>, _: Args) -> Result<Value> {
    vm.new_str(ARCHITECTURE.as_bytes())
}
