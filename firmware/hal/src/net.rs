//! The network: sockets that never wait, looking up names, wireless and wired links, and TLS.
//!
//! Whoever wants to wait polls and looks again. A socket is a number; 0 is one too.

use crate::machine::{Errno, Result};

/// An IPv4 address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The address, most significant byte first.
    pub host: [u8; 4],
    /// The port.
    pub port: u16,
}

/// What a socket carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketKind {
    /// A stream: TCP.
    Stream,
    /// Datagrams: UDP.
    Datagram,
}

/// What a socket is ready for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ready {
    /// Something can be read or accepted, or the end was reached.
    pub read: bool,
    /// Something can be written, or the connection is there.
    pub write: bool,
    /// The connection has failed.
    pub error: bool,
    /// The other side has closed.
    pub hang_up: bool,
}

/// Options of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketOption {
    /// The address may be bound again at once.
    ReuseAddress(bool),
    /// Datagrams may go to all.
    Broadcast(bool),
    /// Small packets are sent at once.
    NoDelay(bool),
    /// The connection is probed while nothing is sent.
    KeepAlive(bool),
}

/// Sockets and names. EAGAIN (11) where another system would wait.
pub trait Network {
    /// Makes a socket.
    ///
    /// # Errors
    /// ENOMEM (12) or EMFILE (24) if there are too many.
    fn open(&mut self, kind: SocketKind) -> Result<u32>;

    /// Closes a socket; one that is not open is passed over.
    fn close(&mut self, socket: u32);

    /// Gives a socket its own address.
    ///
    /// # Errors
    /// EADDRINUSE (98).
    fn bind(&mut self, socket: u32, address: Address) -> Result<()>;

    /// Lets others connect.
    ///
    /// # Errors
    /// EINVAL for a socket that can't.
    fn listen(&mut self, socket: u32, backlog: u32) -> Result<()>;

    /// Takes a connection that waits.
    ///
    /// # Errors
    /// EAGAIN if none waits.
    fn accept(&mut self, socket: u32) -> Result<(u32, Address)>;

    /// Begins to connect, or says how far that is.
    ///
    /// # Errors
    /// EINPROGRESS (115) while it lasts, EALREADY (114), ECONNREFUSED (111), EHOSTUNREACH (113), ETIMEDOUT (110).
    fn connect(&mut self, socket: u32, address: Address) -> Result<()>;

    /// Sends bytes and returns how many; datagrams to an address, if one is given.
    ///
    /// # Errors
    /// EAGAIN, ENOTCONN (107), ECONNRESET (104).
    fn send(&mut self, socket: u32, bytes: &[u8], to: Option<Address>) -> Result<usize>;

    /// Takes what has come, 0 bytes at the end, and who sent it.
    ///
    /// # Errors
    /// EAGAIN, ENOTCONN (107), ECONNRESET (104).
    fn receive(&mut self, socket: u32, buffer: &mut [u8]) -> Result<(usize, Address)>;

    /// What a socket is ready for.
    ///
    /// # Errors
    /// EBADF (9) if it is not open.
    fn poll(&mut self, socket: u32) -> Result<Ready>;

    /// Sets an option.
    ///
    /// # Errors
    /// EINVAL for one it does not have.
    fn set_option(&mut self, socket: u32, option: SocketOption) -> Result<()>;

    /// Begins to look up a name, or says what was found.
    ///
    /// # Errors
    /// EAGAIN while it lasts, ENOENT (2) if there is no such name.
    fn resolve(&mut self, name: &[u8]) -> Result<[u8; 4]>;
}

/// The state of a wireless link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkStatus {
    /// It does nothing.
    Idle,
    /// It is connecting.
    Connecting,
    /// The key was refused.
    WrongPassword,
    /// No access point has the name.
    NoAccessPoint,
    /// It has failed in another way.
    Failed,
    /// It is connected and has an address.
    Up,
}

/// The addresses of an interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// Its own.
    pub host: [u8; 4],
    /// Which part of it names the network.
    pub mask: [u8; 4],
    /// Who knows the way elsewhere.
    pub gateway: [u8; 4],
    /// Who looks up names.
    pub dns: [u8; 4],
}

