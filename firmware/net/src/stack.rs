//! The stack: an interface, a fixed number of sockets, and what has to be done for them from time to time.

use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet, SocketStorage};
use smoltcp::socket::{dhcpv4, dns, tcp, udp};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{EthernetAddress, HardwareAddress, IpAddress, Ipv4Address};
use upy_hal::machine::Result;
use upy_hal::net::{
    Address, Addresses, Ethernet, FRAME_BYTES, Network, Ready, SocketKind, SocketOption,
};
use upy_hal::soft::Ticks;

use crate::device::Device;
use crate::names::Query;
use crate::table::{Kind, Options, Table};
use crate::{NOT_CONNECTED, TOO_MANY};

/// Streams there can be at a time; one that was closed counts until the other side knows.
pub const STREAMS: usize = 6;
/// Sockets for datagrams there can be at a time.
pub const DATAGRAMS: usize = 3;
/// What has come for a stream and was not read yet, in bytes: two full segments.
const RECEIVED_BYTES: usize = 2920;
/// What a stream has to send and was not acknowledged, in bytes.
const SENT_BYTES: usize = 2048;
/// Datagrams that wait, in bytes and in number.
const DATAGRAM_BYTES: usize = 3072;
const WAITING: usize = 8;
/// Frames that are looked at in one go, so that a flood does not stop the program.
const FRAMES_AT_ONCE: usize = 16;
/// How often timers are looked at while no frame comes, in microseconds.
const LOOK_US: u64 = 5000;
/// The first of the ports that are given to sockets without one.
const FIRST_PORT: u16 = 49_152;
/// How long a DHCP server has to offer something.
const OFFER_TIME: Duration = Duration::from_secs(2);

type Streams = [([u8; RECEIVED_BYTES], [u8; SENT_BYTES]); STREAMS];
type Packets = [udp::PacketMetadata; WAITING];

/// All bytes that wait in a stack: zeros at the beginning, so they take no room in a flash.
pub struct Memory {
    frames: [[u8; FRAME_BYTES]; 2],
    streams: Streams,
    datagrams: [[[u8; DATAGRAM_BYTES]; 2]; DATAGRAMS],
}

impl Memory {
    /// Empty buffers.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            frames: [[0; FRAME_BYTES]; 2],
            streams: [([0; RECEIVED_BYTES], [0; SENT_BYTES]); STREAMS],
            datagrams: [[[0; DATAGRAM_BYTES]; 2]; DATAGRAMS],
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

/// The sockets of a stack, without what waits in them.
pub struct Places<'a> {
    sockets: [SocketStorage<'a>; STREAMS + DATAGRAMS + 2],
    packets: [[Packets; 2]; DATAGRAMS],
    queries: [Option<dns::DnsQuery>; 1],
}

impl Places<'_> {
    /// No sockets yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            sockets: [SocketStorage::EMPTY; STREAMS + DATAGRAMS + 2],
            packets: [[[udp::PacketMetadata::EMPTY; WAITING]; 2]; DATAGRAMS],
            queries: [const { None }; 1],
        }
    }
}

impl Default for Places<'_> {
    fn default() -> Self {
        Self::new()
    }
}

/// Who has a place for a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// Nobody.
    Free,
    /// A socket of the program.
    Taken,
    /// Nobody any more, but the other side does not know yet.
    Closing,
}

/// Sockets and an interface over what carries frames.
pub struct Stack<'a, E: Ethernet> {
    pub(crate) device: Device<'a, E>,
    pub(crate) interface: Interface,
    pub(crate) sockets: SocketSet<'a>,
    pub(crate) streams: [SocketHandle; STREAMS],
    pub(crate) uses: [Use; STREAMS],
    pub(crate) datagrams: [SocketHandle; DATAGRAMS],
    pub(crate) names: SocketHandle,
    /// There while addresses are asked for.
    pub(crate) dhcp: Option<SocketHandle>,
    pub(crate) table: Table,
    pub(crate) query: Option<Query>,
    pub(crate) addresses: Addresses,
    pub(crate) active: bool,
    next_port: u16,
    ticks_us: Ticks,
    due_us: u64,
}

