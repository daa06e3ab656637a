//! The wire between client and board: its speed, its delay, its faults, and what went over it.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Which way a byte goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the board.
    Up,
    /// From the board to the client.
    Down,
}

/// What happens to a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    /// The cable is pulled before it.
    Cut,
    /// It gets lost.
    Drop,
    /// One bit of it is turned.
    Flip,
}

/// A fault at one byte of one direction.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// The direction.
    pub direction: Direction,
    /// The byte, counted from the board's start.
    pub at: u64,
    /// What happens to it.
    pub harm: Harm,
}

/// Speed and delay of a link.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    /// Bytes per second in each direction; 0: as fast as the machine goes.
    pub rate: u32,
    /// Delay in each direction.
    pub latency: Duration,
}

/// What went over the link; read while it runs.
#[derive(Debug, Default)]
pub struct Counters {
    up: AtomicU64,
    down: AtomicU64,
    rounds: AtomicU64,
    faults: Mutex<Vec<Fault>>,
}

/// A reading of the [`Counters`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes from the client.
    pub up: u64,
    /// Bytes from the board.
    pub down: u64,
    /// How many times the client spoke after the board had.
    pub rounds: u64,
}

impl Counters {
    /// What went over the link until now.
    pub fn read(&self) -> Traffic {
        Traffic {
            up: self.up.load(Relaxed),
            down: self.down.load(Relaxed),
            rounds: self.rounds.load(Relaxed),
        }
    }

    /// Adds a fault `after` that many more bytes.
    pub(crate) fn plan(&self, direction: Direction, after: u64, harm: Harm) {
        let now = self.read();
        let at = after
            + if direction == Direction::Up {
                now.up
            } else {
                now.down
            };
        self.faults().push(Fault {
            direction,
            at,
            harm,
        });
    }

    /// Takes back the faults that have not struck.
    pub(crate) fn forgive(&self) {
        self.faults().clear();
    }

    fn faults(&self) -> std::sync::MutexGuard<'_, Vec<Fault>> {
        self.faults.lock().expect("nobody panics while holding it")
    }
}

impl core::ops::Sub for Traffic {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            up: self.up - earlier.up,
            down: self.down - earlier.down,
            rounds: self.rounds - earlier.rounds,
        }
    }
}

/// Bytes on their way in one direction.
#[derive(Debug)]
pub(crate) struct Lane {
    direction: Direction,
    pace: Pace,
    free_at: Instant,
    queue: VecDeque<(Instant, Vec<u8>)>,
    queued: usize,
}

/// A sender is not read while so much waits.
const FULL: usize = 1 << 18;

impl Lane {
    pub(crate) fn new(direction: Direction, pace: Pace) -> Self {
        Self {
            direction,
            pace,
            free_at: Instant::now(),
            queue: VecDeque::new(),
            queued: 0,
        }
    }

    /// Whether its sender must wait.
    pub(crate) fn is_full(&self) -> bool {
        self.queued > FULL
    }

    /// Puts bytes on the wire; true when a fault cut it.
    pub(crate) fn push(
        &mut self,
        bytes: &[u8],
        counters: &Counters,
        spoke_last: &mut Option<Direction>,
    ) -> bool {
        if bytes.is_empty() {
            return false;
        }
        if *spoke_last != Some(self.direction) {
            *spoke_last = Some(self.direction);
            if self.direction == Direction::Up {
                counters.rounds.fetch_add(1, Relaxed);
            }
        }
        let total = if self.direction == Direction::Up {
            &counters.up
        } else {
            &counters.down
        };
        let first = total.fetch_add(bytes.len() as u64, Relaxed);
        let mut bytes = bytes.to_vec();
        let cut = self.harm(&mut bytes, first, counters);
        let piece = if self.pace.rate == 0 {
            4096
        } else {
            (self.pace.rate as usize / 500).clamp(1, 64)
        };
        let now = Instant::now();
        for part in bytes.chunks(piece) {
            let start = now.max(self.free_at);
            let takes = if self.pace.rate == 0 {
                Duration::ZERO
            } else {
                Duration::from_secs_f64(part.len() as f64 / f64::from(self.pace.rate))
            };
            self.free_at = start + takes;
            self.queue
                .push_back((self.free_at + self.pace.latency, part.to_vec()));
        }
        self.queued += bytes.len();
        cut
    }

    fn harm(&self, bytes: &mut Vec<u8>, first: u64, counters: &Counters) -> bool {
        let mut faults = counters.faults();
        let last = first + bytes.len() as u64;
        let mut mine: Vec<Fault> = Vec::new();
        faults.retain(|fault| {
            let hit = fault.direction == self.direction && (first..last).contains(&fault.at);
            if hit {
                mine.push(*fault);
            }
            !hit
        });
        mine.sort_by_key(|fault| core::cmp::Reverse(fault.at));
        let mut cut = false;
        for fault in mine {
            let at = usize::try_from(fault.at - first).expect("inside the piece");
            match fault.harm {
                Harm::Cut => {
                    bytes.truncate(at);
                    cut = true;
                }
                Harm::Drop => {
                    bytes.remove(at);
                }
                Harm::Flip => bytes[at] ^= 0x10,
            }
        }
        cut
    }

    /// When the next bytes arrive.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.queue.front().map(|(at, _)| *at)
    }

    /// The next bytes that have arrived.
    pub(crate) fn take(&mut self, now: Instant) -> Option<Vec<u8>> {
        self.queue.front().filter(|(at, _)| *at <= now)?;
        let (_, bytes) = self.queue.pop_front()?;
        self.queued -= bytes.len();
        Some(bytes)
    }

    /// Puts back what the receiver did not take.
    pub(crate) fn put_back(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.queued += bytes.len();
            self.queue.push_front((Instant::now(), bytes.to_vec()));
        }
    }

    /// Loses all that is under way.
    pub(crate) fn clear(&mut self) {
        self.queue.clear();
        self.queued = 0;
    }
}
