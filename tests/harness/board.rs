//! A board to test against: what it is, how it is reached, what can be done to it.

use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Instant;

use tempfile::TempDir;

use crate::actor::Actor;
use crate::front::{Codec, Front, Network, Plain, Serial, Telnet};
use crate::interpreter::{self, Interpreter, Setup};
use crate::link::{Counters, Direction, Harm, Pace, Traffic};
use crate::paths;
use crate::proxy::{Device, Order, Proxy};
use crate::webrepl::WebRepl;

/// How a client reaches the board.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// A serial port.
    #[default]
    Serial,
    /// A TCP port with the REPL on it.
    Tcp,
    /// Telnet with this user and password.
    Telnet(String, String),
    /// WebREPL with this password.
    WebRepl(String),
}

/// What a board's firmware lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// Raw-paste mode (before 1.17).
    RawPaste,
    /// `sys.stdin.buffer` (CircuitPython).
    StdinBuffer,
    /// `micropython.kbd_intr`.
    KeyboardInterrupt,
    /// `deflate` and `zlib`.
    Deflate,
    /// `hashlib`.
    Hashes,
    /// `select`.
    Select,
}

/// What a board is like; the default is a healthy one on an ideal serial link.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Speed and delay.
    pub pace: Pace,
    /// How it is reached.
    pub reach: Reach,
    /// The interpreter's heap; empty: 2 MiB.
    pub heap: String,
    /// What the firmware lacks.
    pub lacks: Vec<Lack>,
    /// Python that runs at every start before the prompt.
    pub boot: String,
}

/// A running board. It ends with its handle.
#[derive(Debug)]
pub struct Board {
    scratch: TempDir,
    address: String,
    socket: Option<SocketAddr>,
    counters: Arc<Counters>,
    orders: Sender<Order>,
    wake: UnixStream,
    thread: Option<JoinHandle<()>>,
}

impl Board {
    /// A healthy MicroPython on an ideal serial link.
    pub fn start() -> Self {
        Self::with(&Options::default())
    }

    /// A MicroPython that lacks something.
    pub fn lacking(lacks: &[Lack]) -> Self {
        Self::with(&Options {
            lacks: lacks.to_vec(),
            ..Options::default()
        })
    }

    /// A MicroPython that runs `boot` at every start.
    pub fn booting(boot: &str) -> Self {
        Self::with(&Options {
            boot: boot.to_string(),
            ..Options::default()
        })
    }

    /// A MicroPython reached in another way than a serial port.
    pub fn reached(reach: Reach) -> Self {
        Self::with(&Options {
            reach,
            ..Options::default()
        })
    }

    /// A MicroPython as described.
    ///
    /// # Panics
    /// When the peers are missing or the machine refuses.
    pub fn with(options: &Options) -> Self {
        let scratch = paths::scratch();
        let directory = scratch.path().join("board");
        std::fs::create_dir(&directory).expect("a directory of ours");
        paths::give_to_board(&directory);
        let boot = boot_program(options).map(|source| {
            let path = scratch.path().join("boot.py");
            std::fs::write(&path, source).expect("a file of ours");
            path
        });
        let heap = if options.heap.is_empty() {
            "2m".to_string()
        } else {
            options.heap.clone()
        };
        let library = interpreter::library(scratch.path());
        let setup = Setup {
            directory,
            heap,
            boot,
            library,
        };
        let hides_raw_paste = options.lacks.contains(&Lack::RawPaste);
        let device = move || {
            Device::Interpreter(Box::new(
                Interpreter::start(setup).expect("the interpreter starts"),
            ))
        };
        Self::run(
            scratch,
            options.reach.clone(),
            options.pace,
            hides_raw_paste,
            Box::new(device),
        )
    }

    /// A board that is no MicroPython, on a serial port.
    pub fn acted(actor: impl Actor + 'static) -> Self {
        let device = move || Device::Actor {
            actor: Box::new(actor),
            next: Instant::now(),
        };
        Self::run(
            paths::scratch(),
            Reach::Serial,
            Pace::default(),
            false,
            Box::new(device),
        )
    }

    fn run(
        scratch: TempDir,
        reach: Reach,
        pace: Pace,
        hides_raw_paste: bool,
        device: Box<dyn FnOnce() -> Device + Send>,
    ) -> Self {
        let link = scratch.path().join("tty-board");
        let network = |codec: Box<dyn Codec>| Network::new(codec).expect("a free port");
        let front = match &reach {
            Reach::Serial => Front::Serial(Serial::new(link.clone()).expect("a free terminal")),
            Reach::Tcp => Front::Network(network(Box::new(Plain))),
            Reach::Telnet(user, password) => {
                Front::Network(network(Box::new(Telnet::new(user, password))))
            }
            Reach::WebRepl(password) => Front::Network(network(Box::new(WebRepl::new(password)))),
        };
        let socket = match &front {
            Front::Network(network) => Some(network.address().expect("it listens")),
            Front::Serial(_) => None,
        };
        let address = match (&reach, socket) {
            (Reach::Tcp, Some(socket)) => format!("tcp://{socket}"),
            (Reach::Telnet(user, password), Some(socket)) => {
                format!("telnet://{user}:{password}@{socket}")
            }
            (Reach::WebRepl(password), Some(socket)) => format!("ws://:{password}@{socket}"),
            _ => link.to_string_lossy().into_owned(),
        };
        let counters = Arc::new(Counters::default());
        let (orders, receiver) = channel();
        let (wake, woken) = UnixStream::pair().expect("a pair of sockets");
        let for_thread = Arc::clone(&counters);
        // The interpreter dies with the thread that started it, so the thread starts it.
        let thread = std::thread::spawn(move || {
            let proxy = Proxy {
                front,
                device: device(),
                pace,
                hides_raw_paste,
                counters: for_thread,
                orders: receiver,
                wake: woken,
            };
            proxy.run().expect("the proxy's own files stay open");
        });
        Self {
            scratch,
            address,
            socket,
            counters,
            orders,
            wake,
            thread: Some(thread),
        }
    }

