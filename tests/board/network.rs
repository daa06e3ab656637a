//! The network of the simulated board against CPython: TLS as client and server, HTTP, asyncio.
#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use harness::paths;
use harness::program::{Call, Desk};
use harness::sim::Sim;

/// A peer whose first line of output says where it is.
struct Peer {
    child: Child,
    output: BufReader<ChildStdout>,
    first: String,
}

impl Peer {
    fn start(words: &[&str]) -> Self {
        let script = paths::root().join("tests/board/peers/tls_peer.py");
        let mut child = Command::new(paths::peers().join("python3"))
            .arg(script)
            .args(words)
            .stdout(Stdio::piped())
            .spawn()
            .expect("python starts");
        let mut output = BufReader::new(child.stdout.take().expect("it was asked for"));
        let mut first = String::new();
        output.read_line(&mut first).expect("it says something");
        Self {
            child,
            output,
            first: first.trim().to_string(),
        }
    }

    /// What else it says until its end.
    fn rest(mut self) -> String {
        let mut text = String::new();
        self.output.read_to_string(&mut text).expect("text");
        self.child.wait().expect("it ends");
        text.trim().to_string()
    }
}

/// A desk with an authority, and certificates of a server and of a client that it has signed.
fn certified() -> Desk {
    let desk = Desk::new();
    let directory = desk.path();
    let openssl = |words: &[&str]| {
        let done = Command::new("openssl")
            .args(words)
            .current_dir(&directory)
            .stdin(Stdio::null())
            .output()
            .expect("openssl runs");
        assert!(
            done.status.success(),
            "{words:?}: {}",
            String::from_utf8_lossy(&done.stderr)
        );
    };
    let curve = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ];
    let subject = [
        "-subj",
        "/CN=test authority",
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
    ];
    openssl(&[&["req", "-x509", "-days", "30"][..], &curve, &subject].concat());
    desk.put(
        "server.ext",
        "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n",
    );
    desk.put(
        "client.ext",
        "basicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth\n",
    );
    for name in ["server", "client"] {
        let subject = format!("/CN={name}");
        let (key, request) = (format!("{name}.key"), format!("{name}.csr"));
        let made = ["-subj", &subject, "-keyout", &key, "-out", &request];
        openssl(&[&["req", "-new"][..], &curve, &made].concat());
        let (certificate, extensions) = (format!("{name}.pem"), format!("{name}.ext"));
        openssl(&[
            "x509",
            "-req",
            "-in",
            &request,
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "30",
            "-extfile",
            &extensions,
            "-out",
            &certificate,
        ]);
    }
    desk
}

fn path(desk: &Desk, name: &str) -> String {
    desk.path().join(name).to_string_lossy().into_owned()
}

/// A program on the board, with the desk as its directory.
fn on_board(desk: &Desk, board: &Sim, program: &str) -> Call {
    desk.put("program.py", program);
    desk.ucli(&["-p", board.address(), "run", "program.py", "--mount", "."])
}

/// A client on the board: sends a line, prints the answer, the protocol, or the error.
fn client(port: &str, settings: &str, name: &str) -> String {
    format!(
        "import socket, ssl\n\
         def read(name):\n    with open(name, 'rb') as file:\n        return file.read()\n\
         context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)\n{settings}\n\
         s = socket.socket()\n\
         s.connect(('127.0.0.1', {port}))\n\
         try:\n    \
         t = context.wrap_socket(s, server_hostname={name})\n    \
         t.write(b'from the board\\n')\n    \
         print(t.readline(), t.cipher()[1])\n    \
         t.close()\n\
         except OSError as error:\n    \
         print('OSError', error)\n    \
         s.close()\n"
    )
}

const VERIFIED: &str =
    "context.verify_mode = ssl.CERT_REQUIRED\ncontext.load_verify_locations(cadata=read('ca.pem'))";

