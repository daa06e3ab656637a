//! The line as a terminal device: what a client opens as a serial port.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use super::line::Link;

/// While nobody has the terminal open the system reports that at once and without end; this is how long to
/// leave it alone.
const PAUSE: Duration = Duration::from_millis(5);

/// The board's side of a pseudo-terminal.
pub(crate) struct Pty {
    master: OwnedFd,
    path: String,
}

impl Pty {
    /// Makes a terminal that is raw from the start.
    pub(crate) fn open() -> io::Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let name = ptsname(&master, Vec::new())?;
        // The modes stay while the master is open. Nobody keeps the other side open, so that it shows whether
        // a client is there.
        let slave = rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty())?;
        let mut modes = tcgetattr(&slave)?;
        modes.make_raw();
        tcsetattr(&slave, OptionalActions::Now, &modes)?;
        rustix::fs::fcntl_setfl(&master, OFlags::RDWR | OFlags::NONBLOCK)?;
        Ok(Self {
            master,
            path: name.to_string_lossy().into_owned(),
        })
    }

    /// The terminal's name.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Waits for events, and says which there are.
    fn wait(&self, events: PollFlags, limit: Option<Duration>) -> PollFlags {
        let mut wanted = [PollFd::new(&self.master, events)];
        let limit = limit.map(|limit| Timespec {
            tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(limit.subsec_nanos()),
        });
        match poll(&mut wanted, limit.as_ref()) {
            Ok(_) => wanted[0].revents(),
            Err(_) => PollFlags::empty(),
        }
    }
}

impl Link for Pty {
    fn read(&self, buffer: &mut [u8]) -> usize {
        let ready = self.wait(PollFlags::IN, None);
        match rustix::io::read(&self.master, &mut *buffer) {
            Ok(len) if len > 0 => len,
            _ => {
                if ready.contains(PollFlags::HUP) {
                    std::thread::sleep(PAUSE);
                }
                0
            }
        }
    }

    fn write(&self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let ready = self.wait(PollFlags::OUT, None);
            if ready.contains(PollFlags::HUP) {
                return;
            }
            match rustix::io::write(&self.master, bytes) {
                Ok(len) => bytes = &bytes[len..],
                Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
                Err(_) => return,
            }
        }
    }

    /// Nobody can be thrown out of a terminal.
    fn hang_up(&self) {}
}
