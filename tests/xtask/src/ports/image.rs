//! What is in an image: its bytes for a programmer, its UF2 file, its sizes.
//!
//! Source of the UF2 format: the specification of Microsoft, `microsoft/uf2`.

use std::collections::BTreeMap;
use std::path::Path;

use object::read::elf::ElfFile32;
use object::{Object, ObjectSection, ObjectSegment, ObjectSymbol, SymbolKind};

use crate::{Failed, Result};

/// An image that was read.
pub(super) struct Image {
    /// What is stored, by address.
    parts: Vec<(u32, Vec<u8>)>,
    /// Bytes of code and data by crate, largest first.
    pub(super) crates: Vec<Share>,
    /// Bytes that are stored.
    pub(super) flash_bytes: u64,
    /// Bytes of memory that are taken from the start, the stack aside.
    pub(super) ram_bytes: u64,
}

/// What a crate takes.
pub(super) struct Share {
    pub(super) name: String,
    pub(super) bytes: u64,
    /// The modules at its root, largest first.
    pub(super) modules: Vec<(String, u64)>,
}

/// Bytes of a UF2 block, and how many of them are content.
const BLOCK_BYTES: usize = 512;
const CONTENT_BYTES: usize = 256;

impl Image {
    /// Reads an ELF file; memory begins at `ram`.
    pub(super) fn read(path: &Path, ram: std::ops::Range<u32>) -> Result<Self> {
        let file = std::fs::read(path)?;
        let bad = |why: object::read::Error| Failed(format!("{}: {why}", path.display()));
        let elf = ElfFile32::<object::Endianness>::parse(&*file).map_err(bad)?;
        let mut parts = Vec::new();
        let mut ram_bytes = 0;
        for segment in elf.segments() {
            let header = segment.elf_program_header();
            let data = segment.data().map_err(bad)?;
            if !data.is_empty() {
                let address = header.p_paddr.get(elf.endian());
                parts.push((address, data.to_vec()));
            }
            let address = u32::try_from(segment.address()).unwrap_or(u32::MAX);
            if ram.contains(&address) {
                ram_bytes += segment.size();
            }
        }
        // A linker script that gives the stack a section of its own counts all that is left as stack.
        let stacks = elf.sections().filter(|part| part.name() == Ok(".stack"));
        let stack_bytes: u64 = stacks.map(|part| part.size()).sum();
        let ram_bytes = ram_bytes - stack_bytes;
        parts.sort();
        let flash_bytes = parts.iter().map(|(_, data)| data.len() as u64).sum();
        let mut crates: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        for symbol in elf.symbols() {
            if matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Data)
                && !ram.contains(&(symbol.address() as u32))
            {
                let symbol_name = symbol.name().unwrap_or_default();
                let name = crate_of(symbol_name);
                let modules = crates.entry(name.to_string()).or_default();
                let module = module_of(symbol_name, name).to_string();
                *modules.entry(module).or_default() += symbol.size();
            }
        }
        let mut crates: Vec<Share> = crates.into_iter().map(Share::from).collect();
        crates.sort_by_key(|share| std::cmp::Reverse(share.bytes));
        Ok(Self {
            parts,
            crates,
            flash_bytes,
            ram_bytes,
        })
    }

    /// The bytes from the lowest address on, gaps filled as erased flash is.
    pub(super) fn binary(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let start = self.parts.first().map_or(0, |(address, _)| *address);
        for (address, data) in &self.parts {
            bytes.resize((address - start) as usize, 0xff);
            bytes.extend_from_slice(data);
        }
        bytes
    }

    /// The same as a UF2 file for chips of this family.
    pub(super) fn uf2(&self, family: u32) -> Vec<u8> {
        let start = self.parts.first().map_or(0, |(address, _)| *address);
        let binary = self.binary();
        let count = binary.len().div_ceil(CONTENT_BYTES);
        let mut file = Vec::with_capacity(count * BLOCK_BYTES);
        for (number, content) in binary.chunks(CONTENT_BYTES).enumerate() {
            let address = start + (number * CONTENT_BYTES) as u32;
            let head = [
                0x0a32_4655,
                0x9e5d_5157,
                // The family is given.
                0x2000,
                address,
                CONTENT_BYTES as u32,
                number as u32,
                count as u32,
                family,
            ];
            let first = file.len();
            file.extend(head.iter().flat_map(|word: &u32| word.to_le_bytes()));
            file.extend_from_slice(content);
            file.resize(first + BLOCK_BYTES - 4, 0);
            file.extend(0x0ab1_6f30_u32.to_le_bytes());
        }
        file
    }
}

