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
mod files;
mod framebuf;
mod hashlib;
mod heapq;
mod json;
mod machine;
mod names;
mod network;
mod platform;
mod random;
mod re;
mod select;
mod socket;
mod time;
mod tls;
mod uctypes;
mod upy;
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
    SOCKET socket::SOCKET;
    SSL_CONTEXT tls::SSL_CONTEXT;
    SSL_SOCKET tls::SSL_SOCKET;
    WLAN network::WLAN;
    PIN machine::PIN;
    PIN_BASE machine::PIN_BASE;
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
    VFS_LFS2 files::VFS_LFS2;
    VFS_FAT files::VFS_FAT;
    VFS_ROM files::VFS_ROM;
    VFS_POSIX files::VFS_POSIX;
    VOLUME_FILE files::BINARY_FILE;
    VOLUME_TEXT files::TEXT_FILE;
    WDT machine::WDT;
    MEM machine::MEM;
    FLASH upy::FLASH;
    STRUCT uctypes::STRUCT;
    WINDOW uctypes::WINDOW;
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
    /// The mount table.
    pub(crate) const MOUNTS: usize = 5;
    /// Which of the mounts has the current directory.
    pub(crate) const CURRENT_MOUNT: usize = 6;
    /// The objects `uctypes.addressof` was called with.
    pub(crate) const ADDRESSES: usize = 7;
    /// How many there are.
    pub(crate) const COUNT: usize = 8;
}

macro_rules! modules {
    ($($module:ident)*) => {
        const MODULES: &[ModuleInfo] = &[
            ModuleInfo { name: q::_asyncio, entries: asyncio::ENTRIES },
            ModuleInfo { name: q::os, entries: files::OS },
            ModuleInfo { name: q::vfs, entries: files::VFS },
            $( ModuleInfo { name: q::$module, entries: $module::ENTRIES }, )*
        ];
    };
}

modules! {
    binascii cryptolib deflate framebuf hashlib heapq json machine network platform random re select socket time tls uctypes upy
}

/// Python code, compiled by `build.rs`.
const FROZEN: &[Frozen] = include!(concat!(env!("OUT_DIR"), "/frozen.rs"));

/// All modules.
pub static LIBRARY: Library = Library {
    names: &names::NAMES,
    types: TYPES,
    modules: MODULES,
    frozen: FROZEN,
    files: Some(files::FILES),
    roots: roots::COUNT,
    service: Some(machine::service),
};
