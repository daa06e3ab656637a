//! What is plugged in, which of it is meant, and how it is opened again after a restart.

pub(crate) mod list;
pub(crate) mod selector;
pub(crate) mod sim;
mod usb_ids;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::error::{Code, Error, Result};
use crate::transport::{OpenOptions, Transport};
use crate::transport::{
    replay::Replay, rfc2217::Rfc2217, serial::Serial, tcp::Tcp, telnet::Telnet,
    websocket::WebSocket,
};
use list::PortInfo;
use selector::Selector;

/// A board that was chosen: enough to open it, and to find it again.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// What opens it; for USB boards the port of now.
    selector: Selector,
    /// What is known of the port, when it is a listed serial port.
    pub(crate) info: Option<PortInfo>,
}

impl Target {
    /// The address as the user would give it.
    pub(crate) fn name(&self) -> String {
        match &self.selector {
            Selector::Port(port) => port.clone(),
            Selector::Tcp(rest) => format!("tcp://{rest}"),
            Selector::Rfc2217(rest) => format!("rfc2217://{rest}"),
            Selector::Telnet(rest) => format!("telnet://{}", without_login(rest)),
            Selector::WebSocket(rest) => format!("ws://{}", without_login(rest)),
            Selector::Replay(path) => format!("replay:{path}"),
            Selector::Sim(name) if name == sim::DEFAULT_NAME => "sim".to_string(),
            Selector::Sim(name) => format!("sim:{name}"),
            Selector::Auto | Selector::Serial(_) | Selector::Usb(..) | Selector::Name(_) => {
                "auto".to_string()
            }
        }
    }

    /// Opens it.
    ///
    /// # Errors
    /// Those of the transport.
    pub(crate) fn open(&self, options: &OpenOptions) -> Result<Box<dyn Transport>> {
        let name = self.name();
        Ok(match &self.selector {
            Selector::Port(port) => {
                let vid = self.info.as_ref().and_then(|info| info.vid);
                Box::new(Serial::open(port, vid, options)?)
            }
            Selector::Tcp(rest) => Box::new(Tcp::open(&name, rest, options)?),
            Selector::Rfc2217(rest) => Box::new(Rfc2217::open(&name, rest, options)?),
            Selector::Telnet(rest) => Box::new(Telnet::open(&name, rest, options)?),
            Selector::WebSocket(rest) => Box::new(WebSocket::open(&name, rest, options)?),
            Selector::Replay(path) => Box::new(Replay::open(&name, Path::new(path))?),
            Selector::Sim(board) => {
                let address = sim::find_or_start(board)?.address;
                match address.strip_prefix("tcp://") {
                    Some(rest) => Box::new(Tcp::open(&name, rest, options)?),
                    None => Box::new(Serial::open(&address, None, options)?),
                }
            }
            Selector::Auto | Selector::Serial(_) | Selector::Usb(..) | Selector::Name(_) => {
                return Err(Error::new(
                    Code::NoBoard,
                    format!("`{name}` was not looked up"),
                ));
            }
        })
    }

    /// Opens the same board after it has gone and come back, whatever its port is called now.
    ///
    /// # Errors
    /// [`Code::NoBoard`] when it has not come back within `patience`.
    pub(crate) fn reopen(
        &self,
        options: &OpenOptions,
        patience: Duration,
    ) -> Result<Box<dyn Transport>> {
        let deadline = Instant::now() + patience;
        let mut watch = Watch::new();
        loop {
            let now = self.find_again();
            match now.and_then(|target| target.open(options)) {
                Ok(transport) => return Ok(transport),
                Err(error) if Instant::now() >= deadline => return Err(error),
                Err(_) => watch.wait(deadline),
            }
        }
    }

    fn find_again(&self) -> Result<Self> {
        match self.info.as_ref().and_then(|info| info.serial.clone()) {
            Some(serial) => resolve(&Selector::Serial(serial), &BTreeMap::new()),
            None => Ok(self.clone()),
        }
    }
}

/// Waits for something to change among the ports.
///
/// The operating systems' own notifications come before the driver has made the port usable, and
/// not at all for some, so the list is read again at a steady pace; nothing else waits this way.
pub(crate) struct Watch;

impl Watch {
    const PACE: Duration = Duration::from_millis(100);

    pub(crate) fn new() -> Self {
        Self
    }

    /// Waits until it is worth looking again, at most until `deadline`.
    pub(crate) fn wait(&mut self, deadline: Instant) {
        std::thread::park_timeout(
            deadline
                .saturating_duration_since(Instant::now())
                .min(Self::PACE),
        );
    }
}

fn without_login(rest: &str) -> &str {
    rest.rsplit_once('@').map_or(rest, |(_, host)| host)
}

/// Finds the board that `selector` means. `names` are the user's own names for boards.
///
/// # Errors
/// [`Code::NoBoard`] when there is none, [`Code::SeveralBoards`] when the choice is not clear.
pub(crate) fn resolve(selector: &Selector, names: &BTreeMap<String, String>) -> Result<Target> {
    if selector.is_network() {
        return Ok(Target {
            selector: selector.clone(),
            info: None,
        });
    }
    if let Selector::Name(name) = selector {
        return named(name, names);
    }
    if let Selector::Port(port) = selector
        && let Some(other) = names.get(port)
    {
        return resolve(&Selector::parse(other)?, &BTreeMap::new());
    }
    let ports = match selector {
        Selector::Port(port) if !list::may_list(port) => Vec::new(),
        _ => list::ports(),
    };
    choose(selector, ports)
}

