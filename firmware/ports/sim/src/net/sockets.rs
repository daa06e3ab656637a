//! Sockets of the host that never wait.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, ToSocketAddrs, UdpSocket};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

use socket2::{Domain, SockAddr, SockRef, Socket, Type};
use upy_hal::machine::{Errno, Result};
use upy_hal::net::{Address, Network, Ready, SocketKind, SocketOption};

/// Sockets a program can have.
const MOST: usize = 256;
const EBADF: Errno = Errno(9);
const EAGAIN: Errno = Errno(11);
const EISCONN: Errno = Errno(106);
const EINPROGRESS: Errno = Errno(115);

/// One socket.
struct Open {
    socket: Socket,
    /// The same one, if it carries datagrams: it tells who has sent them.
    datagrams: Option<UdpSocket>,
    kind: SocketKind,
    listens: bool,
    /// A connection was begun and its end not told yet.
    connecting: bool,
    connected: bool,
}

/// The sockets of a program, and the names being looked up.
#[derive(Default)]
pub(crate) struct Sockets {
    open: Vec<Option<Open>>,
    names: HashMap<Vec<u8>, Receiver<Option<Ipv4Addr>>>,
}

fn errno(error: &io::Error) -> Errno {
    match error.kind() {
        ErrorKind::WouldBlock => EAGAIN,
        ErrorKind::ConnectionRefused => Errno(111),
        ErrorKind::ConnectionReset => Errno(104),
        ErrorKind::ConnectionAborted => Errno(103),
        ErrorKind::NotConnected => Errno(107),
        ErrorKind::AddrInUse => Errno(98),
        ErrorKind::AddrNotAvailable => Errno(99),
        ErrorKind::BrokenPipe => Errno(32),
        ErrorKind::TimedOut => Errno::ETIMEDOUT,
        ErrorKind::HostUnreachable => Errno(113),
        ErrorKind::NetworkUnreachable => Errno(101),
        ErrorKind::PermissionDenied => Errno(13),
        // Linux numbers them as Python does; elsewhere the number would mislead.
        _ if cfg!(target_os = "linux") => Errno(error.raw_os_error().unwrap_or(5)),
        _ => Errno::EIO,
    }
}

fn to_host(address: Address) -> SockAddr {
    let [a, b, c, d] = address.host;
    SockAddr::from(SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), address.port))
}

const NOBODY: Address = Address {
    host: [0; 4],
    port: 0,
};

fn of_host(address: SocketAddr) -> Address {
    match address {
        SocketAddr::V4(address) => Address {
            host: address.ip().octets(),
            port: address.port(),
        },
        SocketAddr::V6(_) => NOBODY,
    }
}

impl Sockets {
    fn get(&mut self, socket: u32) -> Result<&mut Open> {
        let open = self.open.get_mut(socket as usize);
        open.and_then(Option::as_mut).ok_or(EBADF)
    }

    fn add(&mut self, open: Open) -> Result<u32> {
        let free = self.open.iter().position(Option::is_none);
        let place = free.unwrap_or(self.open.len());
        if place >= MOST {
            return Err(Errno(24));
        }
        if place == self.open.len() {
            self.open.push(None);
        }
        self.open[place] = Some(open);
        Ok(place as u32)
    }
}

impl Network for Sockets {
    fn open(&mut self, kind: SocketKind) -> Result<u32> {
        let of = match kind {
            SocketKind::Stream => Type::STREAM,
            SocketKind::Datagram => Type::DGRAM,
        };
        let socket = Socket::new(Domain::IPV4, of, None).map_err(|error| errno(&error))?;
        socket
            .set_nonblocking(true)
            .map_err(|error| errno(&error))?;
        let datagrams = match kind {
            SocketKind::Stream => None,
            SocketKind::Datagram => {
                let same = socket.try_clone().map_err(|error| errno(&error))?;
                Some(UdpSocket::from(same))
            }
        };
        self.add(Open {
            socket,
            datagrams,
            kind,
            listens: false,
            connecting: false,
            connected: false,
        })
    }

    fn close(&mut self, socket: u32) {
        if let Some(slot) = self.open.get_mut(socket as usize) {
            *slot = None;
        }
    }

    fn bind(&mut self, socket: u32, address: Address) -> Result<()> {
        let open = self.get(socket)?;
        let bound = open.socket.bind(&to_host(address));
        bound.map_err(|error| errno(&error))
    }

    fn listen(&mut self, socket: u32, backlog: u32) -> Result<()> {
        let open = self.get(socket)?;
        let backlog = i32::try_from(backlog).unwrap_or(128).min(128);
        open.socket.listen(backlog).map_err(|error| errno(&error))?;
        open.listens = true;
        Ok(())
    }

    fn accept(&mut self, socket: u32) -> Result<(u32, Address)> {
        let open = self.get(socket)?;
        let (connection, address) = open.socket.accept().map_err(|error| errno(&error))?;
        connection
            .set_nonblocking(true)
            .map_err(|error| errno(&error))?;
        let connection = self.add(Open {
            socket: connection,
            datagrams: None,
            kind: SocketKind::Stream,
            listens: false,
            connecting: false,
            connected: true,
        })?;
        Ok((connection, address.as_socket().map_or(NOBODY, of_host)))
    }

