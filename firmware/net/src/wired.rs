//! The interface: on and off, its addresses, given or asked for.

use smoltcp::socket::dns;
use smoltcp::wire::{IpAddress, IpCidr, Ipv4Address, Ipv4Cidr};
use upy_hal::machine::{Errno, Result};
use upy_hal::net::{Addresses, Ethernet, LinkStatus, Wired};

use crate::NO_SUCH_ADDRESS;
use crate::stack::Stack;

impl<E: Ethernet> Stack<'_, E> {
    /// Gives the interface its addresses; zeros take them away.
    pub(crate) fn configure(&mut self, addresses: Addresses) -> Result<()> {
        let host = Ipv4Address::from(addresses.host);
        let mask = Ipv4Address::from(addresses.mask);
        let own = Ipv4Cidr::from_netmask(host, mask).map_err(|_| Errno::EINVAL)?;
        self.interface.update_ip_addrs(|list| {
            list.clear();
            if !host.is_unspecified() {
                // There is room for one at least.
                let _ = list.push(IpCidr::Ipv4(own));
            }
        });
        let routes = self.interface.routes_mut();
        routes.remove_default_ipv4_route();
        if addresses.gateway != [0; 4] {
            let gateway = Ipv4Address::from(addresses.gateway);
            routes
                .add_default_ipv4_route(gateway)
                .map_err(|_| Errno::EINVAL)?;
        }
        let server = [IpAddress::Ipv4(Ipv4Address::from(addresses.dns))];
        let known = usize::from(addresses.dns != [0; 4]);
        let names: &mut dns::Socket<'_> = self.sockets.get_mut(self.names);
        names.update_servers(&server[..known]);
        self.addresses = addresses;
        Ok(())
    }

    /// Whether an address that a socket is bound to is the interface's.
    pub(crate) fn own(&self, host: [u8; 4]) -> Result<()> {
        if host == [0; 4] || host == self.addresses.host {
            Ok(())
        } else {
            Err(NO_SUCH_ADDRESS)
        }
    }

    fn stop_asking(&mut self) {
        if let Some(handle) = self.dhcp.take() {
            self.sockets.remove(handle);
        }
    }
}

impl<E: Ethernet> Wired for Stack<'_, E> {
    fn activate(&mut self, active: bool) -> Result<()> {
        if active == self.active {
            return Ok(());
        }
        self.device.hardware.activate(active)?;
        self.active = active;
        if !active {
            let was_asked_for = self.dhcp.is_some();
            self.stop_asking();
            if was_asked_for {
                self.configure(Addresses::default())?;
            }
        } else if self.addresses.host == [0; 4] {
            self.ask();
        }
        self.service();
        Ok(())
    }

    fn is_active(&self) -> bool {
        self.active
    }

    fn status(&mut self) -> LinkStatus {
        self.attend();
        if !self.active {
            LinkStatus::Idle
        } else if !self.device.hardware.is_linked() || self.addresses.host == [0; 4] {
            LinkStatus::Connecting
        } else {
            LinkStatus::Up
        }
    }

    fn addresses(&self) -> Addresses {
        self.addresses
    }

    fn set_addresses(&mut self, addresses: Option<Addresses>) -> Result<()> {
        match addresses {
            Some(addresses) => {
                // Given first: a mask that is none changes nothing.
                self.configure(addresses)?;
                self.stop_asking();
            }
            None => {
                self.stop_asking();
                self.configure(Addresses::default())?;
                if self.active {
                    self.ask();
                    self.service();
                }
            }
        }
        Ok(())
    }

    fn is_dynamic(&self) -> bool {
        self.dhcp.is_some()
    }

    fn mac(&self) -> [u8; 6] {
        self.device.hardware.mac()
    }
}