impl From<(String, BTreeMap<String, u64>)> for Share {
    fn from((name, modules): (String, BTreeMap<String, u64>)) -> Self {
        let mut modules: Vec<(String, u64)> = modules.into_iter().collect();
        modules.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        let bytes = modules.iter().map(|(_, bytes)| bytes).sum();
        Self {
            name,
            bytes,
            modules,
        }
    }
}

/// Which module at the root of its crate a symbol is of: mangled names have each part with its length before it.
fn module_of<'a>(symbol: &'a str, name: &str) -> &'a str {
    let behind = symbol
        .find(name)
        .map_or("", |at| &symbol[at + name.len()..]);
    let digits = behind.len()
        - behind
            .trim_start_matches(|c: char| c.is_ascii_digit())
            .len();
    let (len, rest) = behind.split_at(digits);
    let rest = rest.strip_prefix('_').unwrap_or(rest);
    let len = len.parse().ok();
    len.and_then(|len: usize| rest.get(..len)).unwrap_or("")
}

/// Which crate a symbol is of, by the first crate that its name mentions.
fn crate_of(symbol: &str) -> &str {
    const CRATES: [&str; 22] = [
        "upy_runtime",
        "upy_modules",
        "upy_compiler",
        "upy_syntax",
        "upy_bytecode",
        "upy_vfs",
        "upy_repl",
        "ucli_protocol",
        "upy_hal",
        "upy_rp2040",
        "upy_esp32c3",
        "upy_qemu_cortex_m",
        "upy_qemu_riscv",
        "usb_device",
        "usbd_serial",
        "rp2040_hal",
        "compiler_builtins",
        "libm",
        "sha2",
        "aes",
        "font8x8",
        "core",
    ];
    let places = CRATES
        .iter()
        .filter_map(|name| Some((symbol.find(name)?, *name)));
    places.min().map_or("others", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uf2_has_a_block_for_each_256_bytes() {
        let image = Image {
            parts: vec![(0x1000_0000, vec![1; 256]), (0x1000_0104, vec![2; 10])],
            crates: Vec::new(),
            flash_bytes: 266,
            ram_bytes: 0,
        };
        let file = image.uf2(0xe48b_ff56);
        assert_eq!(file.len(), 1024);
        assert_eq!(file[512..516], *b"UF2\n");
        assert_eq!(file[512 + 12..512 + 16], 0x1000_0100_u32.to_le_bytes());
        assert_eq!(file[512 + 32..512 + 38], [0xff, 0xff, 0xff, 0xff, 2, 2]);
        assert_eq!(file[1020..], 0x0ab1_6f30_u32.to_le_bytes());
    }

    #[test]
    fn symbols_belong_to_the_module_that_has_their_code() {
        let run = "_RNvMs_NtNtCs6TivP6dMhjM_11upy_runtime2vm8dispatchNtNtB7_5state2Vm3run";
        assert_eq!(module_of(run, "upy_runtime"), "vm");
        assert_eq!(
            module_of("_ZN11upy_runtime2vm8dispatch17h0E", "upy_runtime"),
            "vm"
        );
        assert_eq!(module_of("_RNvCs1_4core3foo", "core"), "foo");
        assert_eq!(module_of("__aeabi_fmul", "others"), "");
        assert_eq!(module_of("_RNv4core99foo", "core"), "");
    }

    #[test]
    fn symbols_belong_to_the_crate_they_begin_with() {
        assert_eq!(crate_of("_ZN11upy_runtime2vm8dispatch17h0E"), "upy_runtime");
        assert_eq!(crate_of("_ZN4core3ptr4drop..upy_hal17h0E"), "core");
        assert_eq!(crate_of("__aeabi_fmul"), "others");
    }
}
