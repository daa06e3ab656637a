//! What a firmware adds to the language: native modules and types, frozen code, file systems.
//!
//! The runtime has the modules of the language only. A crate above it describes its own in one static
//! [`Library`], which is given to [`Vm::with_library`](crate::Vm::with_library). Everything in it is in ROM; a
//! name, type or module costs no memory until it is used.
//!
//! ```
//! use upy_runtime::{Args, Entry, Library, ModuleInfo, Result, Value, Vm, function, names, text};
//!
//! mod q {
//!     upy_runtime::names! { greet "greet"; hello "hello"; __name__ "__name__"; }
//! }
//!
//! fn greet(vm: &mut Vm<'_>, args: Args) -> Result<Value> {
//!     let _ = args;
//!     vm.new_str(b"hello")
//! }
//!
//! const HELLO: &[Entry] = &[text(q::__name__, q::hello), function(q::greet, greet, 0, 0)];
//! static LIBRARY: Library = Library {
//!     names: &q::NAMES,
//!     modules: &[ModuleInfo { name: q::hello, entries: HELLO }],
//!     ..Library::EMPTY
//! };
//! assert_eq!(LIBRARY.modules.len(), 1);
//! ```

use crate::builtins::modules::ModuleInfo;
use crate::host::PathKind;
use crate::intern::{Qstr, hash};
use crate::names::{ROM_COUNT, rom_number};
use crate::native::Args;
use crate::raise::Result;
use crate::state::Vm;
use crate::types::TypeInfo;
use crate::value::Value;

/// What a firmware adds to the language.
#[derive(Clone, Copy)]
pub struct Library {
    /// Its names; made by [`names!`](macro@crate::names).
    pub names: &'static Names,
    /// Its types; [`TypeId::library`](crate::TypeId::library) numbers them.
    pub types: &'static [&'static TypeInfo],
    /// Its modules.
    pub modules: &'static [ModuleInfo],
    /// Code that is found in the directory `.frozen` of `sys.path`.
    pub frozen: &'static [Frozen],
    /// Where `open` and `import` look; without it they ask the [`Host`](crate::Host).
    pub files: Option<Files>,
    /// How many values it keeps; see [`Vm::root`](crate::Vm::root).
    pub roots: usize,
    /// Called between two instructions, and while the program waits, when the
    /// [`Host`](crate::Host::event_waits) says that something has happened.
    pub service: Option<fn(&mut Vm<'_>) -> Result<()>>,
}

/// A module compiled into the firmware.
#[derive(Clone, Copy, Debug)]
pub struct Frozen {
    /// Its path with the ending `.mpy`, such as `asyncio/core.mpy`.
    pub path: &'static str,
    /// The image.
    pub image: &'static [u8],
}

/// How files are found and opened.
#[derive(Clone, Copy)]
pub struct Files {
    /// What a path names.
    pub kind: fn(&mut Vm<'_>, &[u8]) -> Result<PathKind>,
    /// Python's `open(path, mode='r', ...)`; gives a stream.
    pub open: fn(&mut Vm<'_>, Args) -> Result<Value>,
}

impl Library {
    /// Adds nothing.
    pub const EMPTY: Library = Library {
        names: &Names {
            texts: &[],
            hashes: &[],
            index: &[],
        },
        types: &[],
        modules: &[],
        frozen: &[],
        files: None,
        roots: 0,
        service: None,
    };
}

/// Interned strings of a library, with their index.
#[derive(Debug)]
pub struct Names {
    /// The texts in the order of their numbers.
    pub texts: &'static [&'static str],
    /// The hash of each.
    pub hashes: &'static [u32],
    /// Open addressing: one more than a place in `texts`, or 0; a power of two of slots.
    pub index: &'static [u16],
}

impl Names {
    /// The place of a text.
    pub(crate) fn find(&self, text: &[u8], hash: u32) -> Option<usize> {
        let mask = self.index.len().checked_sub(1)?;
        let mut slot = hash as usize & mask;
        while self.index[slot] != 0 {
            let place = usize::from(self.index[slot]) - 1;
            if self.hashes[place] == hash && self.texts[place].as_bytes() == text {
                return Some(place);
            }
            slot = (slot + 1) & mask;
        }
        None
    }

    /// The hashes of texts; for [`names!`](macro@crate::names).
    #[must_use]
    pub const fn hashes_of<const COUNT: usize>(texts: &[&str]) -> [u32; COUNT] {
        let mut hashes = [0; COUNT];
        let mut place = 0;
        while place < COUNT {
            hashes[place] = hash(texts[place].as_bytes());
            place += 1;
        }
        hashes
    }

    /// The index of texts; for [`names!`](macro@crate::names).
    ///
    /// # Panics
    /// If there are not more slots than texts.
    #[must_use]
    pub const fn index_of<const SLOTS: usize>(hashes: &[u32]) -> [u16; SLOTS] {
        assert!(
            SLOTS > hashes.len() && SLOTS.is_power_of_two(),
            "too few slots"
        );
        let mut index = [0; SLOTS];
        let mut place = 0;
        while place < hashes.len() {
            let mut slot = hashes[place] as usize & (SLOTS - 1);
            while index[slot] != 0 {
                slot = (slot + 1) & (SLOTS - 1);
            }
            place += 1;
            index[slot] = place as u16;
        }
        index
    }
}

/// The number of one of a library's names; for [`names!`](macro@crate::names). A name that the runtime has too keeps
/// the number it has there.
///
/// # Panics
/// If the text is not among `texts`.
#[must_use]
pub const fn name_number(texts: &[&str], text: &str) -> Qstr {
    if let Some(own) = rom_number(text) {
        return own;
    }
    let mut place = 0;
    while place < texts.len() {
        if crate::names::same_text(texts[place], text) {
            return Qstr((ROM_COUNT + 1 + place) as u16);
        }
        place += 1;
    }
    panic!("the text is not in the table")
}

/// Makes constants for the names of a library and the table [`Library::names`] wants:
/// `names! { identifier "text"; ... }`.
#[macro_export]
macro_rules! names {
    ($($name:ident $text:literal;)*) => {
        const TEXTS: &[&str] = &[ $( $text, )* ];
        const SLOTS: usize = (TEXTS.len() * 2).next_power_of_two();
        const HASHES_OF_TEXTS: [u32; TEXTS.len()] = $crate::Names::hashes_of(TEXTS);
        static HASHES: [u32; TEXTS.len()] = HASHES_OF_TEXTS;
        static INDEX: [u16; SLOTS] = $crate::Names::index_of(&HASHES_OF_TEXTS);

        /// The table of the names.
        pub static NAMES: $crate::Names =
            $crate::Names { texts: TEXTS, hashes: &HASHES, index: &INDEX };

        $(
            #[allow(non_upper_case_globals, dead_code, missing_docs, reason = "spelt as the Python name")]
            pub const $name: $crate::Qstr = $crate::name_number(TEXTS, $text);
        )*
    };
}
