//! Settings: flags > environment > project > user file > defaults, and where each came from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::{Table, Value};

use crate::args::Globals;
use crate::env;
use crate::error::{Code, Error, Result};

/// A value and its origin, for `ucli config`.
#[derive(Clone, Debug)]
pub(crate) struct Setting<T> {
    /// The value.
    pub(crate) value: T,
    /// Where it came from, as a person would say it.
    pub(crate) origin: String,
}

impl<T> Setting<T> {
    fn default(value: T) -> Self {
        Self {
            value,
            origin: "default".to_string(),
        }
    }

    fn set(&mut self, value: T, origin: &str) {
        self.value = value;
        self.origin = origin.to_string();
    }
}

/// Every setting.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Which board.
    pub(crate) port: Setting<String>,
    /// Bits per second of serial ports.
    pub(crate) baud: Setting<u32>,
    /// How long a board may take to answer.
    pub(crate) timeout: Setting<Duration>,
    /// DTR while connected; `None`: asserted.
    pub(crate) dtr: Setting<Option<bool>>,
    /// RTS while connected; `None`: asserted.
    pub(crate) rts: Setting<Option<bool>>,
    /// The user's names for boards.
    pub(crate) boards: Setting<BTreeMap<String, String>>,
    /// Patterns that `cp -r`, `sync` and `watch` leave out.
    pub(crate) exclude: Setting<Vec<String>>,
    /// Board paths that `sync --delete` never deletes.
    pub(crate) protect: Setting<Vec<String>>,
    /// Where the catalogue of firmware is.
    pub(crate) firmware_index: Setting<Option<String>>,
}

/// What never belongs on a board.
const DEFAULT_EXCLUDE: [&str; 6] = [
    "__pycache__",
    "*.pyc",
    ".git",
    ".DS_Store",
    ".venv",
    ".ucli.tmp",
];
/// What a deletion must not touch unless it is named.
const DEFAULT_PROTECT: [&str; 8] = [
    "/boot.py",
    "/webrepl_cfg.py",
    "/sd",
    "/rom",
    "/remote",
    "/settings.toml",
    "/boot_out.txt",
    "/ram",
];

impl Config {
    /// Collects the settings of this invocation.
    ///
    /// # Errors
    /// [`Code::Config`] for a file that cannot be read or holds nonsense, [`Code::Usage`] for a
    /// flag or variable that makes no sense.
    pub(crate) fn load(globals: &Globals) -> Result<Self> {
        let strings = |list: &[&str]| {
            list.iter()
                .map(|text| (*text).to_string())
                .collect::<Vec<_>>()
        };
        let mut config = Self {
            port: Setting::default("auto".to_string()),
            baud: Setting::default(115_200),
            timeout: Setting::default(Duration::from_secs(10)),
            dtr: Setting::default(None),
            rts: Setting::default(None),
            boards: Setting::default(BTreeMap::new()),
            exclude: Setting::default(strings(&DEFAULT_EXCLUDE)),
            protect: Setting::default(strings(&DEFAULT_PROTECT)),
            firmware_index: Setting::default(None),
        };
        if let Some(path) = user_file()
            && path.is_file()
        {
            let table = read(&path)?;
            config.apply(&table, &path.display().to_string())?;
        }
        if let Some((path, table)) = project()? {
            config.apply(&table, &format!("{} [tool.ucli]", path.display()))?;
        }
        config.environment()?;
        config.flags(globals)?;
        Ok(config)
    }

    fn environment(&mut self) -> Result<()> {
        if let Some(port) = env::get(env::PORT) {
            self.port.set(port, env::PORT);
        }
        if let Some(place) = env::get(env::FIRMWARE_INDEX) {
            self.firmware_index.set(Some(place), env::FIRMWARE_INDEX);
        }
        if let Some(text) = env::get(env::BAUD) {
            let baud = text
                .parse()
                .map_err(|_| bad(env::BAUD, &text, "a number of bits per second"))?;
            self.baud.set(baud, env::BAUD);
        }
        if let Some(text) = env::get(env::TIMEOUT) {
            let seconds = text
                .parse()
                .map_err(|_| bad(env::TIMEOUT, &text, "a number of seconds"))?;
            self.timeout
                .set(positive(env::TIMEOUT, seconds)?, env::TIMEOUT);
        }
        Ok(())
    }

    fn flags(&mut self, globals: &Globals) -> Result<()> {
        if let Some(port) = globals.port.first() {
            self.port.set(port.clone(), "--port");
        }
        if let Some(baud) = globals.baud {
            self.baud.set(baud, "--baud");
        }
        if let Some(seconds) = globals.timeout {
            self.timeout
                .set(positive("--timeout", seconds)?, "--timeout");
        }
        if globals.dtr.is_some() {
            self.dtr.set(globals.dtr, "--dtr");
        }
        if globals.rts.is_some() {
            self.rts.set(globals.rts, "--rts");
        }
        if self.baud.value == 0 {
            return Err(bad("baud", "0", "a number of bits per second"));
        }
        Ok(())
    }

