//! A radio that "connects": the network behind it is the host's own.

use upy_hal::machine::{Errno, Result};
use upy_hal::net::{AccessPoint, AccessPointSettings, Addresses, LinkStatus, Wifi};

/// Networks in reach: name, key, strength in dBm. Other names are not there.
const NETWORKS: &[(&[u8], &[u8], i8)] = &[(b"upy", b"micropython", -42), (b"open", b"", -67)];
/// WPA has no shorter keys.
const SHORTEST_KEY_BYTES: usize = 8;
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
    /// Which of the networks the station is in.
    joined: Option<usize>,
    /// The network of the board's own, without one behind it.
    own: AccessPoint,
}

impl Radio {
    /// A radio that is off.
    pub(crate) fn new() -> Self {
        Self {
            active: [false; 2],
            status: LinkStatus::Idle,
            rssi: 0,
            joined: None,
            own: described(b"upy-board", 0, 1, 0),
        }
    }
}

/// A network by its name, number, channel and security.
fn described(name: &[u8], number: u8, channel: u8, security: u8) -> AccessPoint {
    let mut ssid = [0; 32];
    let len = name.len().min(ssid.len());
    ssid[..len].copy_from_slice(&name[..len]);
    AccessPoint {
        ssid,
        ssid_len: len as u8,
        bssid: [2, 0, 0, 0, 0, number],
        channel,
        rssi: 0,
        security,
    }
}

/// The network of this number in [`NETWORKS`].
fn in_reach(number: usize) -> Option<AccessPoint> {
    let &(name, key, rssi) = NETWORKS.get(number)?;
    let security = if key.is_empty() { 0 } else { 3 };
    Some(AccessPoint {
        rssi,
        ..described(name, number as u8, 6, security)
    })
}

impl Wifi for Radio {
    fn activate(&mut self, interface: u8, active: bool) -> Result<()> {
        let slot = self.active.get_mut(usize::from(interface));
        *slot.ok_or(Errno::EINVAL)? = active;
        if interface == 0 && !active {
            self.status = LinkStatus::Idle;
            self.joined = None;
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
        let known = NETWORKS.iter().position(|&(name, ..)| name == ssid);
        self.joined = None;
        self.status = match known.map(|number| (number, NETWORKS[number])) {
            None => LinkStatus::NoAccessPoint,
            Some((_, (_, wanted, _))) if wanted != key => LinkStatus::WrongPassword,
            Some((number, (.., rssi))) => {
                self.rssi = rssi;
                self.joined = Some(number);
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
        (0..NETWORKS.len()).filter_map(in_reach).for_each(found);
        Ok(())
    }

    fn network(&self, interface: u8) -> Option<AccessPoint> {
        match interface {
            0 if self.status == LinkStatus::Up => in_reach(self.joined?),
            0 => None,
            _ => Some(self.own),
        }
    }

    fn set_access_point(&mut self, settings: &AccessPointSettings<'_>) -> Result<()> {
        let mut own = self.own;
        if let Some(ssid) = settings.ssid {
            if ssid.is_empty() || ssid.len() > own.ssid.len() {
                return Err(Errno::EINVAL);
            }
            own = described(ssid, 0, own.channel, own.security);
        }
        match settings.key {
            Some([]) => own.security = 0,
            Some(key) if key.len() < SHORTEST_KEY_BYTES => return Err(Errno::EINVAL),
            Some(_) => own.security = 3,
            None => {}
        }
        if let Some(channel) = settings.channel {
            if !(1..=13).contains(&channel) {
                return Err(Errno::EINVAL);
            }
            own.channel = channel;
        }
        self.own = own;
        Ok(())
    }

    fn mac(&self, interface: u8) -> [u8; 6] {
        [0x02, 0x75, 0x70, 0x79, 0x00, interface]
    }

    fn rssi(&mut self) -> i8 {
        self.rssi
    }
}
