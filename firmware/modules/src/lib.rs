//! The modules of the firmware beyond those of the language.
//!
//! [`LIBRARY`] is what a port hands to [`Vm::with_library`](upy_runtime::Vm::with_library). Each module is one
//! file or folder here; the tables below are the only place where modules and types are switched on.
#![no_std]
#![forbid(unsafe_code)]

mod asyncio;
mod binascii;
mod cryptolib;
mod deflate;
mod framebuf;
mod hashlib;
mod heapq;
mod json;
mod machine;
mod names;
mod platform;
mod random;
mod re;
mod select;
mod time;
mod wait;

use upy_runtime::{Frozen, Library, ModuleInfo, TypeInfo};

use names as q;

macro_rules! types {
    ($($name:ident $info:path;)*) => {
        /// The numbers of the types.
        mod types {
            use upy_runtime::TypeId;

            #[derive(Clone, Copy)]
            #[allow(clippy::upper_case_acronyms, non_camel_case_types, reason = "spelt as the constants")]
            enum Place { $( $name, )* }

            $( pub(crate) const $name: TypeId = TypeId::library(Place::$name as usize); )*
        }

        static TYPES: &[&TypeInfo] = &[ $( &$info, )* ];
    };
}

types! {
    PATTERN re::PATTERN;
    MATCH re::MATCH;
    SHA256 hashlib::SHA256;
    SHA1 hashlib::SHA1;
    MD5 hashlib::MD5;
    POLL select::POLL;
    DEFLATE_IO deflate::DEFLATE_IO;
    AES cryptolib::AES;
    FRAME_BUFFER framebuf::FRAME_BUFFER;
    TASK asyncio::TASK;
    TASK_QUEUE asyncio::TASK_QUEUE;
    PIN machine::PIN;
    IRQ machine::IRQ;
    SIGNAL machine::SIGNAL;
    ADC machine::ADC;
    PWM machine::PWM;
    I2C machine::I2C;
    SOFT_I2C machine::SOFT_I2C;
    SPI machine::SPI;
    SOFT_SPI machine::SOFT_SPI;
    UART machine::UART;
    TIMER machine::TIMER;
    RTC machine::RTC;
    WDT machine::WDT;
    MEM machine::MEM;
}

/// The values that modules keep between calls.
mod roots {
    /// The state of the generator of `random`.
    pub(crate) const RANDOM: usize = 0;
    /// The tasks of `asyncio` to be run.
    pub(crate) const TASKS: usize = 1;
    /// The one that runs.
    pub(crate) const CURRENT_TASK: usize = 2;
    /// The pins that were used.
    pub(crate) const PINS: usize = 3;
    /// The timers that run.
    pub(crate) const TIMERS: usize = 4;
    /// How many there are.
    pub(crate) const COUNT: usize = 5;
}

macro_rules! modules {
    ($($module:ident)*) => {
        const MODULES: &[ModuleInfo] = &[
            ModuleInfo { name: q::_asyncio, entries: asyncio::ENTRIES },
            $( ModuleInfo { name: q::$module, entries: $module::ENTRIES }, )*
        ];
    };
}

modules! {
    binascii cryptolib deflate framebuf hashlib heapq json machine platform random re select time
}

/// Python code, compiled by `build.rs`.
const FROZEN: &[Frozen] = include!(concat!(env!("OUT_DIR"), "/frozen.rs"));

/// All modules.
pub static LIBRARY: Library = Library {
    names: &names::NAMES,
    types: TYPES,
    modules: MODULES,
    frozen: FROZEN,
    files: None,
    roots: roots::COUNT,
    service: Some(machine::service),
};
