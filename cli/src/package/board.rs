//! What an installation must know of a board: its firmware, where libraries go, what is built in.

use std::collections::{BTreeMap, BTreeSet};

use super::build::Loads;
use crate::client::fs::quoted;
use crate::client::session::Session;
use crate::client::snippet;
use crate::client::value;
use crate::error::{Code, Error, Result};
use crate::output::sanitise;

/// The modules of the firmware; boards without `help` say nothing.
const MODULES: &str = "try:\n help('modules')\nexcept Exception:\n pass\n";

/// The record of a library directory: empty without one, `None` when it cannot be said.
const RECORD: &str = "\
def _u(d):
 import sys
 try:
  d=d or next(e for e in sys.path if e.endswith('/lib')and not e.startswith('/rom'))
  with open(d+'/{f}','rb')as f:return f.read()
 except OSError as e:return b''if e.args[0]==2 else None
 except Exception:pass
print(repr(_u({d})))
del _u
";

/// `(name, version)` of each module that is frozen: it has a file and is not on a file system.
const FROZEN: &str = "\
import sys
def _u(l):
 for n in l:
  k=n in sys.modules
  try:
   __import__(n)
   m=sys.modules[n]
   if hasattr(m,'__file__'):print(repr((n,str(getattr(m,'__version__','')))))
  except Exception:pass
  if not k and n in sys.modules:del sys.modules[n]
";

/// A board as a target of packages.
#[derive(Clone, Debug)]
pub(crate) struct Board {
    /// `1.28.0`.
    pub(crate) version: String,
    /// `sys.platform`.
    pub(crate) platform: String,
    /// `sys.implementation._mpy`; 0 when it has none, or when it is not MicroPython's.
    pub(crate) mpy: i64,
    /// The first number of the version of CircuitPython; `None` for other firmware.
    pub(crate) circuitpython: Option<u64>,
    /// `sys.path`.
    pub(crate) path: Vec<String>,
    /// The modules of the firmware, with `/` between the parts; empty when it was not asked or does
    /// not say.
    pub(crate) modules: BTreeSet<String>,
}

impl Board {
    /// Asks the board.
    ///
    /// # Errors
    /// Those of the board and of the connection.
    pub(crate) fn ask(session: &mut Session) -> Result<Self> {
        Self::parse(session.ask(snippet::INFO)?.trim_ascii())
    }

    /// Asks the board, in one turn, also for the record of its packages and, with `modules`, for the
    /// modules of its firmware. The record is empty where there is none, `None` where it must be read in
    /// another way.
    ///
    /// # Errors
    /// Those of the board and of the connection.
    pub(crate) fn survey(
        session: &mut Session,
        directory: Option<&str>,
        modules: bool,
    ) -> Result<(Self, Option<Vec<u8>>)> {
        let record = RECORD
            .replace("{f}", super::record::FILE)
            .replace("{d}", &quoted(directory.unwrap_or_default()));
        let listing = if modules { MODULES } else { "" };
        let answer = session.ask_at_once(&[snippet::INFO, &record, listing].concat(), false)?;
        let mut lines = answer.splitn(3, |&byte| byte == b'\n');
        let mut next = || lines.next().unwrap_or_default().trim_ascii();
        let mut board = Self::parse(next())?;
        let record = value::parse(next())?.bytes().map(<[u8]>::to_vec);
        board.modules = listed(&sanitise::lossy(next())).into_iter().collect();
        Ok((board, record))
    }

    fn parse(answer: &[u8]) -> Result<Self> {
        let answer = value::parse(answer)?;
        let text = |index: usize| answer.at(index).str().unwrap_or_default().to_string();
        let numbers: Vec<String> = answer
            .at(1)
            .items()
            .iter()
            .filter_map(|item| item.int().map(|number| number.to_string()))
            .collect();
        let mpy = answer.at(4).int().unwrap_or(0);
        let mut path = Vec::new();
        for entry in answer.at(10).items() {
            path.extend(entry.str().map(str::to_string));
        }
        Ok(Self {
            mpy: if text(0) == "micropython" { mpy } else { 0 },
            circuitpython: (text(0) == "circuitpython")
                .then(|| numbers.first().and_then(|one| one.parse().ok()))
                .flatten(),
            version: numbers.join("."),
            platform: text(3),
            path,
            modules: BTreeSet::new(),
        })
    }

