//! What a board with a network has to do in its emulator: the programs in `tests/ports/network`, against the servers of
//! CPython in `peer.py` there. The board is behind QEMU's network, where this machine is 10.0.2.2; a second network that
//! the peer makes of frames is on the same wire.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::Port;
use super::emulator::Emulator;
use super::smoke::{text, type_and_look, ucli};
use crate::run::{output, run};
use crate::{Failed, Result, root, target};

/// Programs by their names, in this order: the first brings the link up.
const PROGRAMS: [&str; 9] = [
    "link",
    "streams",
    "trouble",
    "server",
    "datagrams",
    "names",
    "secure",
    "web",
    "mqtt",
];

/// The other side, which ends with its handle.
struct Peer {
    child: Child,
    /// Where everything is, as JSON, which is Python too.
    said: String,
}

impl Peer {
    fn start(directory: &Path, ports: [u16; 3]) -> Result<Self> {
        fs::create_dir_all(directory)?;
        let mut child = Command::new(target().join("peers/venv/bin/python3"))
            .arg(root().join("tests/ports/network/peer.py"))
            .arg(directory)
            .args(ports.map(|port| port.to_string()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut said = String::new();
        if let Some(stream) = child.stdout.take() {
            BufReader::new(stream).read_line(&mut said)?;
        }
        let mut peer = Self { child, said };
        if peer.said.trim().is_empty() {
            // It has told why on its standard error.
            let status = peer.child.wait()?;
            return Err(Failed(format!("the peer of the network: {status}")));
        }
        Ok(peer)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Its standard input ends, and with that the peer and its broker; if not, it is no longer of use either.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn free_stream() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn free_datagram() -> Result<u16> {
    Ok(UdpSocket::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Runs all programs on the port's board.
pub(super) fn on_board(port: &Port, image: &Path) -> Result {
    let directory = image.with_extension("network");
    if directory.exists() {
        fs::remove_dir_all(&directory)?;
    }
    let (forwarded, wire, local) = (free_stream()?, free_datagram()?, free_datagram()?);
    let peer = Peer::start(&directory, [forwarded, wire, local])?;
    let flash = image.with_extension("flash");
    fs::File::create(&flash)?.set_len(port.machine.flash_bytes())?;
    let user = format!("user,id=user,hostfwd=tcp:127.0.0.1:{forwarded}-:80");
    let frames = format!("socket,id=frames,udp=127.0.0.1:{local},localaddr=127.0.0.1:{wire}");
    let options = [
        "-netdev",
        &user,
        "-netdev",
        &frames,
        "-netdev",
        "hubport,id=one,hubid=0,netdev=user",
        "-netdev",
        "hubport,id=two,hubid=0,netdev=frames",
        "-netdev",
        "hubport,id=board,hubid=0",
        "-net",
        "nic,model=lan9118,netdev=board",
    ];
    let board = port.machine.start_with(image, &flash, &options)?;
    // The garbage below counts.
    let mut count = 1;
    for name in PROGRAMS {
        if name == "mqtt" && !copy_client(&board)? {
            continue;
        }
        run_one(port, &board, name, &peer.said)?;
        count += 1;
    }
    interrupts(port, &board)?;
    drop(board);
    // QEMU's own network does not survive what comes now.
    let options = [
        "-netdev",
        &frames,
        "-net",
        "nic,model=lan9118,netdev=frames",
    ];
    let board = port.machine.start_with(image, &flash, &options)?;
    run_one(port, &board, "garbage", &peer.said)?;
    println!("{}: {count} programs with CPython over its wire", port.name);
    drop(board);
    fs::remove_dir_all(&directory)?;
    Ok(fs::remove_file(&flash)?)
}

fn run_one(port: &Port, board: &Emulator, name: &str, said_of_peer: &str) -> Result {
    let folder = root().join("tests/ports/network");
    let program = fs::read_to_string(folder.join(format!("{name}.py")))?;
    let wanted = fs::read_to_string(folder.join(format!("{name}.exp")))?;
    let program = format!("P = {}\n{program}", said_of_peer.trim());
    let said = output(ucli(
        &board.address,
        &["+", "soft-reset", "+", "exec", &program],
    ))?
    .replace("\r\n", "\n");
    if said == wanted {
        return Ok(());
    }
    Err(Failed(format!(
        "{}, {name}.py: {said:?} instead of {wanted:?}",
        port.name
    )))
}

/// Puts the MQTT client of the index on the board; `false` if that or the broker is missing, which is a failure in CI.
fn copy_client(board: &Emulator) -> Result<bool> {
    let client = target().join("peers/packages/umqtt/simple.py");
    if Path::new("/usr/sbin/mosquitto").exists() && client.exists() {
        let folder = target().join("firmware/lib/umqtt");
        fs::create_dir_all(&folder)?;
        fs::copy(&client, folder.join("simple.py"))?;
        let lib = text(&target().join("firmware/lib"));
        // The program before left its objects; a soft reset frees what a transfer needs.
        let words = ["+", "soft-reset", "+", "cp", "-r", &lib, ":"];
        run(ucli(&board.address, &words))?;
        return Ok(true);
    }
    let missing = "mosquitto or umqtt.simple is missing: `cargo xtask setup`";
    if std::env::var_os("CI").is_some() {
        return Err(Failed(missing.into()));
    }
    println!("skipped: {missing}");
    Ok(false)
}

/// Ctrl-C while a socket waits, as a person at the prompt.
fn interrupts(port: &Port, board: &Emulator) -> Result {
    let typed: [(&[u8], &str); 3] = [
        (b"\r\x03\x02import socket\r", ">>> "),
        (
            b"exec('s=socket.socket();s.bind((\"\",80));s.listen();print(6*7);s.accept()')\r",
            "42",
        ),
        (b"\x03", "KeyboardInterrupt"),
    ];
    type_and_look(port, &board.address, &typed)
}
