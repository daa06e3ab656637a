//! Packages whose newer versions need newer firmware than their index says.
//!
//! An index knows nothing of firmware. What is here was read in the histories of micropython-lib and
//! MicroPython: since 1.23 TLS is in the module `tls`, and what uses it cannot run before.

use pep440_rs::Version;

use super::normalised;
use super::spec::Wish;

/// What is known of one package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    name: &'static str,
    /// The first version that needs it.
    since: &'static str,
    /// The firmware that it needs.
    firmware: &'static str,
    /// What older firmware gets: a range, or a version as the index spells it.
    instead: &'static str,
}

const TABLE: [Need; 4] = [
    Need {
        name: "requests",
        since: "0.9",
        firmware: "1.23",
        instead: "<0.9",
    },
    // The index' newest `urequests` carries a copy of the newest `requests`; the one that is frozen under
    // its version has that of its time.
    Need {
        name: "urequests",
        since: "0.8.0",
        firmware: "1.23",
        instead: "0.8.0",
    },
    Need {
        name: "ssl",
        since: "0.2",
        firmware: "1.23",
        instead: "<0.2",
    },
    Need {
        name: "urllib.urequest",
        since: "0.7.0",
        firmware: "1.23",
        instead: "<0.7",
    },
];

fn is_older(version: &str, than: &str) -> bool {
    match (version.parse::<Version>(), than.parse::<Version>()) {
        (Ok(version), Ok(than)) => version < than,
        _ => false,
    }
}

/// What is known of a package that matters on this firmware.
pub(crate) fn of(name: &str, firmware: &str) -> Option<Need> {
    let key = normalised(name);
    let found = TABLE.iter().find(|one| normalised(one.name) == key)?;
    is_older(firmware, found.firmware).then_some(*found)
}

impl Need {
    /// What older firmware gets.
    pub(crate) fn instead(&self) -> Wish {
        match self.instead.parse() {
            Ok(range) => Wish::Range(range),
            Err(_) => Wish::Exact(self.instead.to_string()),
        }
    }

    /// What there is to say of a version that was taken from what the index was `asked` for.
    pub(crate) fn complaint(&self, version: &str, asked: &str, firmware: &str) -> Option<String> {
        let is_instead = match self.instead() {
            Wish::Exact(text) => asked == text,
            wish => wish.allows(version),
        };
        let matters = !is_instead && !is_older(version, self.since);
        matters.then(|| {
            format!(
                "`{}` {version} needs MicroPython {} (for TLS); this is {firmware}",
                self.name, self.firmware
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_firmware_gets_old_versions() {
        assert_eq!(of("requests", "1.23.0"), None);
        assert_eq!(of("logging", "1.19.1"), None);
        assert_eq!(of("requests", ""), None);
        let need = of("Requests", "1.22.2").unwrap();
        assert!(need.instead().allows("0.8.1") && !need.instead().allows("0.9.0"));
        assert_eq!(need.complaint("0.8.1", "latest", "1.22.2"), None);
        assert_eq!(
            need.complaint("1.1.1", "latest", "1.22.2").unwrap(),
            "`requests` 1.1.1 needs MicroPython 1.23 (for TLS); this is 1.22.2"
        );
        let need = of("urequests", "1.19.1").unwrap();
        assert_eq!(need.instead(), Wish::Exact("0.8.0".into()));
        assert_eq!(need.complaint("0.8.0", "0.8.0", "1.19.1"), None);
        assert!(need.complaint("0.8.0", "latest", "1.19.1").is_some());
        for need in TABLE {
            assert!(need.since.parse::<Version>().is_ok(), "{need:?}");
        }
    }
}