#[test]
fn board_speaks_tls_of_both_versions_and_verifies() {
    let desk = certified();
    let board = Sim::start(&["--pty"]);
    for (version, shown) in [("TLSv1_2", "TLSv1_2"), ("TLSv1_3", "TLSv1_3")] {
        let (cert, key) = (path(&desk, "server.pem"), path(&desk, "server.key"));
        let peer = Peer::start(&["server", version, &cert, &key]);
        let program = client(&peer.first, VERIFIED, "'localhost'");
        let said = on_board(&desk, &board, &program).out();
        assert!(said.contains("b'FROM THE BOARD\\n'"), "{said}");
        assert!(said.contains(shown), "{said}");
        let served = peer.rest();
        assert!(served.starts_with("served TLSv1."), "{served}");
    }
}

#[test]
fn board_refuses_a_certificate_for_another_name_and_one_nobody_has_signed() {
    let desk = certified();
    let other = certified();
    let board = Sim::start(&["--pty"]);
    for (certificates, name) in [(&desk, "'elsewhere'"), (&other, "'localhost'")] {
        let (cert, key) = (
            path(certificates, "server.pem"),
            path(certificates, "server.key"),
        );
        let peer = Peer::start(&["server", "TLSv1_3", &cert, &key]);
        let said = on_board(&desk, &board, &client(&peer.first, VERIFIED, name)).out();
        assert!(said.contains("OSError"), "{said}");
        assert!(said.contains("not valid"), "{said}");
        assert!(peer.rest().starts_with("refused"));
    }
    // Whoever does not look is not told.
    let (cert, key) = (path(&other, "server.pem"), path(&other, "server.key"));
    let peer = Peer::start(&["server", "TLSv1_3", &cert, &key]);
    let said = on_board(&desk, &board, &client(&peer.first, "pass", "'elsewhere'")).out();
    assert!(said.contains("FROM THE BOARD"), "{said}");
}

#[test]
fn board_shows_its_own_certificate_when_it_is_asked() {
    let desk = certified();
    let board = Sim::start(&["--pty"]);
    let (cert, key, ca) = (
        path(&desk, "server.pem"),
        path(&desk, "server.key"),
        path(&desk, "ca.pem"),
    );
    let own =
        format!("{VERIFIED}\ncontext.load_cert_chain(read('client.pem'), read('client.key'))");
    let peer = Peer::start(&["server", "TLSv1_3", &cert, &key, &ca]);
    let said = on_board(&desk, &board, &client(&peer.first, &own, "'localhost'")).out();
    assert!(said.contains("FROM THE BOARD"), "{said}");
    assert!(peer.rest().ends_with("client"));
    let peer = Peer::start(&["server", "TLSv1_2", &cert, &key, &ca]);
    let said = on_board(&desk, &board, &client(&peer.first, VERIFIED, "'localhost'")).out();
    assert!(said.contains("OSError"), "{said}");
    assert!(peer.rest().starts_with("refused"));
}

