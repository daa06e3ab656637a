//! The thread between a front and a device: carries bytes both ways, paced, counted and broken.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};

use crate::actor::Actor;
use crate::front::Front;
use crate::interpreter::{Interpreter, timespec};
use crate::link::{Counters, Direction, Lane, Pace};

/// Ctrl-C.
const INTERRUPT: u8 = 3;
/// Asks for raw-paste mode.
const RAW_PASTE: &[u8] = b"\x05A\x01";

/// What answers on the board's side.
pub(crate) enum Device {
    Interpreter(Box<Interpreter>),
    Actor {
        actor: Box<dyn Actor>,
        next: Instant,
    },
}

/// What a test tells the thread.
#[derive(Debug)]
pub(crate) enum Order {
    Unplug(Sender<()>),
    Plug(Sender<()>),
    Stop,
}

pub(crate) struct Proxy {
    pub(crate) front: Front,
    pub(crate) device: Device,
    pub(crate) pace: Pace,
    /// Firmware before 1.17 knows no raw-paste.
    pub(crate) hides_raw_paste: bool,
    pub(crate) counters: Arc<Counters>,
    pub(crate) orders: Receiver<Order>,
    pub(crate) wake: UnixStream,
}

struct Lanes {
    up: Lane,
    down: Lane,
    spoke_last: Option<Direction>,
}

impl Proxy {
    /// Carries bytes until told to stop.
    pub(crate) fn run(mut self) -> io::Result<()> {
        let mut lanes = Lanes {
            up: Lane::new(Direction::Up, self.pace),
            down: Lane::new(Direction::Down, self.pace),
            spoke_last: None,
        };
        loop {
            let (front, device, woken) = self.wait(&lanes)?;
            if woken && !self.obey(&mut lanes)? {
                return Ok(());
            }
            if front {
                let bytes = self.front.read();
                let bytes = self.filter(bytes);
                if lanes.up.push(&bytes, &self.counters, &mut lanes.spoke_last) {
                    self.front.unplug();
                    lanes.down.clear();
                }
            }
            self.flush_up(&mut lanes);
            // A board whose client does not read waits, as USB would make it.
            let said = if lanes.down.is_full() {
                Vec::new()
            } else {
                self.device_said(device)?
            };
            if lanes
                .down
                .push(&said, &self.counters, &mut lanes.spoke_last)
            {
                self.flush_down(&mut lanes, true);
                self.front.unplug();
            }
            self.flush_down(&mut lanes, false);
        }
    }

    /// Waits for something to do: the front, the device, an order.
    fn wait(&self, lanes: &Lanes) -> io::Result<(bool, bool, bool)> {
        let now = Instant::now();
        let speaks = match &self.device {
            Device::Actor { actor, next } => actor.interval().map(|_| *next),
            Device::Interpreter(_) => None,
        };
        let due = [lanes.up.next(), lanes.down.next(), speaks]
            .into_iter()
            .flatten()
            .min();
        // What could not be written is tried again; the other end has to read first.
        let timeout = due.map(|at| {
            at.saturating_duration_since(now)
                .max(Duration::from_micros(200))
        });
        let mut fds = vec![PollFd::from_borrowed_fd(self.wake.as_fd(), PollFlags::IN)];
        let front = (!lanes.up.is_full()).then(|| self.front.fd()).flatten();
        if let Some(fd) = front {
            fds.push(PollFd::from_borrowed_fd(fd, PollFlags::IN));
        }
        if let Device::Interpreter(interpreter) = &self.device
            && !lanes.down.is_full()
        {
            fds.push(PollFd::new(&interpreter.terminal, PollFlags::IN));
        }
        match poll(&mut fds, timeout.map(timespec).as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let ready = |index: usize| fds.get(index).is_some_and(|fd| !fd.revents().is_empty());
        let device_index = 1 + usize::from(front.is_some());
        Ok((front.is_some() && ready(1), ready(device_index), ready(0)))
    }

    fn obey(&mut self, lanes: &mut Lanes) -> io::Result<bool> {
        let mut buffer = [0; 16];
        rustix::io::read(&self.wake, &mut buffer)?;
        while let Ok(order) = self.orders.try_recv() {
            let done = match order {
                Order::Stop => return Ok(false),
                Order::Unplug(done) => {
                    self.front.unplug();
                    lanes.down.clear();
                    done
                }
                Order::Plug(done) => {
                    lanes.up.clear();
                    lanes.down.clear();
                    self.front.plug()?;
                    done
                }
            };
            done.send(()).map_err(io::Error::other)?;
        }
        Ok(true)
    }

    /// Before 1.17 the first two bytes of the request fall into the line, and Ctrl-A begins a new one.
    fn filter(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        while self.hides_raw_paste
            && let Some(at) = bytes
                .windows(RAW_PASTE.len())
                .position(|part| part == RAW_PASTE)
        {
            bytes.drain(at..at + 2);
        }
        bytes
    }

    fn flush_up(&mut self, lanes: &mut Lanes) {
        while let Some(bytes) = lanes.up.take(Instant::now()) {
            match &mut self.device {
                Device::Interpreter(interpreter) => match interpreter.write(&bytes) {
                    Ok(len) if len == bytes.len() => {}
                    Ok(len) => {
                        lanes.up.put_back(&bytes[len..]);
                        if bytes[len - 1] != INTERRUPT {
                            return;
                        }
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        return lanes.up.put_back(&bytes);
                    }
                    // It has just ended; what was sent to it is lost, as on a board that restarts.
                    Err(_) => return,
                },
                Device::Actor { actor, .. } => {
                    let answer = actor.hear(&bytes);
                    lanes
                        .down
                        .push(&answer, &self.counters, &mut lanes.spoke_last);
                }
            }
        }
    }

    fn device_said(&mut self, ready: bool) -> io::Result<Vec<u8>> {
        match &mut self.device {
            Device::Interpreter(interpreter) => {
                if !ready {
                    return Ok(Vec::new());
                }
                let mut buffer = [0; 16384];
                match rustix::io::read(&interpreter.terminal, &mut buffer) {
                    Ok(len @ 1..) => {
                        interpreter.said(&buffer[..len]);
                        Ok(buffer[..len].to_vec())
                    }
                    Err(rustix::io::Errno::AGAIN) => Ok(Vec::new()),
                    Ok(0) | Err(_) => interpreter.restart(),
                }
            }
            Device::Actor { actor, next } => {
                let Some(interval) = actor.interval().filter(|_| Instant::now() >= *next) else {
                    return Ok(Vec::new());
                };
                *next = Instant::now() + interval;
                Ok(if self.front.is_connected() {
                    actor.speak()
                } else {
                    Vec::new()
                })
            }
        }
    }

    fn flush_down(&mut self, lanes: &mut Lanes, all: bool) {
        let until = if all {
            Instant::now() + Duration::from_secs(3600)
        } else {
            Instant::now()
        };
        while let Some(bytes) = lanes.down.take(until) {
            let len = self.front.write(&bytes);
            if len < bytes.len() {
                lanes.down.put_back(&bytes[len..]);
                return;
            }
        }
    }
}