    /// Where libraries go: the first entry of `sys.path` that ends in `/lib` and is no ROM.
    ///
    /// # Errors
    /// [`Code::NotFound`] when there is none.
    pub(crate) fn library(&self) -> Result<String> {
        let is_library = |entry: &&String| entry.ends_with("/lib") && !entry.starts_with("/rom");
        self.path.iter().find(is_library).cloned().ok_or_else(|| {
            Error::new(
                Code::NotFound,
                "The board's `sys.path` has no `lib` directory",
            )
            .hint("`--target DIR` says where packages go")
        })
    }

    /// Whether modules of the firmware are found before those in `directory`.
    pub(crate) fn frozen_comes_before(&self, directory: &str) -> bool {
        let place = |name: &str| self.path.iter().position(|entry| entry == name);
        match (place(".frozen"), place(directory)) {
            (Some(frozen), Some(library)) => frozen < library,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }

    /// The bytecode that the board loads.
    pub(crate) fn loads(&self) -> Loads {
        Loads {
            mpy: self.mpy,
            circuitpython: self.circuitpython.is_some(),
        }
    }

    /// The folder of an index for this board: its bytecode version, or `py`.
    pub(crate) fn form(&self, source_only: bool) -> String {
        match self.mpy & 0xff {
            version if version >= super::build::BYTECODE && !source_only => version.to_string(),
            _ => "py".to_string(),
        }
    }
}

/// The modules that the firmware has, with `/` between the parts; empty when it does not say.
///
/// # Errors
/// Those of the connection.
pub(crate) fn modules(session: &mut Session) -> Result<Vec<String>> {
    let text = session.ask(MODULES)?;
    Ok(listed(&sanitise::lossy(&text)))
}

fn listed(text: &str) -> Vec<String> {
    text.lines()
        .take_while(|line| !line.starts_with("Plus any"))
        .flat_map(str::split_whitespace)
        .map(|name| name.strip_suffix("/__init__").unwrap_or(name).to_string())
        .collect()
}

/// Which of `names` (as in [`modules`]) are frozen in, and their versions.
///
/// # Errors
/// Those of the connection.
pub(crate) fn frozen(session: &mut Session, names: &[String]) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    if names.is_empty() {
        return Ok(found);
    }
    let list: Vec<String> = names
        .iter()
        .map(|name| quoted(&name.replace('/', ".")))
        .collect();
    let answer = session.ask(&format!("{FROZEN}_u(({},))\ndel _u\n", list.join(",")))?;
    for line in answer.split(|&byte| byte == b'\n') {
        // A module may print when it is imported.
        let Ok(value) = value::parse(line.trim_ascii()) else {
            continue;
        };
        if let (Some(name), Some(version)) = (value.at(0).str(), value.at(1).str()) {
            found.insert(name.replace('.', "/"), sanitise::line(version));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(path: &[&str], mpy: i64) -> Board {
        Board {
            version: "1.28.0".to_string(),
            platform: "rp2".to_string(),
            circuitpython: None,
            mpy,
            path: path.iter().map(|entry| (*entry).to_string()).collect(),
            modules: BTreeSet::new(),
        }
    }

    #[test]
    fn libraries_never_go_to_rom() {
        let board = board(&["", ".frozen", "/rom/lib", "/flash/lib"], 6);
        assert_eq!(board.library().unwrap(), "/flash/lib");
        assert!(board.frozen_comes_before("/flash/lib"));
        assert!(!board.frozen_comes_before(""));
    }

    #[test]
    fn board_without_library_err() {
        assert_eq!(
            board(&["", ".frozen"], 6).library().unwrap_err().code(),
            Code::NotFound
        );
    }

    #[test]
    fn form_is_the_bytecode_version() {
        assert_eq!(board(&[], 6 | 3 << 8 | 2 << 10).form(false), "6");
        assert_eq!(board(&[], 6).form(true), "py");
        assert_eq!(board(&[], 0).form(false), "py");
        assert_eq!(board(&[], 5).form(false), "py");
    }

    #[test]
    fn module_list_is_read() {
        let text = "__main__   requests/__init__   umqtt/simple\r\nsys\r\nPlus any modules on the filesystem\r\n";
        assert_eq!(
            listed(text),
            ["__main__", "requests", "umqtt/simple", "sys"]
        );
    }
}