    fn connect(&mut self, socket: u32, address: Address) -> Result<()> {
        let open = self.get(socket)?;
        if open.connecting {
            if let Some(error) = open.socket.take_error().map_err(|error| errno(&error))? {
                open.connecting = false;
                return Err(errno(&error));
            }
            return match open.socket.peer_addr() {
                Ok(_) => {
                    open.connecting = false;
                    open.connected = true;
                    Ok(())
                }
                Err(_) => Err(Errno(114)),
            };
        }
        if open.connected && open.kind == SocketKind::Stream {
            return Err(EISCONN);
        }
        match open.socket.connect(&to_host(address)) {
            Ok(()) => {
                open.connected = true;
                Ok(())
            }
            Err(error)
                if error.kind() == ErrorKind::WouldBlock || error.raw_os_error() == Some(115) =>
            {
                open.connecting = true;
                Err(EINPROGRESS)
            }
            Err(error) => Err(errno(&error)),
        }
    }

    fn send(&mut self, socket: u32, bytes: &[u8], to: Option<Address>) -> Result<usize> {
        let open = self.get(socket)?;
        let sent = match to {
            Some(address) => open.socket.send_to(bytes, &to_host(address)),
            None => open.socket.send(bytes),
        };
        sent.map_err(|error| errno(&error))
    }

    fn receive(&mut self, socket: u32, buffer: &mut [u8]) -> Result<(usize, Address)> {
        let open = self.get(socket)?;
        let received = match &open.datagrams {
            Some(datagrams) => datagrams
                .recv_from(buffer)
                .map(|(len, from)| (len, Some(from))),
            None => (&open.socket).read(buffer).map(|len| (len, None)),
        };
        let (len, from) = received.map_err(|error| errno(&error))?;
        Ok((len, from.map_or(NOBODY, of_host)))
    }

    fn poll(&mut self, socket: u32) -> Result<Ready> {
        let open = self.get(socket)?;
        Ok(readiness(open))
    }

    fn set_option(&mut self, socket: u32, option: SocketOption) -> Result<()> {
        let open = self.get(socket)?;
        let socket = SockRef::from(&open.socket);
        let set = match option {
            SocketOption::ReuseAddress(set) => socket.set_reuse_address(set),
            SocketOption::Broadcast(set) => socket.set_broadcast(set),
            SocketOption::NoDelay(set) => socket.set_tcp_nodelay(set),
            SocketOption::KeepAlive(set) => socket.set_keepalive(set),
        };
        set.map_err(|error| errno(&error))
    }

    fn resolve(&mut self, name: &[u8]) -> Result<[u8; 4]> {
        let Ok(text) = std::str::from_utf8(name) else {
            return Err(Errno(2));
        };
        if !self.names.contains_key(name) {
            let (sender, receiver) = channel();
            let wanted = text.to_owned();
            // The host's own way to look it up waits; nobody may be left to hear the answer.
            thread::spawn(move || {
                let _ = sender.send(look_up(&wanted));
            });
            self.names.insert(name.to_vec(), receiver);
        }
        let answer = match self.names[name].try_recv() {
            Err(TryRecvError::Empty) => return Err(EAGAIN),
            Ok(answer) => answer,
            Err(TryRecvError::Disconnected) => None,
        };
        self.names.remove(name);
        answer.map(|address| address.octets()).ok_or(Errno(2))
    }
}

fn look_up(name: &str) -> Option<Ipv4Addr> {
    let mut found = (name, 0).to_socket_addrs().ok()?;
    found.find_map(|address| match address {
        SocketAddr::V4(address) => Some(*address.ip()),
        SocketAddr::V6(_) => None,
    })
}

#[cfg(unix)]
fn readiness(open: &Open) -> Ready {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    if open.kind == SocketKind::Stream && !open.listens && !open.connecting && !open.connected {
        // As lwIP has it: nothing will ever come, and that can be read.
        return Ready {
            write: true,
            hang_up: true,
            ..Ready::default()
        };
    }
    let mut set = [PollFd::new(&open.socket, PollFlags::IN | PollFlags::OUT)];
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    if poll(&mut set, Some(&now)).is_err() {
        return Ready::default();
    }
    let found = set[0].revents();
    Ready {
        read: found.contains(PollFlags::IN),
        write: found.contains(PollFlags::OUT),
        error: found.contains(PollFlags::ERR),
        hang_up: found.contains(PollFlags::HUP),
    }
}

#[cfg(not(unix))]
fn readiness(open: &Open) -> Ready {
    use std::mem::MaybeUninit;

    let mut byte = [MaybeUninit::uninit(); 1];
    let (read, error) = match open.socket.peek(&mut byte) {
        Ok(_) => (true, false),
        Err(error) if error.kind() == ErrorKind::WouldBlock => (false, false),
        // A socket that listens can't be peeked: whoever accepts finds out.
        Err(_) => (open.listens, !open.listens && !open.connecting),
    };
    Ready {
        read,
        write: open.connected
            || open.kind == SocketKind::Datagram
            || open.socket.peer_addr().is_ok(),
        error,
        hang_up: false,
    }
}