impl<'a, E: Ethernet> Stack<'a, E> {
    /// A stack that is switched off. `seed` is to be another one after each start.
    pub fn new(
        hardware: E,
        memory: &'a mut Memory,
        places: &'a mut Places<'a>,
        ticks_us: Ticks,
        seed: u64,
    ) -> Self {
        let address = HardwareAddress::Ethernet(EthernetAddress(hardware.mac()));
        let mut device = Device::new(hardware, &mut memory.frames);
        let mut config = Config::new(address);
        config.random_seed = seed;
        let interface = Interface::new(config, &mut device, Instant::ZERO);
        let mut sockets = SocketSet::new(&mut places.sockets[..]);
        let streams = memory.streams.each_mut().map(|(received, sent)| {
            let received = tcp::SocketBuffer::new(&mut received[..]);
            sockets.add(tcp::Socket::new(
                received,
                tcp::SocketBuffer::new(&mut sent[..]),
            ))
        });
        let mut packets = places.packets.iter_mut();
        let datagrams = memory.datagrams.each_mut().map(|[received, sent]| {
            let lists = packets.next().map_or_else(Default::default, |lists| {
                lists.each_mut().map(|list| &mut list[..])
            });
            let [received_list, sent_list]: [&'a mut [udp::PacketMetadata]; 2] = lists;
            let received = udp::PacketBuffer::new(received_list, &mut received[..]);
            sockets.add(udp::Socket::new(
                received,
                udp::PacketBuffer::new(sent_list, &mut sent[..]),
            ))
        });
        let names = sockets.add(dns::Socket::new(&[], &mut places.queries[..]));
        Self {
            device,
            interface,
            sockets,
            streams,
            uses: [Use::Free; STREAMS],
            datagrams,
            names,
            dhcp: None,
            table: Table::new(),
            query: None,
            addresses: Addresses::default(),
            active: false,
            next_port: FIRST_PORT | (seed as u16 & 0x3fff),
            ticks_us,
            due_us: 0,
        }
    }

    /// Does what has to be done beside the program: quick when there is nothing.
    pub fn attend(&mut self) {
        if !self.active {
            return;
        }
        if self.device.hardware.is_waiting() || (self.ticks_us)() >= self.due_us {
            self.service();
        }
    }

    /// Closes all sockets, as at a soft reset; the interface stays as it is.
    pub fn restart(&mut self) {
        for socket in 0..crate::table::MOST as u32 {
            self.close(socket);
        }
        self.service();
    }

    pub(crate) fn now_us(&self) -> u64 {
        (self.ticks_us)()
    }

    pub(crate) fn stream(&mut self, place: usize) -> &mut tcp::Socket<'a> {
        self.sockets.get_mut(self.streams[place])
    }

    pub(crate) fn datagram(&mut self, place: usize) -> &mut udp::Socket<'a> {
        self.sockets.get_mut(self.datagrams[place])
    }

    /// Takes in what has come, sends what is to go.
    pub(crate) fn service(&mut self) {
        let now_us = self.now_us();
        self.due_us = now_us.saturating_add(LOOK_US);
        if !self.active {
            return;
        }
        let now = Instant::from_micros(i64::try_from(now_us).unwrap_or(i64::MAX));
        for _ in 0..FRAMES_AT_ONCE {
            let Self {
                interface, device, ..
            } = self;
            let seen = interface.poll_ingress_single(now, device, &mut self.sockets);
            if seen == smoltcp::iface::PollIngressSingleResult::None {
                break;
            }
        }
        self.interface
            .poll_egress(now, &mut self.device, &mut self.sockets);
        self.take_lease();
        self.tidy();
    }

    /// Begins to ask for addresses.
    pub(crate) fn ask(&mut self) {
        if self.dhcp.is_none() {
            let mut socket = dhcpv4::Socket::new();
            let mut retries = dhcpv4::RetryConfig::default();
            retries.discover_timeout = OFFER_TIME;
            socket.set_retry_config(retries);
            self.dhcp = Some(self.sockets.add(socket));
        }
    }

    /// Takes what a DHCP server has given, or has taken back.
    fn take_lease(&mut self) {
        let Some(handle) = self.dhcp else {
            return;
        };
        let first = |address: Option<&Ipv4Address>| address.map_or([0; 4], Ipv4Address::octets);
        let addresses = match self.sockets.get_mut::<dhcpv4::Socket<'_>>(handle).poll() {
            None => return,
            Some(dhcpv4::Event::Deconfigured) => Addresses::default(),
            Some(dhcpv4::Event::Configured(config)) => Addresses {
                host: config.address.address().octets(),
                mask: config.address.netmask().octets(),
                gateway: first(config.router.as_ref()),
                dns: first(config.dns_servers.first()),
            },
        };
        // A server's mask was checked when it was parsed.
        if self.configure(addresses).is_err() {
            let _ = self.configure(Addresses::default());
        }
    }

    /// A port that no socket has.
    pub(crate) fn free_port(&mut self) -> u16 {
        loop {
            let port = self.next_port;
            self.next_port = port.checked_add(1).unwrap_or(FIRST_PORT);
            if !self.is_port_used(port) {
                return port;
            }
        }
    }

    fn is_port_used(&mut self, port: u16) -> bool {
        let streams = self.streams.iter().any(|&handle| {
            let socket = self.sockets.get::<tcp::Socket<'_>>(handle);
            socket.local_endpoint().is_some_and(|end| end.port == port)
        });
        let datagrams = self.datagrams.iter().any(|&handle| {
            let socket = self.sockets.get::<udp::Socket<'_>>(handle);
            socket.endpoint().port == port
        });
        streams || datagrams
    }
}