/// A network that was seen.
#[derive(Clone, Copy, Debug)]
pub struct AccessPoint {
    /// Its name.
    pub ssid: [u8; 32],
    /// How long that is.
    pub ssid_len: u8,
    /// Its hardware address.
    pub bssid: [u8; 6],
    /// Its channel.
    pub channel: u8,
    /// How strong it is, in dBm.
    pub rssi: i8,
    /// 0 open, 3 WPA2, 4 WPA or WPA2.
    pub security: u8,
}

/// How an access point of our own is to be; what is `None` stays as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccessPointSettings<'s> {
    /// Its name.
    pub ssid: Option<&'s [u8]>,
    /// Its key; empty for none.
    pub key: Option<&'s [u8]>,
    /// Its channel.
    pub channel: Option<u8>,
    /// Whether it keeps its name to itself.
    pub hidden: Option<bool>,
}

/// A wireless interface: as a station, or as an access point of its own.
pub trait Wifi {
    /// Switches an interface (station 0, access point 1) on or off.
    ///
    /// # Errors
    /// EIO if the radio fails.
    fn activate(&mut self, interface: u8, active: bool) -> Result<()>;

    /// Whether it is on.
    fn is_active(&self, interface: u8) -> bool;

    /// Begins to connect to a network.
    ///
    /// # Errors
    /// EINVAL for a name or key that can't be.
    fn connect(&mut self, ssid: &[u8], key: &[u8]) -> Result<()>;

    /// Lets the network go.
    fn disconnect(&mut self);

    /// How the link is.
    fn status(&mut self, interface: u8) -> LinkStatus;

    /// The addresses of an interface.
    fn addresses(&self, interface: u8) -> Addresses;

    /// Sets the addresses of an interface.
    ///
    /// # Errors
    /// EOPNOTSUPP where they can't be set.
    fn set_addresses(&mut self, interface: u8, addresses: Addresses) -> Result<()> {
        let _ = (interface, addresses);
        Err(Errno::EOPNOTSUPP)
    }

    /// The network that an interface is in or, as an access point, makes; `None` where there is none.
    fn network(&self, interface: u8) -> Option<AccessPoint> {
        let _ = interface;
        None
    }

    /// Says how the access point is to be.
    ///
    /// # Errors
    /// EINVAL for what can't be; EOPNOTSUPP where there is no choice.
    fn set_access_point(&mut self, settings: &AccessPointSettings<'_>) -> Result<()> {
        let _ = settings;
        Err(Errno::EOPNOTSUPP)
    }

    /// Looks for networks; calls `found` for each.
    ///
    /// # Errors
    /// EIO if the radio fails.
    fn scan(&mut self, found: &mut dyn FnMut(AccessPoint)) -> Result<()>;

    /// The hardware address of an interface.
    fn mac(&self, interface: u8) -> [u8; 6];

    /// How strong the network is, in dBm.
    fn rssi(&mut self) -> i8;
}

/// A wired interface.
pub trait Wired {
    /// Switches it on or off; switched on, it asks for addresses unless it was given some.
    ///
    /// # Errors
    /// EIO if the hardware fails.
    fn activate(&mut self, active: bool) -> Result<()>;

    /// Whether it is on.
    fn is_active(&self) -> bool;

    /// How the link is; [`LinkStatus::Up`] when it has an address.
    fn status(&mut self) -> LinkStatus;

    /// Its addresses, zeros where it has none.
    fn addresses(&self) -> Addresses;

    /// Sets its addresses; `None` asks for them (DHCP).
    ///
    /// # Errors
    /// EINVAL for a mask that is none.
    fn set_addresses(&mut self, addresses: Option<Addresses>) -> Result<()>;

    /// Whether its addresses are asked for.
    fn is_dynamic(&self) -> bool;

    /// Its hardware address.
    fn mac(&self) -> [u8; 6];
}

