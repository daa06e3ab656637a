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
/// Where downloads are kept, instead of the user's cache directory.
pub(crate) const CACHE_DIR: &str = "UCLI_CACHE_DIR";
/// Set and not empty: nothing is fetched, as with `--offline`.
pub(crate) const OFFLINE: &str = "UCLI_OFFLINE";
/// The index of packages when `--index` is not given.
pub(crate) const INDEX: &str = "UCLI_INDEX";
/// CircuitPython's bundles, URLs separated by spaces, each perhaps with `@` and the tag of a release.
pub(crate) const BUNDLES: &str = "UCLI_CIRCUITPYTHON_BUNDLES";
/// The Python package index, as pip's variable of that name.
pub(crate) const PIP_INDEX_URL: &str = "PIP_INDEX_URL";
/// The Python package index, as uv's variable of that name; tried after pip's.
pub(crate) const UV_INDEX_URL: &str = "UV_INDEX_URL";
/// The serial ports that are plugged in, instead of those that the system lists: `PATH=VID:PID[:SERIAL]` in
/// hexadecimal digits, separated by spaces. For containers, which see a port and not where it hangs.
pub(crate) const PORTS: &str = "UCLI_PORTS";
/// Directories in which drives of boot loaders are looked for, and nowhere else; separated as in `PATH`.
/// Each may be a drive itself or hold drives.
pub(crate) const DRIVES: &str = "UCLI_DRIVES";
/// The catalogue of firmware when `--index` is not given.
pub(crate) const FIRMWARE_INDEX: &str = "UCLI_FIRMWARE_INDEX";
/// The file with credentials, instead of `~/.netrc`.
pub(crate) const NETRC: &str = "NETRC";
/// A token for github.com, sent nowhere else.
pub(crate) const GITHUB_TOKEN: &str = "GITHUB_TOKEN";
/// A token for gitlab.com, sent nowhere else.
pub(crate) const GITLAB_TOKEN: &str = "GITLAB_TOKEN";
/// A token for codeberg.org, sent nowhere else.
pub(crate) const CODEBERG_TOKEN: &str = "CODEBERG_TOKEN";

/// Where simulated boards are kept, instead of the user's state directory.
pub(crate) const STATE_DIR: &str = "UCLI_STATE_DIR";

/// The value of a variable; an empty one counts as unset.
pub(crate) fn get(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
