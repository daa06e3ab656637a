//! The network of the board: a stack over its wire, and two connections of TLS.

use core::cell::RefCell;
use core::pin::pin;

use cortex_m::interrupt::{Mutex, free};
use static_cell::ConstStaticCell;
use upy_hal::net::{Network, Tls, Wired};
use upy_hal::soft::Noise;
use upy_net::tls::{Buffers, Channel, Client, Connection, Random, serve};
use upy_net::{Memory, Places, Stack};

use crate::lan::Lan9118;
use crate::time;

/// Stack and TLS.
pub struct Parts<'a> {
    stack: Stack<'static, Lan9118>,
    tls: Client<'a>,
}

// Large, so they begin where they stay: made at run time they would be on the stack first.
static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());
static PLACES: ConstStaticCell<Places<'static>> = ConstStaticCell::new(Places::new());
static CHANNELS: ConstStaticCell<[Channel; 2]> =
    ConstStaticCell::new([const { Channel::new() }; 2]);
static BUFFERS: ConstStaticCell<[Buffers; 2]> = ConstStaticCell::new([const { Buffers::new() }; 2]);

/// This board has no source of randomness, so what it encrypts is a secret for nobody who watches it start.
static NOISE: Mutex<RefCell<Noise>> = Mutex::new(RefCell::new(Noise::new(time::ticks_us)));

fn random(buffer: &mut [u8]) {
    free(|lock| NOISE.borrow(lock).borrow_mut().fill(buffer));
}

/// Works with a network. The connections are parts of this function's frame, since nothing else can name their types.
///
/// # Panics
/// If it is called twice.
pub fn with<R>(work: impl FnOnce(Parts<'_>) -> R) -> R {
    let [one, two] = CHANNELS.take();
    let [first, second] = BUFFERS.take();
    let random_of = Random(random);
    let mut first = pin!(serve(one, first, random_of));
    let mut second = pin!(serve(two, second, random_of));
    let mut connections = [
        Connection::new(one, first.as_mut()),
        Connection::new(two, second.as_mut()),
    ];
    let mut seed = [0; 8];
    random(&mut seed);
    let stack = Stack::new(
        Lan9118::new(),
        MEMORY.take(),
        PLACES.take(),
        time::ticks_us,
        u64::from_le_bytes(seed),
    );
    work(Parts {
        stack,
        tls: Client::new(&mut connections),
    })
}

impl Parts<'_> {
    /// Answers what has come.
    pub fn attend(&mut self) {
        self.stack.attend();
    }

    /// Closes what is open, as at a soft reset.
    pub fn restart(&mut self) {
        self.tls.restart();
        self.stack.restart();
    }

    /// The sockets.
    pub fn sockets(&mut self) -> Option<&mut dyn Network> {
        Some(&mut self.stack)
    }

    /// The interface.
    pub fn wired(&mut self) -> Option<&mut dyn Wired> {
        Some(&mut self.stack)
    }

    /// TLS, which has to know what time it is.
    pub fn tls(&mut self, now_ns: u64) -> Option<&mut dyn Tls> {
        self.tls.set_time(now_ns);
        Some(&mut self.tls)
    }
}
