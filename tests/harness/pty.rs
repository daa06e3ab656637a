//! A pseudo-terminal that behaves like a serial line: raw, eight bits, nothing echoed.
//!
//! The slave stays open here, so that a client may close and open it again without the master
//! seeing an end.

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

/// Both ends of a pseudo-terminal.
#[derive(Debug)]
pub struct Pty {
    /// Our end; never blocks.
    pub master: OwnedFd,
    /// The end that a client or an interpreter uses.
    pub slave: OwnedFd,
    /// The slave's name.
    pub path: PathBuf,
}

impl Pty {
    /// Opens a pair.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn open() -> io::Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let name = ptsname(&master, Vec::new())?;
        let slave = rustix::fs::open(
            &name,
            OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        let mut modes = tcgetattr(&slave)?;
        modes.make_raw();
        tcsetattr(&slave, OptionalActions::Now, &modes)?;
        rustix::fs::fcntl_setfl(&master, OFlags::RDWR | OFlags::NONBLOCK)?;
        let path = PathBuf::from(name.to_string_lossy().into_owned());
        Ok(Self {
            master,
            slave,
            path,
        })
    }
}
