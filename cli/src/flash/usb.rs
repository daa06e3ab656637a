//! The USB bus for DFU devices: finding one and sending it control requests.
//!
//! Nothing here knows DfuSe beyond its class numbers and its descriptor; `dfu` does. On Linux the device
//! file must be writable, on Windows the device needs the WinUSB driver; both are said when they fail.

use std::time::Duration;

use nusb::MaybeFuture as _;
use nusb::transfer::{ControlIn, ControlOut, ControlType, Recipient, TransferError};

use super::dfu::DfuPort;
use crate::error::{Code, Error, Result};
use crate::output::sanitise;

/// Class, subclass and protocol of a DFU interface in its boot loader.
const CLASS: (u8, u8, u8) = (0xfe, 1, 2);
/// The type of the functional descriptor, and where its transfer size stands.
const FUNCTIONAL: u8 = 0x21;
const TRANSFER_SIZE_AT: usize = 5;
/// What a device that does not say it takes at once.
const DEFAULT_TRANSFER: usize = 1024;
/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A DFU device that is open.
struct UsbDfu {
    interface: nusb::Interface,
    name: String,
    layout: String,
    numbers: (u16, u16),
    transfer_bytes: usize,
}

fn is_dfu(info: &nusb::DeviceInfo) -> bool {
    info.interfaces()
        .any(|one| (one.class(), one.subclass(), one.protocol()) == CLASS)
}

/// The DFU devices that are connected; the chosen one by serial number, or the only one.
///
/// # Errors
/// [`Code::NoBoard`], [`Code::SeveralBoards`], [`Code::Permission`].
pub(crate) fn open(serial: Option<&str>) -> Result<Box<dyn DfuPort>> {
    let mut devices = list()?;
    if let Some(serial) = serial {
        devices.retain(|info| info.serial_number() == Some(serial));
    }
    let [info] = &devices[..] else {
        if devices.is_empty() {
            return Err(Error::new(
                Code::NoBoard,
                "No board in its USB boot loader (DFU) is connected",
            )
            .hint("STM32 boards: hold BOOT (or connect BOOT0 to 3.3 V) and press reset")
            .hint("A board that runs MicroPython is sent there by `ucli bootloader`"));
        }
        let serials: Vec<&str> = devices
            .iter()
            .filter_map(|info| info.serial_number())
            .collect();
        return Err(Error::new(
            Code::SeveralBoards,
            "More than one DFU boot loader is connected",
        )
        .hint(format!("Choose one: `-p id:…`, of {}", serials.join(", "))));
    };
    Ok(Box::new(UsbDfu::open(info)?))
}

/// Whether a DFU device is there.
pub(crate) fn is_there() -> bool {
    list().is_ok_and(|devices| !devices.is_empty())
}

fn list() -> Result<Vec<nusb::DeviceInfo>> {
    let all = nusb::list_devices().wait();
    let all = all.map_err(|error| {
        Error::new(
            Code::NoBoard,
            format!("The USB bus cannot be listed: {error}"),
        )
    })?;
    Ok(all.filter(is_dfu).collect())
}

impl UsbDfu {
    fn open(info: &nusb::DeviceInfo) -> Result<Self> {
        let product = info.product_string().unwrap_or("DFU device");
        let name = format!(
            "{} (USB {:04x}:{:04x})",
            sanitise::line(product),
            info.vendor_id(),
            info.product_id()
        );
        let failed = |error: nusb::Error| {
            let code = match error.kind() {
                nusb::ErrorKind::PermissionDenied => Code::Permission,
                nusb::ErrorKind::Busy => Code::Busy,
                _ => Code::NoBoard,
            };
            let hint = if cfg!(windows) {
                "On Windows the device needs the WinUSB driver; Zadig installs it"
            } else {
                "On Linux a udev rule gives the right: `SUBSYSTEM==\"usb\", ATTR{idVendor}==\"0483\", MODE=\"0666\"`"
            };
            Error::new(code, format!("Failed to open {name}: {error}")).hint(hint)
        };
        let device = info.open().wait().map_err(failed)?;
        let wanted = info
            .interfaces()
            .find(|one| (one.class(), one.subclass(), one.protocol()) == CLASS);
        let number = wanted.map_or(0, |one| one.interface_number());
        let interface = device.claim_interface(number).wait().map_err(failed)?;
        let (mut layout, mut alternate, mut transfer_bytes) = (String::new(), 0, DEFAULT_TRANSFER);
        for setting in interface.descriptors() {
            let text = setting.string_index().and_then(|index| {
                device
                    .get_string_descriptor(
                        index,
                        nusb::descriptors::language_id::US_ENGLISH,
                        PATIENCE,
                    )
                    .wait()
                    .ok()
            });
            let text = text.unwrap_or_default();
            if layout.is_empty()
                || (text.contains("Internal Flash") && !layout.contains("Internal Flash"))
            {
                (layout, alternate) = (sanitise::line(&text), setting.alternate_setting());
            }
            for descriptor in setting.descriptors() {
                let bytes = descriptor.as_bytes();
                if descriptor.descriptor_type() == FUNCTIONAL
                    && let Some([low, high]) = bytes.get(TRANSFER_SIZE_AT..TRANSFER_SIZE_AT + 2)
                {
                    transfer_bytes = usize::from(u16::from_le_bytes([*low, *high])).clamp(64, 4096);
                }
            }
        }
        interface
            .set_alt_setting(alternate)
            .wait()
            .map_err(failed)?;
        Ok(Self {
            interface,
            name,
            layout,
            numbers: (info.vendor_id(), info.product_id()),
            transfer_bytes,
        })
    }

    fn fault(&self, error: TransferError) -> Error {
        match error {
            TransferError::Stall => {
                Error::new(Code::Protocol, format!("{} refused a request", self.name))
            }
            _ => crate::transport::lost(&self.name, &error.to_string()),
        }
    }
}

impl DfuPort for UsbDfu {
    fn send(&mut self, request: u8, value: u16, data: &[u8]) -> Result<()> {
        let control = ControlOut {
            control_type: ControlType::Class,
            recipient: Recipient::Interface,
            request,
            value,
            index: u16::from(self.interface.interface_number()),
            data,
        };
        self.interface
            .control_out(control, PATIENCE)
            .wait()
            .map_err(|error| self.fault(error))
    }

    fn receive(&mut self, request: u8, value: u16, len_bytes: usize) -> Result<Vec<u8>> {
        let control = ControlIn {
            control_type: ControlType::Class,
            recipient: Recipient::Interface,
            request,
            value,
            index: u16::from(self.interface.interface_number()),
            length: u16::try_from(len_bytes).unwrap_or(u16::MAX),
        };
        self.interface
            .control_in(control, PATIENCE)
            .wait()
            .map_err(|error| self.fault(error))
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn layout(&self) -> String {
        self.layout.clone()
    }

    fn numbers(&self) -> (u16, u16) {
        self.numbers
    }

    fn transfer_bytes(&self) -> usize {
        self.transfer_bytes
    }
}
