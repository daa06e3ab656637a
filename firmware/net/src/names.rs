//! Looking up names.

use smoltcp::socket::dns::{self, GetQueryResultError, QueryHandle};
use smoltcp::wire::{DnsQueryType, IpAddress};
use upy_hal::machine::Result;
use upy_hal::net::Ethernet;

use crate::stack::Stack;
use crate::{AGAIN, NO_SUCH_NAME};

/// A question that was asked.
pub(crate) struct Query {
    handle: QueryHandle,
    name: [u8; 255],
    len: usize,
}

impl<E: Ethernet> Stack<'_, E> {
    /// Asks, or says what was answered. A question is given up when another is asked.
    pub(crate) fn look_up(&mut self, name: &[u8]) -> Result<[u8; 4]> {
        let asked = match self.query.take() {
            Some(query) if &query.name[..query.len] == name => query,
            other => {
                if let Some(other) = other {
                    let socket: &mut dns::Socket<'_> = self.sockets.get_mut(self.names);
                    socket.cancel_query(other.handle);
                }
                self.ask_for(name)?
            }
        };
        let socket: &mut dns::Socket<'_> = self.sockets.get_mut(self.names);
        match socket.get_query_result(asked.handle) {
            Err(GetQueryResultError::Pending) => {
                self.query = Some(asked);
                Err(AGAIN)
            }
            Err(GetQueryResultError::Failed) => Err(NO_SUCH_NAME),
            Ok(found) => match found.first() {
                Some(IpAddress::Ipv4(host)) => Ok(host.octets()),
                None => Err(NO_SUCH_NAME),
            },
        }
    }

    fn ask_for(&mut self, name: &[u8]) -> Result<Query> {
        let text = core::str::from_utf8(name).map_err(|_| NO_SUCH_NAME)?;
        let mut copy = [0; 255];
        let room = copy.get_mut(..name.len()).ok_or(NO_SUCH_NAME)?;
        room.copy_from_slice(name);
        if self.addresses.dns == [0; 4] {
            return Err(NO_SUCH_NAME);
        }
        let socket: &mut dns::Socket<'_> = self.sockets.get_mut(self.names);
        let context = self.interface.context();
        let handle = socket
            .start_query(context, text, DnsQueryType::A)
            .map_err(|_| NO_SUCH_NAME)?;
        self.service();
        Ok(Query {
            handle,
            name: copy,
            len: name.len(),
        })
    }
}
