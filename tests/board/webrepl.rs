//! WebREPL of the simulated board: `ucli` over it, the records of its file transfers, and `os.dupterm` itself.

use std::io::{Read, Write};
use std::net::TcpStream;

use harness::program::{Call, DEADLINE, Desk};
use harness::sim::Sim;
use ucli_protocol::webrepl::{NEXT_BLOCK, Operation, Repr, parse_answer, parse_block};

/// A board with WebREPL at a port of its own.
struct Net {
    desk: Desk,
    sim: Sim,
    port: u16,
}

const PASSWORD: &str = "secret";

impl Net {
    fn start() -> Self {
        let (desk, sim) = (Desk::new(), Sim::start(&[]));
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|free| free.local_addr())
            .expect("a free port")
            .port();
        let net = Self { desk, sim, port };
        let program = format!("import webrepl\nwebrepl.start({port}, '{PASSWORD}')");
        let said = net.serial(&["exec", &program]).out();
        assert!(
            said.contains("Started webrepl in manual override mode"),
            "{said}"
        );
        net
    }

    /// `ucli` over the serial line.
    fn serial(&self, words: &[&str]) -> Call {
        self.desk
            .ucli(&[&["-p", self.sim.address()], words].concat())
    }

    /// `ucli` over WebREPL.
    fn web(&self, words: &[&str]) -> Call {
        let address = format!("ws://:{PASSWORD}@127.0.0.1:{}", self.port);
        self.desk.ucli(&[&["-p", &address], words].concat())
    }
}

/// A client that speaks frames.
struct Client {
    stream: TcpStream,
    shown: Vec<u8>,
    records: Vec<u8>,
}

impl Client {
    fn connect(port: u16) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the board listens");
        stream.set_read_timeout(Some(DEADLINE)).expect("a socket");
        stream
            .write_all(
                b"GET / HTTP/1.1\r\nHost: board\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
                  Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            )
            .expect("the board listens");
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("an answer");
            answer.push(byte[0]);
        }
        let answer = String::from_utf8_lossy(&answer).into_owned();
        // The example of RFC 6455, section 1.3.
        assert!(answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{answer}");
        Self {
            stream,
            shown: Vec::new(),
            records: Vec::new(),
        }
    }

    fn log_in(port: u16) -> Self {
        let mut client = Self::connect(port);
        client.shows("Password: ");
        client.types("secret\r");
        client.shows("\r\nWebREPL connected\r\n>>> ");
        client
    }

    /// Sends a frame, masked as clients have to.
    fn send(&mut self, kind: u8, payload: &[u8]) {
        let mask = [0x11, 0x22, 0x33, 0x44];
        let mut frame = vec![0x80 | kind];
        match u16::try_from(payload.len()).expect("a frame of the kind boards take") {
            short @ ..126 => frame.push(0x80 | short as u8),
            long => {
                frame.push(0x80 | 126);
                frame.extend(long.to_be_bytes());
            }
        }
        frame.extend(mask);
        frame.extend(
            payload
                .iter()
                .zip(mask.iter().cycle())
                .map(|(byte, mask)| byte ^ mask),
        );
        self.stream.write_all(&frame).expect("the board listens");
    }

    fn types(&mut self, text: &str) {
        self.send(1, text.as_bytes());
    }

    /// Takes in a frame; `false` at the end.
    fn receive(&mut self) -> bool {
        let mut head = [0; 2];
        if self.stream.read_exact(&mut head).is_err() {
            return false;
        }
        let mut len = usize::from(head[1]);
        if len == 126 {
            let mut long = [0; 2];
            self.stream.read_exact(&mut long).expect("a length");
            len = usize::from(u16::from_be_bytes(long));
        }
        let mut payload = vec![0; len];
        self.stream.read_exact(&mut payload).expect("a payload");
        match head[0] {
            0x81 => self.shown.extend(payload),
            0x82 => self.records.extend(payload),
            other => panic!("a frame of kind {other:#x}"),
        }
        true
    }

    /// Types a line and waits for what it leads to.
    fn asks(&mut self, line: &str, answer: &str) {
        self.types(&format!("{line}\r"));
        self.shows(answer);
    }

    /// Waits until a text is shown, and forgets what was.
    fn shows(&mut self, text: &str) {
        loop {
            let shown = String::from_utf8_lossy(&self.shown).into_owned();
            if shown.contains(text) {
                self.shown.clear();
                return;
            }
            assert!(
                self.receive(),
                "the end instead of {text:?}, after {shown:?}"
            );
        }
    }

    fn ends(&mut self) -> String {
        while self.receive() {}
        String::from_utf8_lossy(&self.shown).into_owned()
    }

    fn request(&mut self, operation: Operation, name: &[u8], size: usize) {
        let request = Repr {
            operation,
            size_bytes: u32::try_from(size).expect("small"),
            name,
        };
        let bytes = request.emit().expect("a short name");
        // As the reference client does it.
        self.send(2, &bytes[..10]);
        self.send(2, &bytes[10..]);
    }

    fn record(&mut self, len: usize) -> Vec<u8> {
        while self.records.len() < len {
            assert!(self.receive(), "the end in a transfer");
        }
        self.records.drain(..len).collect()
    }

    fn answer(&mut self) {
        assert_eq!(parse_answer(&self.record(4)), Ok(0));
    }

    fn put(&mut self, name: &[u8], content: &[u8]) {
        self.request(Operation::Put, name, content.len());
        self.answer();
        for piece in content.chunks(1000) {
            self.send(2, piece);
        }
        self.answer();
    }

    fn get(&mut self, name: &[u8]) -> Vec<u8> {
        self.request(Operation::Get, name, 0);
        self.answer();
        let mut content = Vec::new();
        loop {
            self.send(2, &[NEXT_BLOCK]);
            let head = self.record(2);
            let len = usize::from(u16::from_le_bytes([head[0], head[1]]));
            let block = [head, self.record(len)].concat();
            let piece = parse_block(&block).expect("a block");
            if piece.is_empty() {
                self.answer();
                return content;
            }
            content.extend_from_slice(piece);
        }
    }
}

