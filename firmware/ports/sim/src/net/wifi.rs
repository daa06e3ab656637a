//! A radio that "connects": the network behind it is the host's own.

use upy_hal::machine::{Errno, Result};
use upy_hal::net::{AccessPoint, Addresses, LinkStatus, Wifi};

/// Networks in reach: name, key, strength in dBm. Other names are not there.
const NETWORKS: &[(&[u8], &[u8], i8)] = &[(b"upy", b"micropython", -42), (b"open", b"", -67)];
const LOOPBACK: Addresses = Addresses {
    host: [127, 0, 0, 1],
    mask: [255, 0, 0, 0],
    gateway: [127, 0, 0, 1],
    dns: [127, 0, 0, 1],
};

/// The radio.
#[derive(Debug)]
pub(crate) struct Radio {
    active: [bool; 2],
    status: LinkStatus,
    rssi: i8,
}

impl Radio {
    /// A radio that is off.
    pub(crate) fn new() -> Self {
        Self {
            active: [false; 2],
            status: LinkStatus::Idle,
            rssi: 0,
        }
    }
}

impl Wifi for Radio {
    fn activate(&mut self, interface: u8, active: bool) -> Result<()> {
        let slot = self.active.get_mut(usize::from(interface));
        *slot.ok_or(Errno::EINVAL)? = active;
        if interface == 0 && !active {
            self.status = LinkStatus::Idle;
        }
        Ok(())
    }

    fn is_active(&self, interface: u8) -> bool {
        self.active
            .get(usize::from(interface))
            .is_some_and(|&active| active)
    }

    fn connect(&mut self, ssid: &[u8], key: &[u8]) -> Result<()> {
        if !self.active[0] {
            return Err(Errno::EIO);
        }
        if ssid.is_empty() || ssid.len() > 32 || key.len() > 64 {
            return Err(Errno::EINVAL);
        }
        let known = NETWORKS.iter().find(|&&(name, ..)| name == ssid);
        self.status = match known {
            None => LinkStatus::NoAccessPoint,
            Some(&(_, wanted, _)) if wanted != key => LinkStatus::WrongPassword,
            Some(&(.., rssi)) => {
                self.rssi = rssi;
                LinkStatus::Up
            }
        };
        Ok(())
    }

    fn disconnect(&mut self) {
        self.status = LinkStatus::Idle;
    }

    fn status(&mut self, interface: u8) -> LinkStatus {
        match interface {
            0 => self.status,
            _ if self.is_active(interface) => LinkStatus::Up,
            _ => LinkStatus::Idle,
        }
    }

    fn addresses(&self, interface: u8) -> Addresses {
        if interface == 0 && self.status != LinkStatus::Up {
            return Addresses::default();
        }
        LOOPBACK
    }

    fn scan(&mut self, found: &mut dyn FnMut(AccessPoint)) -> Result<()> {
        if !self.active[0] {
            return Err(Errno::EIO);
        }
        for (number, &(name, key, rssi)) in NETWORKS.iter().enumerate() {
            let mut ssid = [0; 32];
            ssid[..name.len()].copy_from_slice(name);
            found(AccessPoint {
                ssid,
                ssid_len: name.len() as u8,
                bssid: [2, 0, 0, 0, 0, number as u8],
                channel: 6,
                rssi,
                security: if key.is_empty() { 0 } else { 3 },
            });
        }
        Ok(())
    }

    fn mac(&self, interface: u8) -> [u8; 6] {
        [0x02, 0x75, 0x70, 0x79, 0x00, interface]
    }

    fn rssi(&mut self) -> i8 {
        self.rssi
    }
}
