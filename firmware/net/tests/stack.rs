//! Two stacks on a wire in memory that loses frames: streams and datagrams arrive, addresses and names are kept apart.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use upy_hal::machine::{Errno, Result};
use upy_hal::net::{Address, Addresses, Ethernet, FRAME_BYTES, Network, SocketKind, Wired};
use upy_net::{Memory, Places, Stack};

type Queue = Rc<RefCell<VecDeque<Vec<u8>>>>;

/// One end of the wire.
struct End {
    number: u8,
    arrives: Queue,
    leaves: Queue,
    /// Every so many frames one is lost; 0 for none.
    loss: usize,
    sent: usize,
}

impl Ethernet for End {
    fn mac(&self) -> [u8; 6] {
        [2, 0, 0, 0, 0, self.number]
    }

    fn activate(&mut self, _: bool) -> Result<()> {
        Ok(())
    }

    fn is_linked(&mut self) -> bool {
        true
    }

    fn is_waiting(&mut self) -> bool {
        !self.arrives.borrow().is_empty()
    }

    fn receive(&mut self, frame: &mut [u8; FRAME_BYTES]) -> Option<usize> {
        let got = self.arrives.borrow_mut().pop_front()?;
        frame[..got.len()].copy_from_slice(&got);
        Some(got.len())
    }

    fn has_room(&mut self) -> bool {
        self.leaves.borrow().len() < 8
    }

    fn send(&mut self, frame: &[u8]) {
        self.sent += 1;
        if self.loss == 0 || !self.sent.is_multiple_of(self.loss) {
            self.leaves.borrow_mut().push_back(frame.to_vec());
        }
    }
}

/// The time goes on each time it is asked for.
fn ticks_us() -> u64 {
    static NOW: AtomicU64 = AtomicU64::new(0);
    NOW.fetch_add(200, Ordering::Relaxed)
}

fn pair(loss: usize) -> [Stack<'static, End>; 2] {
    let (there, back) = (Queue::default(), Queue::default());
    let ends = [(1, Rc::clone(&back), Rc::clone(&there)), (2, there, back)];
    ends.map(|(number, arrives, leaves)| {
        let end = End {
            number,
            arrives,
            leaves,
            loss,
            sent: 0,
        };
        let (memory, places) = (
            Box::leak(Box::new(Memory::new())),
            Box::leak(Box::new(Places::new())),
        );
        let mut stack = Stack::new(end, memory, places, ticks_us, u64::from(number));
        let given = Addresses {
            host: [10, 0, 0, number],
            mask: [255, 255, 255, 0],
            ..Addresses::default()
        };
        stack.set_addresses(Some(given)).expect("a mask");
        stack.activate(true).expect("a wire");
        stack
    })
}

const AGAIN: Errno = Errno(11);

fn at(number: u8, port: u16) -> Address {
    Address {
        host: [10, 0, 0, number],
        port,
    }
}