/// The most bytes of an Ethernet frame: 14 of its header and 1500 of its content.
pub const FRAME_BYTES: usize = 1514;

/// Hardware that carries Ethernet frames, without their checksums.
pub trait Ethernet {
    /// Its hardware address.
    fn mac(&self) -> [u8; 6];

    /// Switches receiver and transmitter on or off.
    ///
    /// # Errors
    /// EIO if the hardware does not answer.
    fn activate(&mut self, active: bool) -> Result<()>;

    /// Whether somebody is at the other end.
    fn is_linked(&mut self) -> bool;

    /// Whether a frame has come. Asked often, so it is quick.
    fn is_waiting(&mut self) -> bool;

    /// Takes a frame that has come and returns its length; one that was damaged or does not fit is dropped.
    fn receive(&mut self, frame: &mut [u8; FRAME_BYTES]) -> Option<usize>;

    /// Whether there is room for a frame that is to be sent.
    fn has_room(&mut self) -> bool;

    /// Sends a frame; it is dropped where there is no room.
    fn send(&mut self, frame: &[u8]);
}

/// What a TLS connection is to do.
#[derive(Clone, Copy, Debug)]
pub struct TlsConfig<'c> {
    /// It waits for the other side to begin.
    pub server: bool,
    /// The certificate of the other side must be valid.
    pub verify: bool,
    /// Whom the other side's certificate must be for.
    pub server_name: Option<&'c [u8]>,
    /// Our certificates, PEM or DER.
    pub certificate: Option<&'c [u8]>,
    /// Their key, PEM or DER.
    pub key: Option<&'c [u8]>,
    /// Who may sign certificates of the other side, PEM or DER.
    pub authorities: Option<&'c [u8]>,
}

/// Why a TLS connection can't be, or can't go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsError {
    /// The certificate could not be read.
    BadCertificate,
    /// The key could not be read, or does not belong to the certificate.
    BadKey,
    /// The authorities could not be read.
    BadAuthorities,
    /// The other side's certificate is not valid.
    Untrusted,
    /// The other side has refused, with this alert.
    Alert(u8),
    /// What came is no TLS, or was changed on the way.
    Protocol,
    /// A server name is needed, or is none.
    BadName,
    /// There are too many connections.
    NoMemory,
    /// It can begin connections only.
    NoServer,
}

/// TLS connections without a socket: what is to be sent and what has come is passed through by whoever has one.
pub trait Tls {
    /// Makes a connection.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    fn open(&mut self, config: &TlsConfig<'_>) -> core::result::Result<u32, TlsError>;

    /// Forgets a connection.
    fn close(&mut self, connection: u32);

    /// Takes bytes that have come from the other side, and returns how many.
    ///
    /// # Errors
    /// What is wrong with them.
    fn feed(&mut self, connection: u32, bytes: &[u8]) -> core::result::Result<usize, TlsError>;

    /// Gives bytes that are to be sent to the other side, 0 when there are none.
    fn drain(&mut self, connection: u32, buffer: &mut [u8]) -> usize;

    /// Takes text to be encrypted, and returns how much.
    ///
    /// # Errors
    /// If the connection has failed.
    fn write(&mut self, connection: u32, text: &[u8]) -> core::result::Result<usize, TlsError>;

    /// Gives text that was decrypted; `None` when there is none now, 0 at the end.
    fn read(&mut self, connection: u32, buffer: &mut [u8]) -> Option<usize>;

    /// Whether the two sides still agree on keys.
    fn is_handshaking(&self, connection: u32) -> bool;

    /// Whether [`Tls::read`] would give something.
    fn is_readable(&self, connection: u32) -> bool;

    /// Says that no more text will come.
    fn end(&mut self, connection: u32);

    /// The certificate of the other side, DER.
    fn peer_certificate(&self, connection: u32, buffer: &mut [u8]) -> Option<usize>;

    /// The name of the cipher, such as `TLS_AES_128_GCM_SHA256`, and of the protocol, such as `TLSv1.3`.
    fn cipher(&self, connection: u32) -> Option<(&'static str, &'static str)>;
}