    fn apply(&mut self, table: &Table, origin: &str) -> Result<()> {
        for (key, value) in table {
            let wrong = |what: &str| {
                Error::new(
                    Code::Config,
                    format!("`{key}` in {origin} must be {what}, not `{value}`"),
                )
            };
            match key.as_str() {
                "port" => self.port.set(
                    value.as_str().ok_or_else(|| wrong("text"))?.to_string(),
                    origin,
                ),
                "baud" => {
                    let baud = value.as_integer().and_then(|baud| u32::try_from(baud).ok());
                    self.baud.set(
                        baud.filter(|baud| *baud > 0)
                            .ok_or_else(|| wrong("a number"))?,
                        origin,
                    );
                }
                "timeout" => {
                    let seconds = value
                        .as_float()
                        .or(value.as_integer().map(|number| number as f64));
                    let seconds = seconds.ok_or_else(|| wrong("a number of seconds"))?;
                    self.timeout.set(positive(key, seconds)?, origin);
                }
                "dtr" => self.dtr.set(
                    Some(value.as_bool().ok_or_else(|| wrong("true or false"))?),
                    origin,
                ),
                "rts" => self.rts.set(
                    Some(value.as_bool().ok_or_else(|| wrong("true or false"))?),
                    origin,
                ),
                "boards" => {
                    let table = value.as_table().ok_or_else(|| wrong("a table"))?;
                    for (name, selector) in table {
                        let selector =
                            selector.as_str().ok_or_else(|| wrong("a table of texts"))?;
                        self.boards.value.insert(name.clone(), selector.to_string());
                    }
                    self.boards.origin = origin.to_string();
                }
                "exclude" => self.exclude.set(
                    texts(value).ok_or_else(|| wrong("a list of patterns"))?,
                    origin,
                ),
                "protect" => self.protect.set(
                    texts(value).ok_or_else(|| wrong("a list of paths"))?,
                    origin,
                ),
                "firmware_index" => {
                    let place = value
                        .as_str()
                        .ok_or_else(|| wrong("an address or a path"))?;
                    self.firmware_index.set(Some(place.to_string()), origin);
                }
                // Other programs of the house keep their settings in the same tables.
                "dependencies" | "dev-dependencies" | "micropython" | "target" | "mpy"
                | "python-version" | "exclude-newer" | "board" | "firmware" | "files" | "index"
                | "sources" => {}
                _ => {
                    return Err(Error::new(
                        Code::Config,
                        format!("There is no setting `{key}` ({origin})"),
                    )
                    .hint("Settings: port, baud, timeout, dtr, rts, boards, exclude, protect, firmware_index"));
                }
            }
        }
        Ok(())
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value
        .as_array()?
        .iter()
        .map(|item| item.as_str().map(str::to_string))
        .collect()
}

fn bad(name: &str, text: &str, wanted: &str) -> Error {
    Error::new(
        Code::Usage,
        format!("`{name}` is `{text}`, but {wanted} is wanted"),
    )
}

fn positive(name: &str, seconds: f64) -> Result<Duration> {
    if seconds.is_finite() && seconds > 0.0 && seconds < 1e6 {
        return Ok(Duration::from_secs_f64(seconds));
    }
    Err(bad(
        name,
        &seconds.to_string(),
        "a number of seconds above 0",
    ))
}

/// The user's own file: `UCLI_CONFIG`, or `ucli/config.toml` in the configuration directory.
pub(crate) fn user_file() -> Option<PathBuf> {
    if let Some(path) = env::get(env::CONFIG) {
        return Some(PathBuf::from(path));
    }
    use etcetera::BaseStrategy as _;
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.config_dir().join("ucli").join("config.toml"))
}

fn read(path: &Path) -> Result<Table> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::local("read", path, &error))?;
    text.parse::<Table>().map_err(|error| {
        let error = error.to_string();
        let place = error.lines().next().unwrap_or_default().to_string();
        let reason = error.lines().last().unwrap_or_default();
        Error::new(
            Code::Config,
            format!("`{}` is not valid TOML: {place}: {reason}", path.display()),
        )
    })
}

/// The `[tool.ucli]` of the nearest `pyproject.toml` above the current directory.
fn project() -> Result<Option<(PathBuf, Table)>> {
    let Ok(mut directory) = std::env::current_dir() else {
        return Ok(None);
    };
    loop {
        let path = directory.join("pyproject.toml");
        if path.is_file() {
            let mut table = read(&path)?;
            let tool = table
                .remove("tool")
                .and_then(|tool| tool.as_table().cloned());
            let ours = tool
                .and_then(|mut tool| tool.remove("ucli"))
                .and_then(|ours| ours.as_table().cloned());
            return Ok(ours.map(|ours| (path, ours)));
        }
        if !directory.pop() {
            return Ok(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Result<Config> {
        let mut config = Config {
            port: Setting::default("auto".into()),
            baud: Setting::default(115_200),
            timeout: Setting::default(Duration::from_secs(10)),
            dtr: Setting::default(None),
            rts: Setting::default(None),
            boards: Setting::default(BTreeMap::new()),
            exclude: Setting::default(Vec::new()),
            protect: Setting::default(Vec::new()),
            firmware_index: Setting::default(None),
        };
        config.apply(&text.parse::<Table>().unwrap(), "test")?;
        Ok(config)
    }

    #[test]
    fn values_remember_their_origin() {
        let config = config("port = 'a0'\ntimeout = 2\n[boards]\nlab = 'id:1'\n").unwrap();
        assert_eq!(
            (config.port.value.as_str(), config.port.origin.as_str()),
            ("a0", "test")
        );
        assert_eq!(config.timeout.value, Duration::from_secs(2));
        assert_eq!(config.boards.value["lab"], "id:1");
        assert_eq!(config.baud.origin, "default");
    }

    #[test]
    fn nonsense_is_named() {
        for (text, word) in [
            ("baud = 'fast'", "baud"),
            ("prot = 1", "prot"),
            ("timeout = -1", "timeout"),
            ("boards = 1", "boards"),
        ] {
            let error = config(text).unwrap_err();
            assert!(error.message().contains(word), "{}", error.message());
        }
    }
}