/// Lets both stacks go on until something is there.
fn until<T>(
    stacks: &mut [Stack<'static, End>; 2],
    mut attempt: impl FnMut(&mut [Stack<'static, End>; 2]) -> Result<T>,
) -> Result<T> {
    for _ in 0..1_000_000 {
        match attempt(stacks) {
            Err(Errno(11 | 114 | 115)) => {}
            done => return done,
        }
        for stack in stacks.iter_mut() {
            stack.attend();
        }
    }
    panic!("it never came");
}

fn connected(stacks: &mut [Stack<'static, End>; 2]) -> (u32, u32) {
    let listener = stacks[1].open(SocketKind::Stream).expect("room");
    stacks[1].bind(listener, at(2, 80)).expect("free");
    stacks[1].listen(listener, 1).expect("room");
    let client = stacks[0].open(SocketKind::Stream).expect("room");
    until(stacks, |stacks| stacks[0].connect(client, at(2, 80))).expect("somebody listens");
    let (server, from) =
        until(stacks, |stacks| stacks[1].accept(listener)).expect("somebody connects");
    assert_eq!(from.host, [10, 0, 0, 1]);
    stacks[1].close(listener);
    (client, server)
}

fn streams_arrive(loss: usize) {
    let stacks = &mut pair(loss);
    let (client, server) = connected(stacks);
    let text: Vec<u8> = (0..200_000_u32).map(|i| (i * 7 % 251) as u8).collect();
    let (mut sent, mut got) = (0, Vec::<u8>::new());
    let mut room = [0; 700];
    while got.len() < text.len() {
        if sent < text.len() {
            match stacks[0].send(client, &text[sent..], None) {
                Ok(len) => sent += len,
                Err(errno) => assert_eq!(errno, AGAIN),
            }
            if sent == text.len() {
                stacks[0].close(client);
            }
        }
        stacks[0].attend();
        match stacks[1].receive(server, &mut room) {
            Ok((len, _)) => got.extend(&room[..len]),
            Err(errno) => assert_eq!(errno, AGAIN),
        }
    }
    assert!(got == text);
    let end = until(stacks, |stacks| stacks[1].receive(server, &mut room));
    assert_eq!(end.map(|(len, _)| len), Ok(0));
}

#[test]
fn a_stream_arrives_whole() {
    streams_arrive(0);
}

#[test]
fn a_stream_arrives_whole_where_frames_are_lost() {
    streams_arrive(13);
}

#[test]
fn a_connection_that_nobody_wants_is_refused() {
    let stacks = &mut pair(0);
    let client = stacks[0].open(SocketKind::Stream).expect("room");
    let refused = until(stacks, |stacks| stacks[0].connect(client, at(2, 80)));
    assert_eq!(refused, Err(Errno(111)));
    // The socket can be used for another attempt.
    let again = until(stacks, |stacks| stacks[0].connect(client, at(2, 81)));
    assert_eq!(again, Err(Errno(111)));
}

#[test]
fn a_host_that_is_not_there_times_out() {
    let stacks = &mut pair(0);
    let client = stacks[0].open(SocketKind::Stream).expect("room");
    let lost = until(stacks, |stacks| stacks[0].connect(client, at(9, 80)));
    assert_eq!(lost, Err(Errno::ETIMEDOUT));
}

#[test]
fn places_are_given_back() {
    let stacks = &mut pair(0);
    for _ in 0..40 {
        let (client, server) = connected(stacks);
        stacks[0].close(client);
        stacks[1].close(server);
    }
    let mut open = Vec::new();
    while let Ok(socket) = stacks[0].open(SocketKind::Datagram) {
        open.push(socket);
    }
    assert_eq!(open.len(), upy_net::DATAGRAMS);
    stacks[0].restart();
    assert!(stacks[0].open(SocketKind::Datagram).is_ok());
    assert_eq!(stacks[0].poll(99), Err(Errno(9)));
}

#[test]
fn datagrams_say_who_sent_them() {
    let stacks = &mut pair(0);
    let server = stacks[1].open(SocketKind::Datagram).expect("room");
    stacks[1]
        .bind(
            server,
            Address {
                host: [0; 4],
                port: 53,
            },
        )
        .expect("free");
    let client = stacks[0].open(SocketKind::Datagram).expect("room");
    assert_eq!(stacks[0].send(client, b"who?", Some(at(2, 53))), Ok(4));
    let mut room = [0; 10];
    let (len, from) =
        until(stacks, |stacks| stacks[1].receive(server, &mut room)).expect("it comes");
    assert_eq!((&room[..len], from.host), (&b"who?"[..], [10, 0, 0, 1]));
    stacks[1].send(server, b"you", Some(from)).expect("room");
    let (len, from) =
        until(stacks, |stacks| stacks[0].receive(client, &mut room)).expect("it comes");
    assert_eq!((&room[..len], from), (&b"you"[..], at(2, 53)));
    assert_eq!(
        stacks[0].send(client, &[0; 1473], Some(at(2, 53))),
        Err(Errno(90))
    );
    assert_eq!(stacks[0].send(client, b"x", None), Err(Errno(107)));
}
