//! Every environment variable that `ucli` reads, one constant each.

/// The board to use when `-p` is not given; same words as `-p`.
pub(crate) const PORT: &str = "UCLI_PORT";
/// The baud rate of serial ports when `--baud` is not given.
pub(crate) const BAUD: &str = "UCLI_BAUD";
/// Seconds to wait for a board's answer when `--timeout` is not given.
pub(crate) const TIMEOUT: &str = "UCLI_TIMEOUT";
/// The user's configuration file, instead of the one in the configuration directory.
pub(crate) const CONFIG: &str = "UCLI_CONFIG";
/// The password of a WebREPL or telnet board, so that it need not stand in the address.
pub(crate) const PASSWORD: &str = "UCLI_PASSWORD";
/// The editor of `ucli edit`, tried first.
pub(crate) const VISUAL: &str = "VISUAL";
/// The editor of `ucli edit`, tried second.
pub(crate) const EDITOR: &str = "EDITOR";
/// Set and not empty: no colour (<https://no-color.org>).
pub(crate) const NO_COLOR: &str = "NO_COLOR";

/// The value of a variable; an empty one counts as unset.
pub(crate) fn get(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
