//! The modules of the firmware beyond those of the language.
//!
//! [`LIBRARY`] is what a port hands to [`Vm::with_library`](upy_runtime::Vm::with_library). Each module is one
//! file or folder here; the tables below are the only place where modules and types are switched on. Which are is
//! said by cargo features, all of them by default; a small board names those it has room for. `time` and
//! `binascii` are always there.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "asyncio")]
mod asyncio;
mod binascii;
#[cfg(feature = "crypto")]
mod cryptolib;
#[cfg(feature = "deflate")]
mod deflate;
#[cfg(feature = "webrepl")]
mod dupterm;
#[cfg(feature = "files")]
mod files;
#[cfg(feature = "framebuf")]
mod framebuf;
#[cfg(feature = "hashlib")]
mod hashlib;
#[cfg(feature = "heapq")]
mod heapq;
#[cfg(feature = "json")]
mod json;
#[cfg(feature = "machine")]
mod machine;
mod names;
#[cfg(feature = "network")]
mod network;
#[cfg(feature = "pio")]
mod pio;
#[cfg(feature = "platform")]
mod platform;
#[cfg(feature = "random")]
mod random;
#[cfg(feature = "re")]
mod re;
#[cfg(feature = "select")]
mod select;
#[cfg(feature = "network")]
mod socket;
#[cfg(feature = "threads")]
mod thread;
mod time;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "uctypes")]
mod uctypes;
#[cfg(feature = "files")]
mod upy;
mod wait;
#[cfg(feature = "weakref")]
mod weakref;
#[cfg(feature = "webrepl")]
mod webrepl;

use upy_runtime::{Entry, Frozen, Library, ModuleInfo, Qstr, TypeInfo};

use names as q;