/// An address as smoltcp has it.
pub(crate) fn remote(address: Address) -> (IpAddress, u16) {
    let [a, b, c, d] = address.host;
    (IpAddress::v4(a, b, c, d), address.port)
}

/// An address as the firmware has it.
pub(crate) fn local(end: smoltcp::wire::IpEndpoint) -> Address {
    let IpAddress::Ipv4(host) = end.addr;
    Address {
        host: host.octets(),
        port: end.port,
    }
}

/// Nobody's address.
pub(crate) const NOBODY: Address = Address {
    host: [0; 4],
    port: 0,
};

impl<E: Ethernet> Network for Stack<'_, E> {
    fn open(&mut self, kind: SocketKind) -> Result<u32> {
        let kind = match kind {
            SocketKind::Stream => Kind::Fresh { port: 0 },
            SocketKind::Datagram => Kind::Datagram {
                place: self.free_datagram().ok_or(TOO_MANY)?,
                peer: None,
            },
        };
        self.table.add(kind, Options::default())
    }

    fn close(&mut self, socket: u32) {
        match self.table.take(socket).map(|open| open.kind) {
            Some(Kind::Connection(connection)) => self.close_stream(connection.place),
            Some(Kind::Listening { places, .. }) => self.close_listeners(places),
            Some(Kind::Datagram { place, .. }) => {
                // What was sent is to leave first.
                self.service();
                self.datagram(place).close();
            }
            Some(Kind::Fresh { .. }) | None => return,
        }
        self.service();
    }

    fn bind(&mut self, socket: u32, address: Address) -> Result<()> {
        match self.table.get(socket)?.kind {
            Kind::Fresh { .. } => self.bind_stream(socket, address),
            Kind::Datagram { place, .. } => self.bind_datagram(place, address),
            _ => Err(upy_hal::machine::Errno::EINVAL),
        }
    }

    fn listen(&mut self, socket: u32, backlog: u32) -> Result<()> {
        self.listen_stream(socket, backlog)
    }

    fn accept(&mut self, socket: u32) -> Result<(u32, Address)> {
        self.service();
        self.accept_stream(socket)
    }

    fn connect(&mut self, socket: u32, address: Address) -> Result<()> {
        match self.table.get(socket)?.kind {
            Kind::Datagram { place, .. } => {
                let peer = Some(address);
                self.table.set_kind(socket, Kind::Datagram { place, peer });
                Ok(())
            }
            _ => self.connect_stream(socket, address),
        }
    }

    fn send(&mut self, socket: u32, bytes: &[u8], to: Option<Address>) -> Result<usize> {
        match self.table.get(socket)?.kind {
            Kind::Datagram { place, peer } => {
                let to = to.or(peer).ok_or(NOT_CONNECTED)?;
                self.send_datagram(place, bytes, to)
            }
            _ => self.send_stream(socket, bytes),
        }
    }

    fn receive(&mut self, socket: u32, buffer: &mut [u8]) -> Result<(usize, Address)> {
        self.attend();
        match self.table.get(socket)?.kind {
            Kind::Datagram { place, peer } => self.receive_datagram(place, peer, buffer),
            _ => self.receive_stream(socket, buffer),
        }
    }

    fn poll(&mut self, socket: u32) -> Result<Ready> {
        self.attend();
        match self.table.get(socket)?.kind {
            Kind::Datagram { place, .. } => {
                let socket = self.datagram(place);
                Ok(Ready {
                    read: socket.can_recv(),
                    write: socket.can_send(),
                    ..Ready::default()
                })
            }
            _ => self.poll_stream(socket),
        }
    }

    fn set_option(&mut self, socket: u32, option: SocketOption) -> Result<()> {
        let open = self.table.get_mut(socket)?;
        match option {
            // Both are so here, whatever was asked for.
            SocketOption::ReuseAddress(_) | SocketOption::Broadcast(_) => return Ok(()),
            SocketOption::NoDelay(set) => open.options.no_delay = set,
            SocketOption::KeepAlive(set) => open.options.keep_alive = set,
        }
        let open = *open;
        if let Kind::Connection(connection) = open.kind {
            self.set_options(connection.place, open.options);
        }
        Ok(())
    }

    fn resolve(&mut self, name: &[u8]) -> Result<[u8; 4]> {
        self.attend();
        self.look_up(name)
    }
}
