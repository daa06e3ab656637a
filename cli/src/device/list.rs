//! Which serial ports there are and what is known of them without opening one.

use serde::Serialize;
use serialport::{SerialPortType, UsbPortInfo};

use crate::env;

/// One serial port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct PortInfo {
    /// The path or name that opens it.
    pub(crate) port: String,
    /// USB vendor number.
    pub(crate) vid: Option<u16>,
    /// USB product number.
    pub(crate) pid: Option<u16>,
    /// USB serial number.
    pub(crate) serial: Option<String>,
    /// Maker, in the device's own words.
    pub(crate) manufacturer: Option<String>,
    /// Product, in the device's own words.
    pub(crate) product: Option<String>,
}

impl PortInfo {
    /// Whether it hangs on USB, as every board does that is worth finding by itself.
    pub(crate) fn is_usb(&self) -> bool {
        self.vid.is_some()
    }

    /// What people call it: the known board, else the product, else the bare fact.
    pub(crate) fn describe(&self) -> String {
        if let (Some(vid), Some(pid)) = (self.vid, self.pid)
            && let Some(name) = super::usb_ids::name(vid, pid)
        {
            return name.to_string();
        }
        match (&self.manufacturer, &self.product) {
            (Some(maker), Some(product)) if !product.contains(maker.as_str()) => {
                format!("{maker} {product}")
            }
            (_, Some(product)) => product.clone(),
            (Some(maker), None) => maker.clone(),
            (None, None) if self.is_usb() => "USB serial port".to_string(),
            (None, None) => "serial port".to_string(),
        }
    }

    /// `2e8a:0005`, or `0000:0000` without USB, as `mpremote devs` prints it.
    pub(crate) fn vid_pid(&self) -> String {
        format!(
            "{:04x}:{:04x}",
            self.vid.unwrap_or(0),
            self.pid.unwrap_or(0)
        )
    }
}

/// Whether a port may be among [`ports`]; where that is known beforehand, the list need not be made.
pub(crate) fn may_list(port: &str) -> bool {
    if !cfg!(target_os = "linux") || env::get(env::PORTS).is_some() {
        return true;
    }
    let real = std::fs::canonicalize(port).unwrap_or_else(|_| port.into());
    let name = real.file_name().unwrap_or_default();
    std::path::Path::new("/sys/class/tty").join(name).exists()
}

/// Every serial port, sorted so that `ttyACM2` stands before `ttyACM10`.
pub(crate) fn ports() -> Vec<PortInfo> {
    if let Some(text) = env::get(env::PORTS) {
        return text.split_whitespace().filter_map(named).collect();
    }
    // No list is an empty list: a machine without serial support has no board on it.
    let mut ports: Vec<PortInfo> = serialport::available_ports()
        .unwrap_or_default()
        .into_iter()
        .map(info)
        .collect();
    // macOS names each port twice; `cu.` is the one that opens without a carrier.
    ports.retain(|port| !(cfg!(target_os = "macos") && port.port.starts_with("/dev/tty.")));
    ports.sort_by_key(|port| natural(&port.port));
    ports
}

/// A port of [`env::PORTS`]; one that is not understood is none.
fn named(text: &str) -> Option<PortInfo> {
    let (port, usb) = text.rsplit_once('=')?;
    let mut parts = usb.splitn(3, ':');
    let mut number = || u16::from_str_radix(parts.next()?, 16).ok();
    let (vid, pid) = (number()?, number()?);
    Some(PortInfo {
        port: port.to_string(),
        vid: Some(vid),
        pid: Some(pid),
        serial: parts.next().map(str::to_string),
        manufacturer: None,
        product: None,
    })
}

fn info(port: serialport::SerialPortInfo) -> PortInfo {
    let usb: Option<UsbPortInfo> = match port.port_type {
        SerialPortType::UsbPort(usb) => Some(usb),
        _ => None,
    };
    PortInfo {
        port: port.port_name,
        vid: usb.as_ref().map(|usb| usb.vid),
        pid: usb.as_ref().map(|usb| usb.pid),
        serial: usb.as_ref().and_then(|usb| usb.serial_number.clone()),
        manufacturer: usb.as_ref().and_then(|usb| usb.manufacturer.clone()),
        product: usb.and_then(|usb| usb.product),
    }
}

/// A sort key in which runs of digits count as numbers.
fn natural(name: &str) -> Vec<(String, u64)> {
    let mut key = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let text = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let digits = rest[text..]
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len() - text);
        let number = rest[text..text + digits].parse().unwrap_or(0);
        key.push((rest[..text].to_string(), number));
        rest = &rest[text + digits..];
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_named_with_what_hangs_on_them() {
        let port = named("/dev/ttyACM0=2e8a:0005:e66:1").unwrap();
        assert_eq!(
            (port.port.as_str(), port.vid_pid().as_str()),
            ("/dev/ttyACM0", "2e8a:0005")
        );
        assert_eq!(port.serial.as_deref(), Some("e66:1"));
        for text in ["/dev/ttyACM0", "/dev/ttyACM0=2e8a", "=x:y", "a=2e8a:zz"] {
            assert_eq!(named(text), None, "{text}");
        }
    }

    #[test]
    fn ports_sort_by_number() {
        let mut names = ["ttyACM10", "ttyACM2", "COM3", "ttyUSB0"];
        names.sort_by_key(|name| natural(name));
        assert_eq!(names, ["COM3", "ttyACM2", "ttyACM10", "ttyUSB0"]);
    }
}
