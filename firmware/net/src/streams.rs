//! TCP.
//!
//! The sockets of smoltcp are places here. One that listens becomes the connection itself, so a socket of a program
//! that listens has a place for each connection that may wait to be accepted. A place whose socket was closed is free
//! again when the other side knows.

use smoltcp::socket::tcp::{RecvError, State};
use smoltcp::time::Duration;
use upy_hal::machine::{Errno, Result};
use upy_hal::net::{Address, Ethernet, Ready};

use crate::stack::{NOBODY, STREAMS, Stack, Use, local, remote};
use crate::table::{Connection, Kind, Options};
use crate::{
    ADDRESS_IN_USE, AGAIN, ALREADY, CONNECTED, IN_PROGRESS, NOT_CONNECTED, REFUSED, RESET,
    TOO_MANY, UNREACHABLE,
};

/// How long the other side may be silent while something is wanted from it.
const SILENCE_US: u64 = 30_000_000;
/// How often a connection is probed that is to be kept alive.
const PROBE: Duration = Duration::from_secs(10);
/// Connections that may wait for one socket, whatever its program asks for: places are few.
const MOST_WAITING: u32 = 2;

impl<E: Ethernet> Stack<'_, E> {
    /// A place for a stream; one that nobody uses any more is taken back if need be.
    fn place(&mut self) -> Option<usize> {
        let free = |uses: &[Use; STREAMS]| uses.iter().position(|&use_| use_ == Use::Free);
        if let Some(place) = free(&self.uses) {
            return Some(place);
        }
        let waits_only = |state| matches!(state, State::TimeWait | State::FinWait2);
        let place = (0..STREAMS).find(|&place| {
            self.uses[place] == Use::Closing && waits_only(self.stream(place).state())
        })?;
        self.stream(place).abort();
        self.uses[place] = Use::Free;
        self.service();
        Some(place)
    }

    /// Looks after places that were closed, and fills those of sockets that listen.
    pub(crate) fn tidy(&mut self) {
        for place in 0..STREAMS {
            if self.uses[place] != Use::Closing {
                continue;
            }
            let socket = self.stream(place);
            // Nobody will read it, and the other side waits for room.
            while socket.can_recv() && socket.recv(|bytes| (bytes.len(), ())).is_ok() {}
            if socket.state() == State::Closed {
                self.uses[place] = Use::Free;
            }
        }
        for socket in 0..crate::table::MOST as u32 {
            if let Ok(open) = self.table.get(socket)
                && let Kind::Listening {
                    port,
                    wanted,
                    places,
                } = open.kind
            {
                self.fill(socket, port, wanted, places);
            }
        }
    }

    /// Makes sure that a socket has as many places that listen as it wants, while there are.
    fn fill(&mut self, socket: u32, port: u16, wanted: u8, mut places: u8) {
        for place in 0..STREAMS {
            // A connection that was given up before it was accepted.
            if places & 1 << place != 0 && self.stream(place).state() == State::Closed {
                let listens = self.stream(place).listen(port);
                debug_assert!(listens.is_ok(), "it is closed and has a port");
            }
        }
        while places.count_ones() < u32::from(wanted) {
            let free = self.uses.iter().position(|&use_| use_ == Use::Free);
            let Some(place) = free else {
                break;
            };
            if self.stream(place).listen(port).is_err() {
                break;
            }
            self.uses[place] = Use::Taken;
            places |= 1 << place;
        }
        self.table.set_kind(
            socket,
            Kind::Listening {
                port,
                wanted,
                places,
            },
        );
    }

    pub(crate) fn close_stream(&mut self, place: usize) {
        self.stream(place).close();
        self.uses[place] = Use::Closing;
    }

    pub(crate) fn close_listeners(&mut self, places: u8) {
        for place in (0..STREAMS).filter(|place| places & 1 << place != 0) {
            self.stream(place).abort();
            self.uses[place] = Use::Closing;
        }
    }

    pub(crate) fn bind_stream(&mut self, socket: u32, address: Address) -> Result<()> {
        self.own(address.host)?;
        let port = match address.port {
            0 => self.free_port(),
            port => port,
        };
        let used = self.table.kinds().any(|(other, kind)| {
            let theirs = match kind {
                Kind::Fresh { port } | Kind::Listening { port, .. } => port,
                _ => 0,
            };
            other != socket && theirs == port
        });
        if used {
            return Err(ADDRESS_IN_USE);
        }
        self.table.set_kind(socket, Kind::Fresh { port });
        Ok(())
    }

    pub(crate) fn listen_stream(&mut self, socket: u32, backlog: u32) -> Result<()> {
        let wanted = backlog.clamp(1, MOST_WAITING) as u8;
        match self.table.get(socket)?.kind {
            Kind::Fresh { port: 0 } => {
                self.bind_stream(socket, NOBODY)?;
                self.listen_stream(socket, backlog)
            }
            Kind::Fresh { port } => {
                let place = self.place().ok_or(TOO_MANY)?;
                self.stream(place).listen(port).map_err(|_| Errno::EINVAL)?;
                self.uses[place] = Use::Taken;
                self.fill(socket, port, wanted, 1 << place);
                Ok(())
            }
            Kind::Listening { .. } => Ok(()),
            Kind::Connection(_) | Kind::Datagram { .. } => Err(Errno::EINVAL),
        }
    }

    /// A place with a connection that waits to be accepted.
    fn waiting(&mut self, places: u8) -> Option<usize> {
        (0..STREAMS).find(|&place| {
            let is_there = |state| matches!(state, State::Established | State::CloseWait);
            places & 1 << place != 0 && is_there(self.stream(place).state())
        })
    }

    pub(crate) fn accept_stream(&mut self, socket: u32) -> Result<(u32, Address)> {
        let open = self.table.get(socket)?;
        let Kind::Listening {
            port,
            wanted,
            places,
        } = open.kind
        else {
            return Err(Errno::EINVAL);
        };
        let place = self.waiting(places).ok_or(AGAIN)?;
        let connection = Kind::Connection(Connection {
            place,
            established: true,
            heard_us: self.now_us(),
            failure: None,
        });
        let accepted = self.table.add(connection, open.options)?;
        self.set_options(place, open.options);
        let from = self.stream(place).remote_endpoint();
        self.fill(socket, port, wanted, places & !(1 << place));
        Ok((accepted, from.map_or(NOBODY, local)))
    }

    pub(crate) fn set_options(&mut self, place: usize, options: Options) {
        let socket = self.stream(place);
        socket.set_nagle_enabled(!options.no_delay);
        socket.set_keep_alive(options.keep_alive.then_some(PROBE));
        socket.set_timeout(Some(Duration::from_micros(SILENCE_US)));
        // The window is small: the other side waits for every word about it.
        socket.set_ack_delay(None);
    }

    pub(crate) fn connect_stream(&mut self, socket: u32, address: Address) -> Result<()> {
        let open = self.table.get(socket)?;
        match open.kind {
            Kind::Fresh { port } => {
                let port = match port {
                    0 => self.free_port(),
                    port => port,
                };
                if self.addresses.host == [0; 4] {
                    return Err(UNREACHABLE);
                }
                let place = self.place().ok_or(TOO_MANY)?;
                let handle = self.streams[place];
                let stream = self
                    .sockets
                    .get_mut::<smoltcp::socket::tcp::Socket<'_>>(handle);
                stream
                    .connect(self.interface.context(), remote(address), port)
                    .map_err(|_| Errno::EINVAL)?;
                self.uses[place] = Use::Taken;
                self.set_options(place, open.options);
                let connection = Kind::Connection(Connection {
                    place,
                    established: false,
                    heard_us: self.now_us(),
                    failure: None,
                });
                self.table.set_kind(socket, connection);
                self.service();
                Err(IN_PROGRESS)
            }
            Kind::Connection(connection) if connection.established => Err(CONNECTED),
            Kind::Connection(_) => {
                self.attend();
                let connection = self.refreshed(socket)?;
                match connection.failure {
                    Some(errno) => {
                        // Another attempt may be made with the same socket.
                        self.close_stream(connection.place);
                        self.table.set_kind(socket, Kind::Fresh { port: 0 });
                        Err(errno)
                    }
                    None if connection.established => Ok(()),
                    None => Err(ALREADY),
                }
            }
            Kind::Listening { .. } | Kind::Datagram { .. } => Err(Errno::EINVAL),
        }
    }

    /// How a connection is now.
    fn refreshed(&mut self, socket: u32) -> Result<Connection> {
        let Kind::Connection(mut connection) = self.table.get(socket)?.kind else {
            return Err(NOT_CONNECTED);
        };
        let now_us = self.now_us();
        let stream = self.stream(connection.place);
        match stream.state() {
            State::SynSent | State::SynReceived | State::Listen => {}
            State::Closed => {
                let was_silent = now_us.saturating_sub(connection.heard_us) >= SILENCE_US;
                let errno = match (was_silent, connection.established) {
                    (true, _) => Errno::ETIMEDOUT,
                    (false, false) => REFUSED,
                    (false, true) => RESET,
                };
                connection.failure.get_or_insert(errno);
            }
            _ => {
                connection.established = true;
                if stream.send_queue() == 0 || stream.can_recv() {
                    connection.heard_us = now_us;
                }
            }
        }
        self.table.set_kind(socket, Kind::Connection(connection));
        Ok(connection)
    }

    /// The place of a connection that was made.
    fn connected(&mut self, socket: u32) -> Result<Connection> {
        let connection = self.refreshed(socket)?;
        match connection.failure {
            Some(errno) if !connection.established => Err(errno),
            _ if !connection.established => Err(AGAIN),
            _ => Ok(connection),
        }
    }

    pub(crate) fn send_stream(&mut self, socket: u32, bytes: &[u8]) -> Result<usize> {
        self.attend();
        let connection = self.connected(socket)?;
        if let Some(errno) = connection.failure {
            return Err(errno);
        }
        let stream = self.stream(connection.place);
        let sent = stream.send_slice(bytes).map_err(|_| RESET)?;
        if sent == 0 && !bytes.is_empty() {
            return Err(AGAIN);
        }
        if let Ok(open) = self.table.get_mut(socket)
            && let Kind::Connection(open) = &mut open.kind
        {
            open.heard_us = open.heard_us.max(connection.heard_us);
        }
        self.service();
        Ok(sent)
    }

    pub(crate) fn receive_stream(
        &mut self,
        socket: u32,
        buffer: &mut [u8],
    ) -> Result<(usize, Address)> {
        let connection = self.connected(socket)?;
        let stream = self.stream(connection.place);
        let from = stream.remote_endpoint().map_or(NOBODY, local);
        match stream.recv_slice(buffer) {
            Ok(0) if !buffer.is_empty() => Err(AGAIN),
            Ok(len) => {
                // The other side is told that there is room again.
                self.service();
                Ok((len, from))
            }
            Err(RecvError::Finished) => Ok((0, from)),
            Err(RecvError::InvalidState) => Err(connection.failure.unwrap_or(RESET)),
        }
    }

    pub(crate) fn poll_stream(&mut self, socket: u32) -> Result<Ready> {
        match self.table.get(socket)?.kind {
            Kind::Listening { places, .. } => Ok(Ready {
                read: self.waiting(places).is_some(),
                ..Ready::default()
            }),
            Kind::Connection(_) => {
                let connection = self.refreshed(socket)?;
                let stream = self.stream(connection.place);
                let is_over = connection.established && !stream.may_recv();
                Ok(Ready {
                    read: stream.can_recv() || is_over || connection.failure.is_some(),
                    write: stream.can_send() || connection.failure.is_some(),
                    error: connection.failure.is_some(),
                    hang_up: connection.failure.is_some() || (is_over && !stream.may_send()),
                })
            }
            // As Linux says of one that does nothing.
            Kind::Fresh { .. } | Kind::Datagram { .. } => Ok(Ready {
                write: true,
                hang_up: true,
                ..Ready::default()
            }),
        }
    }
}
