//! The sockets that a program has, by their numbers, and what each of them is made of.

use upy_hal::machine::{Errno, Result};
use upy_hal::net::Address;

use crate::stack::{DATAGRAMS, STREAMS};
use crate::{NOT_OPEN, TOO_MANY};

/// A socket of a program takes at least one of these; one that listens or is fresh may have none.
pub(crate) const MOST: usize = STREAMS + DATAGRAMS + 3;

/// What a socket of a program is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// A stream that does nothing yet; its own port, 0 when it has none.
    Fresh { port: u16 },
    /// Others may connect: places whose connections were not taken yet, one bit each.
    Listening { port: u16, wanted: u8, places: u8 },
    /// A connection at a place.
    Connection(Connection),
    /// Datagrams at a place; whom they go to when nobody is named.
    Datagram { place: usize, peer: Option<Address> },
}

/// A connection, or the attempt of one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Connection {
    /// Where it is.
    pub(crate) place: usize,
    /// The two sides know each other.
    pub(crate) established: bool,
    /// When the other side was last seen to have taken or sent something, in microseconds.
    pub(crate) heard_us: u64,
    /// What has gone wrong.
    pub(crate) failure: Option<Errno>,
}

/// Options that are kept for the connection to come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    pub(crate) no_delay: bool,
    pub(crate) keep_alive: bool,
}

/// A socket of a program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open {
    pub(crate) kind: Kind,
    pub(crate) options: Options,
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Table([Option<Open>; MOST]);

impl Table {
    pub(crate) const fn new() -> Self {
        Self([None; MOST])
    }

    pub(crate) fn add(&mut self, kind: Kind, options: Options) -> Result<u32> {
        let free = self.0.iter().position(Option::is_none).ok_or(TOO_MANY)?;
        self.0[free] = Some(Open { kind, options });
        Ok(free as u32)
    }

    pub(crate) fn get(&self, socket: u32) -> Result<Open> {
        let open = self.0.get(socket as usize).copied().flatten();
        open.ok_or(NOT_OPEN)
    }

    pub(crate) fn get_mut(&mut self, socket: u32) -> Result<&mut Open> {
        let open = self.0.get_mut(socket as usize).and_then(Option::as_mut);
        open.ok_or(NOT_OPEN)
    }

    pub(crate) fn set_kind(&mut self, socket: u32, kind: Kind) {
        if let Ok(open) = self.get_mut(socket) {
            open.kind = kind;
        }
    }

    pub(crate) fn take(&mut self, socket: u32) -> Option<Open> {
        self.0.get_mut(socket as usize)?.take()
    }

    pub(crate) fn kinds(&self) -> impl Iterator<Item = (u32, Kind)> {
        let numbered = self.0.iter().enumerate();
        numbered.filter_map(|(number, open)| Some((number as u32, open.as_ref()?.kind)))
    }
}