#[test]
fn cpython_verifies_a_server_on_the_board() {
    let desk = certified();
    let board = Sim::start(&["--pty"]);
    let port = free_port();
    let program = format!(
        "import socket, ssl\n\
         context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n\
         context.load_cert_chain('server.pem', 'server.key')\n\
         s = socket.socket()\n\
         s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n\
         s.bind(('127.0.0.1', {port}))\n\
         s.listen(1)\n\
         print('listening')\n\
         c, _ = s.accept()\n\
         t = context.wrap_socket(c, server_side=True)\n\
         line = t.readline()\n\
         t.write(line.upper())\n\
         t.close()\n\
         print('got', line)\n"
    );
    let mut running = on_board(&desk, &board, &program).start();
    running.wait_for("listening");
    let peer = Peer::start(&["client", &port.to_string(), &path(&desk, "ca.pem")]);
    assert!(peer.first.contains("FROM CPYTHON"), "{}", peer.first);
    let said = running.finish().ok().out();
    assert!(said.contains("got b'from cpython\\n'"), "{said}");
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// CPython's own web server over a directory.
struct Web(Child);

impl Web {
    fn start(directory: &Path) -> (Self, u16) {
        let port = free_port();
        let child = Command::new(paths::peers().join("python3"))
            .args([
                "-m",
                "http.server",
                &port.to_string(),
                "--bind",
                "127.0.0.1",
            ])
            .current_dir(directory)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("python starts");
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::yield_now();
        }
        (Self(child), port)
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        // It has served its purpose whatever it says now.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn lines_of_the_article_run_as_they_are() {
    let desk = Desk::new();
    let www: PathBuf = desk.path().join("www");
    std::fs::create_dir(&www).expect("a directory of ours");
    std::fs::write(www.join("data.json"), "{\"led\": 15}").expect("a file of ours");
    let (_web, port) = Web::start(&www);
    let board = Sim::start(&["--pty"]);
    desk.put(
        "config.json",
        format!("{{\"url\": \"http://127.0.0.1:{port}/data.json\"}}"),
    );
    desk.ucli(&["-p", board.address(), "cp", "config.json", ":"])
        .run()
        .ok();
    let said = on_board(
        &desk,
        &board,
        "import network, time\n\
         wlan = network.WLAN(network.STA_IF)\n\
         wlan.active(True)\n\
         wlan.connect('upy', 'micropython')\n\
         while not wlan.isconnected():\n    time.sleep_ms(10)\n\
         import upip\n\
         upip.install('micropython-requests')\n\
         import urequests, json, machine\n\
         config = json.load(open('/config.json'))\n\
         answer = urequests.get(config['url']).json()\n\
         pin = machine.Pin(answer['led'], machine.Pin.OUT)\n\
         pin.on()\n\
         print(pin, pin.value(), wlan.ifconfig()[0])\n",
    )
    .out();
    assert!(said.contains("is built into this firmware"), "{said}");
    assert!(said.contains("Pin(GPIO15, mode=OUT) 1 127.0.0.1"), "{said}");
}

/// `WLAN.config` should set the board's own access point and name the network that a station is in.
#[test]
fn access_point_is_what_config_made_it() {
    let desk = Desk::new();
    let board = Sim::start(&["--pty"]);
    let said = on_board(
        &desk,
        &board,
        "import network\n\
         ap = network.WLAN(network.AP_IF)\n\
         ap.config(ssid='pump', key='long enough', channel=11, hidden=True)\n\
         ap.active(True)\n\
         print([ap.config(what) for what in ('ssid', 'channel', 'security')], ap.isconnected())\n\
         ap.config(security=0)\n\
         print(ap.config('essid'), ap.config('security'))\n\
         def refused(**settings):\n\
        \x20    try:\n\
        \x20        ap.config(**settings)\n\
        \x20    except (OSError, ValueError) as error:\n\
        \x20        print(repr(error))\n\
         refused(channel=14)\n\
         refused(channel=300)\n\
         refused(key='short')\n\
         refused(ssid='')\n\
         refused(security=3)\n\
         refused(pm=1)\n\
         print(ap.config('ssid'), ap.config('channel'))\n\
         sta = network.WLAN(network.STA_IF)\n\
         sta.active(True)\n\
         print(repr(sta.config('ssid')))\n\
         sta.connect('upy', 'micropython')\n\
         print(sta.config('ssid'), sta.config('channel'))\n",
    )
    .out();
    assert_eq!(
        said.replace("\r\n", "\n"),
        "['pump', 11, 3] True\n\
         pump 0\n\
         OSError(22,)\n\
         OSError(22,)\n\
         OSError(22,)\n\
         OSError(22,)\n\
         ValueError('security and key do not fit',)\n\
         OSError(95,)\n\
         pump 11\n\
         ''\n\
         upy 6\n"
    );
}

/// A real broker that lets in whoever the authority has signed. It ends with its handle.
struct Broker(Child);

impl Broker {
    fn start(desk: &Desk) -> (Self, u16) {
        let port = free_port();
        let settings = format!(
            "listener {port} 127.0.0.1\ncafile {}\ncertfile {}\nkeyfile {}\nrequire_certificate true\n\
             use_identity_as_username true\nallow_anonymous false\nuser root\n",
            path(desk, "ca.pem"),
            path(desk, "server.pem"),
            path(desk, "server.key"),
        );
        desk.put("mosquitto.conf", settings);
        let child = Command::new("/usr/sbin/mosquitto")
            .args(["-c", &path(desk, "mosquitto.conf")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("mosquitto starts");
        let mut broker = Self(child);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = broker.0.try_wait().expect("our own child");
            assert!(ended.is_none(), "mosquitto has ended: {ended:?}");
            std::thread::yield_now();
        }
        (broker, port)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // It has served its purpose whatever it says now.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether the broker and the program that speaks MQTT are there; in CI they have to be.
#[expect(
    clippy::print_stderr,
    reason = "whoever runs the tests sees what was skipped"
)]
fn has_mqtt() -> bool {
    let program = paths::peers().join("../../packages/umqtt/simple.py");
    let is_there = Path::new("/usr/sbin/mosquitto").exists() && program.exists();
    assert!(
        is_there || std::env::var_os("CI").is_none(),
        "mosquitto or umqtt.simple is missing: `cargo xtask setup`"
    );
    if !is_there {
        eprintln!("skipped: mosquitto or umqtt.simple is missing: `cargo xtask setup`");
    }
    is_there
}

/// The way devices connect to AWS IoT: both sides show certificates. The program is umqtt.simple as it is on the index.
#[test]
fn unmodified_umqtt_publishes_and_subscribes_over_mutual_tls() {
    if !has_mqtt() {
        return;
    }
    let desk = certified();
    let (_broker, port) = Broker::start(&desk);
    let board = Sim::start(&["--pty"]);
    let umqtt = std::fs::read(paths::peers().join("../../packages/umqtt/simple.py"));
    desk.put("lib/umqtt/simple.py", umqtt.expect("it is there"));
    for name in ["ca.pem", "client.pem", "client.key"] {
        let content = desk.get(name);
        desk.put(&format!("lib/{name}"), content);
    }
    desk.ucli(&["-p", board.address(), "cp", "-r", "lib", ":"])
        .run()
        .ok();
    let program = format!(
        "from umqtt.simple import MQTTClient
import ssl
def read(name):
    with open('/lib/' + name, 'rb') as file: return file.read()
def client(name, **settings):
    return MQTTClient(name, '127.0.0.1', port={port}, keepalive=60, ssl=True, ssl_params=dict(
        cert_reqs=ssl.CERT_REQUIRED, cadata=read('ca.pem'), server_hostname='localhost', **settings))
heard = []
mine = client('board', cert=read('client.pem'), key=read('client.key'))
mine.set_callback(lambda topic, message: heard.append((topic, message)))
mine.connect()
mine.subscribe(b'sensors/#', qos=1)
for number in range(5):
    mine.publish(b'sensors/%d' % number, b'value %d' % number, qos=number % 2)
mine.publish(b'sensors/large', b'x' * 20000, qos=1)
while len(heard) < 6: mine.wait_msg()
print([topic for topic, message in heard], len(heard[-1][1]))
mine.ping()
mine.disconnect()
try:
    client('stranger').connect()
    print('let in')
except (OSError, IndexError, TypeError): print('refused')
"
    );
    desk.put("program.py", program);
    let said = desk
        .ucli(&["-p", board.address(), "run", "program.py"])
        .out();
    let topics: Vec<String> = (0..5)
        .map(|number| format!("b'sensors/{number}'"))
        .collect();
    assert_eq!(
        said,
        format!(
            "[{}, b'sensors/large'] 20000\r\nrefused\r\n",
            topics.join(", ")
        )
    );
}