macro_rules! types {
    ($($(#[$when:meta])? $name:ident $info:path;)*) => {
        /// The numbers of the types.
        mod types {
            #[derive(Clone, Copy)]
            #[allow(
                clippy::upper_case_acronyms, non_camel_case_types, dead_code,
                reason = "spelt as the constants; there may be none"
            )]
            enum Place { $( $(#[$when])? $name, )* }

            $( $(#[$when])? pub(crate) const $name: upy_runtime::TypeId =
                upy_runtime::TypeId::library(Place::$name as usize); )*
        }

        static TYPES: &[&TypeInfo] = &[ $( $(#[$when])? &$info, )* ];
    };
}

types! {
    #[cfg(feature = "re")]
    PATTERN re::PATTERN;
    #[cfg(feature = "re")]
    MATCH re::MATCH;
    #[cfg(feature = "hashlib")]
    SHA256 hashlib::SHA256;
    #[cfg(feature = "hashlib")]
    SHA1 hashlib::SHA1;
    #[cfg(feature = "hashlib")]
    MD5 hashlib::MD5;
    #[cfg(feature = "select")]
    POLL select::POLL;
    #[cfg(feature = "deflate")]
    DEFLATE_IO deflate::DEFLATE_IO;
    #[cfg(feature = "crypto")]
    AES cryptolib::AES;
    #[cfg(feature = "framebuf")]
    FRAME_BUFFER framebuf::FRAME_BUFFER;
    #[cfg(feature = "threads")]
    LOCK thread::LOCK;
    #[cfg(feature = "asyncio")]
    TASK asyncio::TASK;
    #[cfg(feature = "asyncio")]
    TASK_QUEUE asyncio::TASK_QUEUE;
    #[cfg(feature = "network")]
    SOCKET socket::SOCKET;
    #[cfg(feature = "tls")]
    SSL_CONTEXT tls::SSL_CONTEXT;
    #[cfg(feature = "tls")]
    SSL_SOCKET tls::SSL_SOCKET;
    #[cfg(feature = "webrepl")]
    WEBSOCKET webrepl::websocket::WEBSOCKET;
    #[cfg(feature = "webrepl")]
    WEBREPL webrepl::WEBREPL;
    #[cfg(feature = "network")]
    WLAN network::WLAN;
    #[cfg(feature = "lan")]
    LAN network::LAN;
    #[cfg(feature = "machine")]
    PIN machine::PIN;
    #[cfg(feature = "machine")]
    PIN_BASE machine::PIN_BASE;
    #[cfg(feature = "machine")]
    IRQ machine::IRQ;
    #[cfg(feature = "machine")]
    SIGNAL machine::SIGNAL;
    #[cfg(feature = "machine")]
    ADC machine::ADC;
    #[cfg(feature = "machine")]
    PWM machine::PWM;
    #[cfg(feature = "machine")]
    I2C machine::I2C;
    #[cfg(feature = "machine")]
    SOFT_I2C machine::SOFT_I2C;
    #[cfg(feature = "machine")]
    SPI machine::SPI;
    #[cfg(feature = "machine")]
    SOFT_SPI machine::SOFT_SPI;
    #[cfg(feature = "machine")]
    UART machine::UART;
    #[cfg(feature = "machine")]
    TIMER machine::TIMER;
    #[cfg(feature = "machine")]
    RTC machine::RTC;
    #[cfg(feature = "littlefs1")]
    VFS_LFS1 files::VFS_LFS1;
    #[cfg(feature = "files")]
    VFS_LFS2 files::VFS_LFS2;
    #[cfg(feature = "files")]
    VFS_FAT files::VFS_FAT;
    #[cfg(feature = "files")]
    VFS_ROM files::VFS_ROM;
    #[cfg(feature = "files")]
    VFS_POSIX files::VFS_POSIX;
    #[cfg(feature = "files")]
    VOLUME_FILE files::BINARY_FILE;
    #[cfg(feature = "files")]
    VOLUME_TEXT files::TEXT_FILE;
    #[cfg(feature = "machine")]
    WDT machine::WDT;
    #[cfg(feature = "pio")]
    PIO pio::PIO;
    #[cfg(feature = "pio")]
    PIO_IRQ pio::PIO_IRQ;
    #[cfg(feature = "pio")]
    STATE_MACHINE pio::STATE_MACHINE;
    #[cfg(feature = "machine")]
    MEM machine::MEM;
    #[cfg(feature = "files")]
    FLASH upy::FLASH;
    #[cfg(feature = "uctypes")]
    STRUCT uctypes::STRUCT;
    #[cfg(feature = "uctypes")]
    WINDOW uctypes::window::WINDOW;
}

/// The values that modules keep between calls; a place of a module that is off stays empty.
#[allow(dead_code, reason = "features decide which are used")]
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
    /// Machines for pins and their blocks.
    pub(crate) const PIO: usize = 8;
    /// The second end of the console.
    pub(crate) const DUPTERM: usize = 9;
    /// Whether it is being copied to and from.
    pub(crate) const DUPTERM_BUSY: usize = 10;
    /// The password of WebREPL.
    pub(crate) const PASSWORD: usize = 11;
    /// Sockets and what is called when they have something to read.
    pub(crate) const NOTIFIED: usize = 12;
    /// Whether it is being called.
    pub(crate) const NOTIFYING: usize = 13;
    /// When these were looked at last.
    pub(crate) const ATTENDED: usize = 14;
    /// How many there are.
    pub(crate) const COUNT: usize = if cfg!(feature = "webrepl") { 15 } else { 9 };
}

const MODULES: &[ModuleInfo] = &[
    #[cfg(feature = "threads")]
    module(q::_thread, thread::ENTRIES),
    #[cfg(feature = "weakref")]
    module(q::_weakref, weakref::ENTRIES),
    #[cfg(feature = "asyncio")]
    module(q::_asyncio, asyncio::ENTRIES),
    #[cfg(feature = "pio")]
    module(q::_rp2, pio::ENTRIES),
    #[cfg(feature = "files")]
    module(q::os, files::OS),
    #[cfg(feature = "files")]
    module(q::vfs, files::VFS),
    #[cfg(feature = "files")]
    module(q::upy, upy::ENTRIES),
    module(q::binascii, binascii::ENTRIES),
    module(q::time, time::ENTRIES),
    #[cfg(feature = "crypto")]
    module(q::cryptolib, cryptolib::ENTRIES),
    #[cfg(feature = "deflate")]
    module(q::deflate, deflate::ENTRIES),
    #[cfg(feature = "framebuf")]
    module(q::framebuf, framebuf::ENTRIES),
    #[cfg(feature = "hashlib")]
    module(q::hashlib, hashlib::ENTRIES),
    #[cfg(feature = "heapq")]
    module(q::heapq, heapq::ENTRIES),
    #[cfg(feature = "json")]
    module(q::json, json::ENTRIES),
    #[cfg(feature = "machine")]
    module(q::machine, machine::ENTRIES),
    #[cfg(feature = "network")]
    module(q::network, network::ENTRIES),
    #[cfg(feature = "platform")]
    module(q::platform, platform::ENTRIES),
    #[cfg(feature = "random")]
    module(q::random, random::ENTRIES),
    #[cfg(feature = "re")]
    module(q::re, re::ENTRIES),
    #[cfg(feature = "select")]
    module(q::select, select::ENTRIES),
    #[cfg(feature = "network")]
    module(q::socket, socket::ENTRIES),
    #[cfg(feature = "tls")]
    module(q::tls, tls::ENTRIES),
    #[cfg(feature = "uctypes")]
    module(q::uctypes, uctypes::ENTRIES),
    #[cfg(feature = "webrepl")]
    module(q::websocket, webrepl::websocket::ENTRIES),
    #[cfg(feature = "webrepl")]
    module(q::_webrepl, webrepl::ENTRIES),
];

/// Looks after what happens beside the program.
#[cfg(any(feature = "machine", feature = "webrepl"))]
fn service(vm: &mut upy_runtime::Vm<'_>) -> upy_runtime::Result<()> {
    #[cfg(feature = "machine")]
    machine::service(vm)?;
    #[cfg(feature = "pio")]
    pio::service(vm)?;
    #[cfg(feature = "webrepl")]
    if dupterm::is_time(vm) {
        // In this order a client that has gone makes room for the next.
        dupterm::service(vm)?;
        socket::notify::service(vm)?;
    }
    Ok(())
}

const fn module(name: Qstr, entries: &'static [Entry]) -> ModuleInfo {
    ModuleInfo { name, entries }
}

/// Python code, compiled by `build.rs`.
const FROZEN: &[Frozen] = include!(concat!(env!("OUT_DIR"), "/frozen.rs"));

/// What a board with flash runs before `boot.py`: it makes the flash the root, formatted if it is blank.
#[cfg(feature = "files")]
pub const START: &[u8] = include_bytes!("_boot.py");

/// All modules that are switched on.
pub static LIBRARY: Library = Library {
    names: &names::NAMES,
    types: TYPES,
    modules: MODULES,
    frozen: FROZEN,
    #[cfg(feature = "files")]
    files: Some(files::FILES),
    #[cfg(not(feature = "files"))]
    files: None,
    roots: roots::COUNT,
    #[cfg(any(feature = "machine", feature = "webrepl"))]
    service: Some(service),
    #[cfg(not(any(feature = "machine", feature = "webrepl")))]
    service: None,
};