fn noise(len: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    };
    (0..len).map(|_| next()).collect()
}

#[test]
fn ucli_drives_the_board_over_webrepl() {
    let net = Net::start();
    let content = noise(30_000);
    net.desk.put("data.bin", &content);
    assert_eq!(net.web(&["eval", "6*7"]).out(), "42\r\n");
    net.web(&["cp", "data.bin", ":"]).run().ok();
    net.web(&["cp", ":data.bin", "back.bin"]).run().ok();
    assert_eq!(net.desk.get("back.bin"), content);
    for program in [
        "while True: pass",
        "import time; time.sleep(10**6)",
        "input()",
    ] {
        net.web(&["exec", "--no-follow", program]).run().ok();
        assert_eq!(net.web(&["eval", "1"]).out(), "1\r\n", "{program}");
    }
    // The line is there all the same.
    assert_eq!(net.serial(&["eval", "2"]).out(), "2\r\n");
    net.serial(&["soft-reset"]).run().ok();
    assert_eq!(net.serial(&["eval", "3"]).out(), "3\r\n");
}

/// The server ends with the interpreter, and with it the connection: that is no failure.
#[test]
fn a_soft_reset_over_webrepl_ends_well() {
    let net = Net::start();
    net.web(&["exec", "kept = 1"]).run().ok();
    net.web(&["soft-reset"]).run().ok();
    assert_eq!(
        net.serial(&["resume", "eval", "'kept' in globals()"]).out(),
        "False\r\n"
    );
}

/// `webrepl_setup` asks until it has a password, and adds two lines to `boot.py` that it takes away again.
#[test]
fn webrepl_setup_switches_it_on_and_off() {
    let net = Net::start();
    net.desk.put("boot.py", "first = 1\n");
    net.serial(&["cp", "boot.py", ":boot.py"]).run().ok();
    let mut client = Client::log_in(net.port);
    client.asks("import webrepl_setup", "status: disabled\r\n\r\nWould you");
    client.asks("X", ">>> ");
    client.asks("webrepl_setup.main()", "(Empty line to quit)\r\n> ");
    client.asks("E", "New password (4-9 chars): ");
    client.asks(
        "abc",
        "Invalid password length\r\nNew password (4-9 chars): ",
    );
    client.asks("letmein", "Confirm password: ");
    client.asks(
        "letmeout",
        "Passwords do not match\r\nNew password (4-9 chars): ",
    );
    client.asks("letmein", "Confirm password: ");
    client.asks("letmein", "Changes will be activated after reboot\r\n>>> ");
    assert_eq!(client.get(b"/webrepl_cfg.py"), b"PASS = 'letmein'\n");
    assert_eq!(
        client.get(b"/boot.py"),
        b"first = 1\nimport webrepl\nwebrepl.start()\n"
    );
    client.asks("webrepl_setup.main()", "status: enabled\r\n\r\nWould you");
    client.asks("E", "change WebREPL password? (y/n) ");
    client.asks("n", "No further action required\r\n>>> ");
    client.asks("webrepl_setup.main()", "(Empty line to quit)\r\n> ");
    client.asks("d", "Changes will be activated after reboot\r\n>>> ");
    assert_eq!(client.get(b"/boot.py"), b"first = 1\n");
}