    /// What `ucli -p` and mpremote's `connect` take.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Host and port of a board on the network.
    pub fn socket(&self) -> Option<SocketAddr> {
        self.socket
    }

    /// The board's file system as the host sees it.
    pub fn files(&self) -> PathBuf {
        self.scratch.path().join("board")
    }

    /// Puts a file there without the link.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.files().join(name);
        let mut above: Vec<&Path> = path
            .ancestors()
            .skip(1)
            .take_while(|above| !above.exists())
            .collect();
        above.reverse();
        for directory in above {
            std::fs::create_dir(directory).expect("a directory of ours");
            paths::give_to_board(directory);
        }
        std::fs::write(&path, content).expect("a file of ours");
        paths::give_to_board(&path);
    }

    /// Reads a file there without the link.
    ///
    /// # Panics
    /// When it is not there.
    pub fn get(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.files().join(name))
            .unwrap_or_else(|error| panic!("{name} on the board: {error}"))
    }

    /// Every path on the board with its content.
    pub fn contents(&self) -> Vec<(String, Option<Vec<u8>>)> {
        crate::sample::contents(&self.files())
    }

    /// What went over the link until now.
    pub fn traffic(&self) -> Traffic {
        self.counters.read()
    }

    /// Does `harm` to the byte that comes `after` so many more in `direction`.
    pub fn harm(&self, direction: Direction, after: u64, harm: Harm) {
        self.counters.plan(direction, after, harm);
    }

    /// Takes back the faults that have not struck.
    pub fn forgive(&self) {
        self.counters.forgive();
    }

    /// Pulls the cable; the board keeps running.
    pub fn unplug(&self) {
        self.order(Order::Unplug);
    }

    /// Puts the cable back.
    pub fn plug(&self) {
        self.order(Order::Plug);
    }

    fn order(&self, order: impl FnOnce(Sender<()>) -> Order) {
        let (done, finished) = channel();
        self.send(order(done));
        finished.recv().expect("the board's thread lives");
    }

    fn send(&self, order: Order) {
        self.orders.send(order).expect("the board's thread lives");
        rustix::io::write(&self.wake, &[1]).expect("the board's thread lives");
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        // A thread that has ended has said why already.
        let _ = self.orders.send(Order::Stop);
        let _ = rustix::io::write(&self.wake, &[1]);
        if let Err(panic) = thread.join()
            && !std::thread::panicking()
        {
            std::panic::resume_unwind(panic);
        }
    }
}

/// Hides what the firmware lacks from every `import`, then runs the board's own boot program.
fn boot_program(options: &Options) -> Option<String> {
    let mut missing = Vec::new();
    let mut hidden = Vec::new();
    for lack in &options.lacks {
        match lack {
            Lack::RawPaste => {}
            Lack::StdinBuffer => hidden.push("('sys','stdin')"),
            Lack::KeyboardInterrupt => hidden.push("('micropython','kbd_intr')"),
            Lack::Deflate => missing.extend(["deflate", "zlib", "uzlib"]),
            Lack::Hashes => missing.extend(["hashlib", "uhashlib"]),
            Lack::Select => missing.extend(["select", "uselect"]),
        }
    }
    if missing.is_empty() && hidden.is_empty() {
        return (!options.boot.is_empty()).then(|| options.boot.clone());
    }
    let missing: Vec<String> = missing.iter().map(|name| format!("'{name}'")).collect();
    Some(
        HIDE.replace("{missing}", &missing.join(","))
            .replace("{hidden}", &hidden.join(","))
            + &options.boot,
    )
}

const HIDE: &str = "\
def _hide():
 import builtins
 real=builtins.__import__ if hasattr(builtins,'__import__') else __import__
 missing=[{missing}];hidden=[{hidden}]
 class Text:
  def __init__(s,f):s.f=f
  def read(s,n=-1):return s.f.read(n)
  def readline(s):return s.f.readline()
 class Shadow:
  def __init__(s,m,a):s.m=m;s.a=a
  def __getattr__(s,n):
   if n in s.a:
    if n=='stdin':return Text(s.m.stdin)
    raise AttributeError(n)
   return getattr(s.m,n)
 def imports(name,*rest):
  if name in missing:raise ImportError(\"no module named '\"+name+\"'\")
  module=real(name,*rest)
  away=[a for m,a in hidden if m==name]
  return Shadow(module,away) if away else module
 builtins.__import__=imports
_hide()
del _hide
";
