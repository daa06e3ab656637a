//! The line as a TCP port: one client at a time, as on a serial port.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::line::Link;

/// The board's side of a TCP port.
pub(crate) struct Tcp {
    address: SocketAddr,
    client: Arc<Client>,
}

/// Who is connected.
#[derive(Default)]
struct Client {
    stream: Mutex<Option<Arc<TcpStream>>>,
    came: Condvar,
}

impl Client {
    fn stream(&self) -> MutexGuard<'_, Option<Arc<TcpStream>>> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self) {
        if let Some(stream) = self.stream().take() {
            // It may be gone already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Tcp {
    /// Listens at an address, such as `127.0.0.1:0`.
    pub(crate) fn listen(address: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let client = Arc::new(Client::default());
        let shared = Arc::clone(&client);
        std::thread::Builder::new()
            .name("tcp".into())
            .spawn(move || {
                for stream in listener.incoming().filter_map(Result::ok) {
                    let mut place = shared.stream();
                    // The port is busy: a second client is sent away at once.
                    if place.is_none() && stream.set_nodelay(true).is_ok() {
                        *place = Some(Arc::new(stream));
                        shared.came.notify_all();
                    }
                }
            })?;
        Ok(Self { address, client })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Link for Tcp {
    fn read(&self, buffer: &mut [u8]) -> usize {
        let place = self
            .client
            .came
            .wait_while(self.client.stream(), |stream| stream.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        let Some(stream) = place.clone() else {
            return 0;
        };
        drop(place);
        match (&*stream).read(buffer) {
            Ok(len) if len > 0 => len,
            _ => {
                self.client.leave();
                0
            }
        }
    }

    fn write(&self, bytes: &[u8]) {
        let stream = self.client.stream().clone();
        if let Some(stream) = stream
            && (&*stream).write_all(bytes).is_err()
        {
            self.client.leave();
        }
    }

    fn hang_up(&self) {
        self.client.leave();
    }
}