#[test]
fn wrong_password_and_second_client_are_refused() {
    let net = Net::start();
    let wrong = format!("ws://:wrong@127.0.0.1:{}", net.port);
    net.desk
        .ucli(&["-p", &wrong, "eval", "1"])
        .run()
        .fails(3, "refused the password");
    let mut client = Client::log_in(net.port);
    let mut second = Client::connect(net.port);
    assert_eq!(second.ends(), "");
    client.shows("Concurrent WebREPL connection from");
    client.types("1+1\r");
    client.shows("2\r\n>>> ");
    drop(client);
    // The place is free again.
    Client::log_in(net.port).types("\r");
}

/// What comes over the network is no WebSocket, stops in the middle, or is too long: the board goes on.
#[test]
fn damaged_requests_do_no_harm() {
    let net = Net::start();
    for request in [
        &b"GET / HTTP/1.0\r\n\r\n"[..],
        b"\r\n\r\n",
        b"\xff\xfe\0\0\r\n\r\n",
        b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
        &[b'a'; 2000],
        b"",
    ] {
        let mut stream = TcpStream::connect(("127.0.0.1", net.port)).expect("the board listens");
        stream.write_all(request).expect("the board listens");
        stream
            .shutdown(std::net::Shutdown::Write)
            .expect("a socket");
        let mut answer = Vec::new();
        // It may be cut off as well as answered.
        let _ = stream.read_to_end(&mut answer);
        assert!(!answer.starts_with(b"HTTP/1.1 101"), "{answer:?}");
    }
    // A frame with a 64-bit length, one that says more than comes, and an order that is none.
    for bytes in [
        &[0x81, 0x7f, 0, 0, 0, 0, 0, 0, 0, 1, 65][..],
        &[0x82, 0x7e, 0xff, 0xff, 1, 2, 3],
        &[&[0x82, 82, b'W', b'A', 9][..], &[0; 79]].concat(),
    ] {
        let mut client = Client::log_in(net.port);
        client.stream.write_all(bytes).expect("the board listens");
        client
            .stream
            .shutdown(std::net::Shutdown::Write)
            .expect("a socket");
        client.ends();
        assert_eq!(net.serial(&["eval", "1"]).out(), "1\r\n");
    }
    assert_eq!(net.web(&["eval", "2"]).out(), "2\r\n");
}

#[test]
fn records_move_files() {
    let net = Net::start();
    let mut client = Client::log_in(net.port);
    for content in [noise(20_000), Vec::new(), noise(256)] {
        client.put(b"/a.bin", &content);
        assert_eq!(client.get(b"a.bin"), content);
    }
    client.request(Operation::Version, b"", 0);
    assert_eq!(client.record(3), [1, 29, 0]);
    // The prompt is there between transfers.
    client.types("print(len(open('a.bin','rb').read()))\r");
    client.shows("256\r\n>>> ");
    // A file that is not there ends the connection, not the board.
    client.request(Operation::Get, b"nowhere", 0);
    let said = client.ends();
    assert!(!said.contains("WB"), "{said}");
    assert_eq!(net.serial(&["eval", "1"]).out(), "1\r\n");
}

/// Any stream can be the second end; it hears and says what the line does, and is dropped when it ends.
#[test]
fn stream_in_python_is_a_second_end_of_the_console() {
    let (desk, sim) = (Desk::new(), Sim::start(&[]));
    let on = |words: &[&str]| desk.ucli(&[&["-p", sim.address()], words].concat());
    let program = "import io,os,time
class End(io.IOBase):
    def __init__(self,said): self.said=said;self.heard=b''
    def write(self,data): self.heard+=bytes(data);return len(data)
    def readinto(self,buffer):
        if not self.said: return None
        if self.said[0]==0: return 0
        buffer[0]=self.said[0];self.said=self.said[1:];return 1
end=End(b'typed\\r')
print(os.dupterm(end),os.dupterm(end) is end)
print('said:',input())
print('copied')
time.sleep_ms(50)
os.dupterm(None)
print('not copied')
time.sleep_ms(50)
print(b'copied' in end.heard, b'not copied' in end.heard)
end=End(bytes(1))
os.dupterm(end)
time.sleep_ms(50)
print(os.dupterm(None))
class Bad(End):
    def readinto(self,buffer): 1/0
os.dupterm(Bad(b''))
time.sleep_ms(50)
print(os.dupterm(None))
try: os.dupterm(5)
except OSError as e: print(e)
";
    desk.put("second.py", program);
    let said = on(&["run", "second.py"]).out();
    assert!(
        said.starts_with(
            "None True\r\ntyped\r\nsaid: typed\r\ncopied\r\nnot copied\r\nTrue False\r\n"
        ),
        "{said}"
    );
    assert!(
        said.contains("dupterm: EOF received, deactivating\r\nNone\r\n"),
        "{said}"
    );
    assert!(
        said.contains("dupterm: Exception in read() method, deactivating: Traceback"),
        "{said}"
    );
    assert!(
        said.ends_with(
            "ZeroDivisionError: divide by zero\r\nNone\r\nstream operation not supported\r\n"
        ),
        "{said}"
    );
}
