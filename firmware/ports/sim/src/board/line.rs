//! The serial line of the simulated board: what comes in waits here, and what is to go wrong on it does.
//!
//! A thread hands in what the [`Link`] brings, so that Ctrl-C is noticed whatever the program does.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use upy_hal::console::{Closed, Console};

use super::fault::{Faults, Harm};

/// How much input waits for the program before the line holds the sender back.
const INPUT_BYTES: usize = 64 * 1024;

/// The other end of the line.
pub(crate) trait Link: Send + Sync {
    /// Waits for somebody to send something; 0 is nothing yet.
    fn read(&self, buffer: &mut [u8]) -> usize;

    /// Sends all bytes, or drops them when nobody listens.
    fn write(&self, bytes: &[u8]);

    /// Throws the one who listens out.
    fn hang_up(&self);
}

/// A line and the link it runs over.
pub(crate) struct Line {
    link: Arc<dyn Link>,
    state: Mutex<State>,
    /// Input or an interrupt has come, or input was taken.
    event: Condvar,
}

struct State {
    input: VecDeque<u8>,
    watched: Option<u8>,
    /// What was written, for a second end of the console; `None` while there is none.
    mirror: Option<VecDeque<u8>>,
    is_interrupted: bool,
    /// The board is to be reset as by its button.
    resets: bool,
    faults: Faults,
}

impl Line {
    /// A line over a link, with a thread that listens.
    pub(crate) fn start(link: Arc<dyn Link>, faults: Faults) -> std::io::Result<Arc<Self>> {
        let line = Arc::new(Self {
            link: Arc::clone(&link),
            state: Mutex::new(State {
                input: VecDeque::new(),
                watched: None,
                mirror: None,
                is_interrupted: false,
                resets: false,
                faults,
            }),
            event: Condvar::new(),
        });
        let listener = Arc::clone(&line);
        std::thread::Builder::new()
            .name("line".into())
            .spawn(move || {
                let mut buffer = [0; 4096];
                loop {
                    let len = link.read(&mut buffer);
                    listener.receive(&buffer[..len]);
                }
            })?;
        Ok(line)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what has come; waits while there is no room for it.
    fn receive(&self, bytes: &[u8]) {
        let mut state = self.state();
        for &byte in bytes {
            let byte = match state.faults.on_input() {
                None => byte,
                Some(Harm::Flip) => byte ^ 0x10,
                Some(Harm::Drop) => continue,
                Some(Harm::Cut) => {
                    self.link.hang_up();
                    return;
                }
                Some(Harm::Reset) => {
                    state.resets = true;
                    self.event.notify_all();
                    continue;
                }
            };
            if state.watched == Some(byte) {
                state.is_interrupted = true;
                self.event.notify_all();
                continue;
            }
            while state.input.len() >= INPUT_BYTES {
                state = self
                    .event
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            state.input.push_back(byte);
        }
        self.event.notify_all();
    }

    /// From now on what is written is kept for a second end, or not any more.
    pub(crate) fn open_mirror(&self, is_open: bool) {
        self.state().mirror = is_open.then(VecDeque::new);
    }

    /// Takes what was kept.
    pub(crate) fn mirrored(&self, buffer: &mut [u8]) -> usize {
        let mut state = self.state();
        let Some(kept) = &mut state.mirror else {
            return 0;
        };
        let len = buffer.len().min(kept.len());
        for (slot, byte) in buffer.iter_mut().zip(kept.drain(..len)) {
            *slot = byte;
        }
        len
    }

    /// How much input there is room for.
    pub(crate) fn room(&self) -> usize {
        INPUT_BYTES.saturating_sub(self.state().input.len())
    }

    /// Takes in what a second end sends; none of the faults of the line harms it.
    pub(crate) fn type_in(&self, bytes: &[u8]) {
        let mut state = self.state();
        for &byte in bytes {
            if state.watched == Some(byte) {
                state.is_interrupted = true;
            } else {
                state.input.push_back(byte);
            }
        }
        self.event.notify_all();
    }

    /// Resets the board as its button does.
    pub(crate) fn reset(&self) {
        self.state().resets = true;
        self.event.notify_all();
    }

    /// Whether the board is to be reset as by its button.
    pub(crate) fn is_resetting(&self) -> bool {
        self.state().resets
    }

    /// The board has begun anew: what waited is lost.
    pub(crate) fn begin(&self) {
        let mut state = self.state();
        state.resets = false;
        state.input.clear();
        state.watched = None;
        state.mirror = None;
        state.is_interrupted = false;
    }

    /// Waits until something happens, at most for a time.
    pub(crate) fn sleep(&self, limit: Option<Duration>, until: fn(&Pending) -> bool) {
        let state = self.state();
        let goes_on = |state: &mut State| {
            !until(&Pending {
                input: !state.input.is_empty(),
                interrupt: state.is_interrupted || state.resets,
            })
        };
        let limit = limit.unwrap_or(Duration::from_secs(3600));
        drop(self.event.wait_timeout_while(state, limit, goes_on));
    }
}

/// What waits on a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    /// Input.
    pub(crate) input: bool,
    /// Ctrl-C or the reset button.
    pub(crate) interrupt: bool,
}

impl Console for Line {
    fn read(&self, buffer: &mut [u8]) -> Result<usize, Closed> {
        let mut state = self.state();
        if state.resets {
            return Err(Closed);
        }
        let len = buffer.len().min(state.input.len());
        for (slot, byte) in buffer.iter_mut().zip(state.input.drain(..len)) {
            *slot = byte;
        }
        if len > 0 {
            self.event.notify_all();
        }
        Ok(len)
    }

    fn is_readable(&self) -> bool {
        let state = self.state();
        !state.input.is_empty() || state.resets
    }

    fn write(&self, bytes: &[u8]) {
        let mut state = self.state();
        if let Some(kept) = &mut state.mirror {
            kept.extend(bytes);
        }
        let harmed = state.faults.on_output(bytes);
        drop(state);
        match harmed {
            None => self.link.write(bytes),
            Some((bytes, harm)) => {
                self.link.write(&bytes);
                match harm {
                    Some(Harm::Cut) => self.link.hang_up(),
                    Some(Harm::Reset) => self.reset(),
                    _ => {}
                }
            }
        }
    }

    fn wait(&self, limit_us: Option<u64>) {
        let limit = limit_us.map(Duration::from_micros);
        self.sleep(limit, |pending| pending.input || pending.interrupt);
    }

    fn watch(&self, byte: Option<u8>) {
        let mut state = self.state();
        state.watched = byte;
        state.is_interrupted = false;
    }

    fn take_interrupt(&self) -> bool {
        std::mem::take(&mut self.state().is_interrupted)
    }

    fn is_interrupted(&self) -> bool {
        self.state().is_interrupted
    }
}
