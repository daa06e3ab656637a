//! Names under which people know packages that live elsewhere.
//!
//! Many names on PyPI that begin with `micropython-` are placeholders or copies from 2014 to 2019 of
//! what micropython-lib maintains today. The table was made from the summaries of those projects;
//! names of unrelated drivers are not in it, they are ambiguous.

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alias {
    /// PyPI has an empty placeholder; the index has the package.
    Placeholder(&'static str),
    /// PyPI has an old copy; the index has the package.
    OldCopy(&'static str),
    /// Every firmware has it.
    BuiltIn(&'static str),
    /// Two different projects have the name; the index' one is named here.
    Ambiguous(&'static str),
}

const PLACEHOLDERS: [&str; 14] = [
    "abc", "colorsys", "datetime", "io", "locale", "pathlib", "pickle", "pprint", "random",
    "requests", "ssl", "tarfile", "tempfile", "zlib",
];

const OLD_COPIES: [&str; 51] = [
    "argparse",
    "base64",
    "binascii",
    "bisect",
    "cmd",
    "collections",
    "collections-defaultdict",
    "contextlib",
    "copy",
    "curses.ascii",
    "errno",
    "fnmatch",
    "functools",
    "gzip",
    "hashlib",
    "heapq",
    "hmac",
    "html",
    "inspect",
    "itertools",
    "keyword",
    "logging",
    "operator",
    "os",
    "os-path",
    "pkg_resources",
    "pkgutil",
    "quopri",
    "senml",
    "shutil",
    "stat",
    "string",
    "struct",
    "textwrap",
    "threading",
    "time",
    "traceback",
    "types",
    "uaiohttpclient",
    "ucontextlib",
    "umqtt.robust",
    "umqtt.simple",
    "unittest",
    "upysh",
    "urequests",
    "urllib.urequest",
    "uu",
    "uuid",
    "venv",
    "warnings",
    "xmltok",
];

/// Drivers of one name and two authors, with different interfaces.
const AMBIGUOUS: [&str; 6] = [
    "bmi270", "bmm150", "hs3003", "hts221", "lsm6dsox", "ssd1306",
];

/// What `name` stands for, if it is known under another name.
pub(crate) fn find(name: &str) -> Option<Alias> {
    let name = super::normalised(name);
    let bare = name.strip_prefix("micropython-");
    // Pycopy's is for Pycopy, and would stand before the firmware's too.
    let core = bare.or_else(|| name.strip_prefix("pycopy-"));
    if matches!(core.unwrap_or(&name), "uasyncio" | "uasyncio-core") {
        return Some(Alias::BuiltIn("asyncio"));
    }
    let bare = bare?;
    let among = |table: &[&'static str]| {
        table
            .iter()
            .copied()
            .find(|known| super::normalised(known) == bare)
    };
    // Both names are imported by programs; this package has both modules.
    if bare == "requests" {
        return Some(Alias::Placeholder("urequests"));
    }
    among(&PLACEHOLDERS)
        .map(Alias::Placeholder)
        .or_else(|| among(&OLD_COPIES).map(Alias::OldCopy))
        .or_else(|| among(&AMBIGUOUS).map(Alias::Ambiguous))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_names_lead_to_the_index() {
        assert_eq!(
            find("micropython-requests"),
            Some(Alias::Placeholder("urequests"))
        );
        assert_eq!(
            find("micropython_urequests"),
            Some(Alias::OldCopy("urequests"))
        );
        assert_eq!(
            find("MicroPython-umqtt.simple"),
            Some(Alias::OldCopy("umqtt.simple"))
        );
        assert_eq!(
            find("micropython-uasyncio.core"),
            Some(Alias::BuiltIn("asyncio"))
        );
        assert_eq!(
            find("pycopy-uasyncio.core"),
            Some(Alias::BuiltIn("asyncio"))
        );
        assert_eq!(find("pycopy-json"), None);
        assert_eq!(find("uasyncio"), Some(Alias::BuiltIn("asyncio")));
        assert_eq!(
            find("micropython-ssd1306"),
            Some(Alias::Ambiguous("ssd1306"))
        );
        assert_eq!(find("micropython-bme280"), None);
        assert_eq!(find("requests"), None);
    }

    #[test]
    fn no_name_is_in_two_tables() {
        let mut seen = std::collections::HashSet::new();
        for name in PLACEHOLDERS.iter().chain(&OLD_COPIES).chain(&AMBIGUOUS) {
            assert!(seen.insert(name), "{name} twice");
        }
    }
}
