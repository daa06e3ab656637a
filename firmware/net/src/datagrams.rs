//! UDP.

use smoltcp::socket::udp;
use upy_hal::machine::{Errno, Result};
use upy_hal::net::{Address, Ethernet};

use crate::stack::{DATAGRAMS, NOBODY, Stack, local, remote};
use crate::table::Kind;
use crate::{ADDRESS_IN_USE, AGAIN, TOO_LONG, UNREACHABLE};

impl<E: Ethernet> Stack<'_, E> {
    /// A place that no socket of the program has.
    pub(crate) fn free_datagram(&self) -> Option<usize> {
        (0..DATAGRAMS).find(|&free| {
            let taken = |kind: Kind| matches!(kind, Kind::Datagram { place, .. } if place == free);
            !self.table.kinds().any(|(_, kind)| taken(kind))
        })
    }

    pub(crate) fn bind_datagram(&mut self, place: usize, address: Address) -> Result<()> {
        self.own(address.host)?;
        let port = match address.port {
            0 => self.free_port(),
            port => port,
        };
        for other in 0..DATAGRAMS {
            if other != place && self.datagram(other).endpoint().port == port {
                return Err(ADDRESS_IN_USE);
            }
        }
        let socket = self.datagram(place);
        socket.bind(port).map_err(|_| Errno::EINVAL)
    }

    pub(crate) fn send_datagram(
        &mut self,
        place: usize,
        bytes: &[u8],
        to: Address,
    ) -> Result<usize> {
        if !self.datagram(place).is_open() {
            self.bind_datagram(place, NOBODY)?;
        }
        if self.addresses.host == [0; 4] {
            return Err(UNREACHABLE);
        }
        let socket = self.datagram(place);
        let most = socket.payload_send_capacity().min(1472);
        if bytes.len() > most {
            return Err(TOO_LONG);
        }
        let sent = socket.send_slice(bytes, remote(to));
        self.service();
        match sent {
            Ok(()) => Ok(bytes.len()),
            Err(udp::SendError::BufferFull) => Err(AGAIN),
            Err(udp::SendError::Unaddressable) => Err(Errno::EINVAL),
        }
    }

    pub(crate) fn receive_datagram(
        &mut self,
        place: usize,
        peer: Option<Address>,
        buffer: &mut [u8],
    ) -> Result<(usize, Address)> {
        let socket = self.datagram(place);
        while let Ok((bytes, from)) = socket.recv() {
            let from = local(from.endpoint);
            if peer.is_none_or(|peer| peer == from) {
                // What does not fit is lost, as everywhere.
                let len = bytes.len().min(buffer.len());
                buffer[..len].copy_from_slice(&bytes[..len]);
                return Ok((len, from));
            }
        }
        Err(AGAIN)
    }
}
