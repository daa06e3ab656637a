//! The network of a host for the interpreter: sockets, names, a radio that "connects", TLS.

mod sockets;
#[cfg(not(any(target_os = "macos", windows)))]
mod tls;
mod wifi;

use upy_hal::net;

use sockets::Sockets;
use wifi::Radio;

/// All of it.
pub(crate) struct Net {
    sockets: Sockets,
    radio: Radio,
    #[cfg(not(any(target_os = "macos", windows)))]
    tls: tls::TlsConnections,
}

impl Net {
    /// Nothing is open.
    pub(crate) fn new() -> Self {
        Self {
            sockets: Sockets::default(),
            radio: Radio::new(),
            #[cfg(not(any(target_os = "macos", windows)))]
            tls: tls::TlsConnections::default(),
        }
    }

    /// Its sockets.
    pub(crate) fn network(&mut self) -> &mut dyn net::Network {
        &mut self.sockets
    }

    /// Its radio.
    pub(crate) fn wifi(&mut self) -> &mut dyn net::Wifi {
        &mut self.radio
    }

    /// Its TLS.
    #[cfg(not(any(target_os = "macos", windows)))]
    pub(crate) fn tls(&mut self) -> Option<&mut dyn net::Tls> {
        Some(&mut self.tls)
    }

    /// There is none.
    #[cfg(any(target_os = "macos", windows))]
    pub(crate) fn tls(&mut self) -> Option<&mut dyn net::Tls> {
        None
    }
}