fn named(name: &str, names: &BTreeMap<String, String>) -> Result<Target> {
    if let Some(text) = names.get(name) {
        return resolve(&Selector::parse(text)?, &BTreeMap::new());
    }
    let error = Error::new(Code::NoBoard, format!("No board is named `{name}`"));
    if names.is_empty() {
        return Err(
            error.hint("Name one in the configuration: `[boards]`, `greenhouse = \"id:SERIAL\"`")
        );
    }
    let known: Vec<&str> = names.keys().map(String::as_str).collect();
    Err(error.hint(format!("Named boards: {}", known.join(", "))))
}

/// The choice itself, apart from the machine it is made on.
fn choose(selector: &Selector, ports: Vec<PortInfo>) -> Result<Target> {
    let target = |info: PortInfo| Target {
        selector: Selector::Port(info.port.clone()),
        info: Some(info),
    };
    match selector {
        Selector::Port(port) => {
            let real = std::fs::canonicalize(port)
                .ok()
                .map(|path| path.to_string_lossy().into_owned());
            let info = ports
                .into_iter()
                .find(|info| &info.port == port || Some(&info.port) == real.as_ref());
            Ok(Target {
                selector: selector.clone(),
                info,
            })
        }
        Selector::Serial(serial) => {
            let found = ports
                .into_iter()
                .find(|info| info.serial.as_deref() == Some(serial));
            found.map(target).ok_or_else(|| {
                Error::new(
                    Code::NoBoard,
                    format!("No board with the serial number `{serial}` is connected"),
                )
                .hint("Run `ucli devs` to list the boards with their serial numbers")
            })
        }
        Selector::Usb(vid, pid) => {
            let matches =
                |info: &PortInfo| info.vid == Some(*vid) && (pid.is_none() || info.pid == *pid);
            let what = match pid {
                Some(pid) => format!("vid:{vid:04x}:{pid:04x}"),
                None => format!("vid:{vid:04x}"),
            };
            let none = || {
                Error::new(
                    Code::NoBoard,
                    format!("No board with `{what}` is connected"),
                )
            };
            only(ports.into_iter().filter(matches).collect(), none).map(target)
        }
        _ => only(
            ports.into_iter().filter(PortInfo::is_usb).collect(),
            no_board,
        )
        .map(target),
    }
}

fn only(mut ports: Vec<PortInfo>, none: impl Fn() -> Error) -> Result<PortInfo> {
    match ports.len() {
        0 => Err(none()),
        1 => Ok(ports.remove(0)),
        _ => Err(several(&ports)),
    }
}

fn no_board() -> Error {
    Error::new(Code::NoBoard, "No board is connected")
        .hint("Plug one in with a cable that carries data, not only power")
        .hint("Run `ucli devs --all` to list every serial port, or `ucli doctor` to find out more")
        .hint("A board in the network is given with `-p ws://HOST` or `-p tcp://HOST:PORT`")
        .hint("`-p sim` is a simulated board that needs nothing")
}

fn several(ports: &[PortInfo]) -> Error {
    let choices: Vec<String> = ports
        .iter()
        .map(|info| format!("`-p {}` ({})", info.port, info.describe()))
        .collect();
    Error::new(Code::SeveralBoards, "More than one board is connected")
        .hint(format!("Choose one: {}", choices.join(", ")))
        .hint("Or set `UCLI_PORT`, or `port` in `[tool.ucli]` of pyproject.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usb(port: &str, vid: u16, serial: &str) -> PortInfo {
        PortInfo {
            port: port.into(),
            vid: Some(vid),
            pid: Some(5),
            serial: Some(serial.into()),
            manufacturer: None,
            product: None,
        }
    }

    fn plain(port: &str) -> PortInfo {
        PortInfo {
            port: port.into(),
            vid: None,
            pid: None,
            serial: None,
            manufacturer: None,
            product: None,
        }
    }

    #[test]
    fn auto_takes_the_only_usb_port() {
        let target = choose(
            &Selector::Auto,
            vec![plain("/dev/ttyS0"), usb("/dev/ttyACM0", 1, "a")],
        )
        .unwrap();
        assert_eq!(target.name(), "/dev/ttyACM0");
    }

    #[test]
    fn auto_refuses_none_and_several() {
        assert_eq!(
            choose(&Selector::Auto, vec![plain("/dev/ttyS0")])
                .unwrap_err()
                .code(),
            Code::NoBoard
        );
        let two = vec![usb("/dev/ttyACM0", 1, "a"), usb("/dev/ttyACM1", 2, "b")];
        let error = choose(&Selector::Auto, two).unwrap_err();
        assert_eq!(error.code(), Code::SeveralBoards);
        assert!(error.hints()[0].contains("/dev/ttyACM1"));
    }

    #[test]
    fn serial_number_and_vendor_choose() {
        let two = || vec![usb("/dev/ttyACM0", 1, "a"), usb("/dev/ttyACM1", 2, "b")];
        assert_eq!(
            choose(&Selector::Serial("b".into()), two()).unwrap().name(),
            "/dev/ttyACM1"
        );
        assert_eq!(
            choose(&Selector::Usb(1, None), two()).unwrap().name(),
            "/dev/ttyACM0"
        );
        assert!(choose(&Selector::Usb(2, Some(9)), two()).is_err());
        assert!(choose(&Selector::Serial("c".into()), two()).is_err());
    }

    #[test]
    fn names_of_the_user_are_followed() {
        let names = BTreeMap::from([("greenhouse".to_string(), "tcp://host:1".to_string())]);
        assert_eq!(
            resolve(&Selector::Name("greenhouse".into()), &names)
                .unwrap()
                .name(),
            "tcp://host:1"
        );
        let error = resolve(&Selector::Name("cellar".into()), &names).unwrap_err();
        assert!(error.hints()[0].contains("greenhouse"));
    }
}
