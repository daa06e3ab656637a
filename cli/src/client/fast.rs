//! The agent's fast path: raw bytes down in acknowledged windows, frames up.
//!
//! The frames and the window are `ucli_protocol::agent`'s; here are the wire, the clock and Ctrl-C.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use ucli_protocol::agent::{Decoder, Frame, Kind, Sender, request_header};
use ucli_protocol::control;
use ucli_protocol::host::{Exec, ExecEvent};

use super::agent::{QUIET, Reply};
use super::interrupt;
use super::session::Session;
use crate::error::{Code, Error, Result};
use crate::output::sanitise;

/// How many windows may be on the way.
const IN_FLIGHT: u32 = 2;
/// How long the agent may leave data unacknowledged.
const STALL: Duration = Duration::from_secs(8);

/// The fast path.
pub(super) struct Fast<'s> {
    session: &'s mut Session,
    sender: Sender,
    decoder: Decoder,
    out: Vec<u8>,
    out_sent: usize,
    partial: Vec<u8>,
    capabilities: Option<Vec<u8>>,
    capabilities_came: bool,
    /// It has said that it ends.
    ended: bool,
    /// It ended without saying so.
    died: bool,
    /// It was told to end, and whether to leave raw mode as well.
    farewell: Option<bool>,
}

impl<'s> Fast<'s> {
    /// Starts the agent; `None` when the board lacks what it needs.
    pub(super) fn start(
        session: &'s mut Session,
        machine: &mut Exec<'_>,
        body: Vec<u8>,
        window: usize,
    ) -> Result<Option<Self>> {
        let mut decoder = Decoder::new();
        if !start_program(session, machine, &mut decoder)? {
            return Ok(None);
        }
        let mut sender = Sender::new(u32::try_from(window).unwrap_or(u32::MAX), IN_FLIGHT);
        // The last, partial window of the agent itself is acknowledged like a whole one.
        sender.sent(body.len().next_multiple_of(window) - body.len());
        Ok(Some(Self {
            session,
            sender,
            decoder,
            out: body,
            out_sent: 0,
            partial: Vec::new(),
            capabilities: None,
            capabilities_came: false,
            ended: false,
            died: false,
            farewell: None,
        }))
    }

    /// Whether the user wants it to stop.
    pub(super) fn stop_wanted(&self) -> bool {
        interrupt::count() > 0
    }

    /// What the board said it can do, once.
    pub(super) fn take_capabilities(&mut self) -> Option<Vec<u8>> {
        self.capabilities.take()
    }

    /// Puts bytes behind those that are to be sent.
    pub(super) fn queue(&mut self, bytes: &[u8]) {
        if self.out_sent == self.out.len() {
            self.out.clear();
            self.out_sent = 0;
            self.session.wire.listen_afresh();
        }
        self.out.extend_from_slice(bytes);
    }

    fn queued_bytes(&self) -> usize {
        self.out.len() - self.out_sent
    }

    /// Sends and receives until at most `most_bytes` are queued.
    pub(super) fn pump(&mut self, replies: &mut VecDeque<Reply>, most_bytes: usize) -> Result<()> {
        loop {
            self.decode(replies)?;
            self.send()?;
            if self.queued_bytes() <= most_bytes {
                return Ok(());
            }
            self.wait()?;
        }
    }

    /// Sends and receives until something has come.
    pub(super) fn pump_reply(&mut self, replies: &mut VecDeque<Reply>) -> Result<()> {
        self.decode(replies)?;
        self.send()?;
        if replies.is_empty() {
            self.wait()?;
            self.decode(replies)?;
        }
        Ok(())
    }

    /// Writes what the window allows.
    fn send(&mut self) -> Result<()> {
        loop {
            let len = self.queued_bytes().min(self.sender.may_send());
            if len == 0 {
                return Ok(());
            }
            let sent = self
                .session
                .wire
                .write_some(&self.out[self.out_sent..self.out_sent + len])?;
            self.sender.sent(sent);
            self.out_sent += sent;
            if sent == 0 {
                // No room on the wire: what the board says meanwhile must be read.
                self.session.wire.fill(Instant::now())?;
                return Ok(());
            }
            self.session.wire.listen_afresh();
        }
    }

    /// Sorts what has come.
    fn decode(&mut self, replies: &mut VecDeque<Reply>) -> Result<()> {
        while !self.ended && !self.session.wire.pending().is_empty() {
            let pending = self.session.wire.pending();
            let (used, frame) = self.decoder.receive(pending);
            let mut consumed = used;
            match frame {
                Some(Frame::Aside(bytes)) => {
                    if let Some(at) = bytes.iter().position(|&byte| byte == control::END) {
                        // The program that the agent is has ended without saying so.
                        consumed = used - bytes.len() + at;
                        self.ended = true;
                        self.died = true;
                    }
                }
                Some(Frame::Part { kind, bytes, last }) => {
                    self.partial.extend_from_slice(bytes);
                    if last {
                        let payload = core::mem::take(&mut self.partial);
                        self.frame(kind, payload, replies);
                    }
                }
                Some(Frame::Damaged) => {
                    self.session.tear();
                    return Err(self.damaged());
                }
                None => {}
            }
            self.session.wire.consume(consumed);
        }
        if self.died {
            return Err(self.dead());
        }
        Ok(())
    }

    fn frame(&mut self, kind: Kind, payload: Vec<u8>, replies: &mut VecDeque<Reply>) {
        match kind {
            Kind::Ack => self.sender.acknowledged(),
            Kind::End => self.ended = true,
            Kind::Data if !self.capabilities_came => {
                self.capabilities_came = true;
                self.capabilities = Some(payload);
            }
            Kind::Data => replies.push_back(Reply::Data(payload)),
            Kind::Result => replies.push_back(Reply::Done),
            Kind::Error => replies.push_back(Reply::Raised(sanitise::lossy(&payload))),
        }
    }

    fn dead(&self) -> Error {
        Error::new(
            Code::NoAnswer,
            format!("`{}` dropped the transfer", self.session.name()),
        )
    }

    fn damaged(&self) -> Error {
        let name = self.session.name();
        Error::new(
            Code::Verify,
            format!("What `{name}` says is damaged on the way"),
        )
        .hint("A lower `--baud`, a better cable, or a shorter one; then repeat the command")
    }

    /// Waits for the board.
    fn wait(&mut self) -> Result<()> {
        if self.ended {
            return Err(self.dead());
        }
        if interrupt::count() >= 2 {
            self.session.tear();
            return Err(Error::new(Code::Interrupted, "Interrupted"));
        }
        if self.session.wire.fill(Instant::now() + interrupt::SLICE)? {
            return Ok(());
        }
        let silence = self.session.wire.silence();
        let stalled =
            self.sender.unacknowledged_bytes() > 0 && self.queued_bytes() > 0 && silence > STALL;
        if stalled || silence > QUIET {
            self.session.tear();
            let name = self.session.name();
            let error = Error::new(
                Code::NoAnswer,
                format!(
                    "`{name}` stopped in the middle of a transfer: silent for {} s",
                    silence.as_secs()
                ),
            );
            return Err(error.hint(
                "The files on the board are whole: the old or the new ones; repeat the command",
            ));
        }
        Ok(())
    }

    /// Tells the agent to end behind what is queued: nothing more will be asked of it.
    pub(super) fn say_farewell(&mut self) {
        let leave = self.session.early_leave();
        self.queue(&request_header(0));
        self.queue(leave);
        self.farewell = Some(!leave.is_empty());
    }

    /// Ends the agent. The board's last words are waited for when they matter.
    pub(super) fn end(mut self) -> Result<()> {
        if self.session.is_torn() {
            return Ok(());
        }
        if self.died {
            self.session.tear();
            return Ok(());
        }
        if let Some(leaving) = self.farewell {
            self.flush()?;
            if leaving {
                self.session.left_early();
            } else {
                self.session.settle_later(&[]);
            }
            return Ok(());
        }
        if self.ended {
            self.session.settle_later(&[]);
            return Ok(());
        }
        let bye = request_header(0);
        if self.queued_bytes() == 0 && self.sender.may_send() >= bye.len() {
            // It goes out with what the session says next, in one packet.
            self.session.settle_later(&bye);
            return Ok(());
        }
        self.queue(&bye);
        self.flush()?;
        self.session.settle_later(&[]);
        Ok(())
    }

    /// Sends all that is queued.
    fn flush(&mut self) -> Result<()> {
        let mut rest = VecDeque::new();
        while self.queued_bytes() > 0 {
            self.decode(&mut rest)?;
            self.send()?;
            if self.queued_bytes() > 0 {
                self.wait()?;
            }
        }
        Ok(())
    }
}

/// Sends the program and waits for its first frame; false when it raised instead.
fn start_program(
    session: &mut Session,
    machine: &mut Exec<'_>,
    decoder: &mut Decoder,
) -> Result<bool> {
    session.wire.listen_afresh();
    let mut failing = false;
    loop {
        while !session.wire.pending().is_empty() {
            let pending = session.wire.pending();
            let used = if failing || !machine.is_running() {
                let (used, event) = match machine.receive(pending) {
                    Ok(found) => found,
                    Err(error) => return Err(session.exec_error(error)),
                };
                if matches!(
                    event,
                    Some(ExecEvent::Finished { .. } | ExecEvent::Reset | ExecEvent::Cancelled)
                ) {
                    session.wire.consume(used);
                    return Ok(false);
                }
                used
            } else {
                let (used, frame) = decoder.receive(pending);
                match frame {
                    Some(Frame::Part {
                        kind: Kind::Ack,
                        last: true,
                        ..
                    }) => {
                        session.wire.consume(used);
                        return Ok(true);
                    }
                    Some(Frame::Aside(bytes)) => {
                        match bytes.iter().position(|&byte| byte == control::END) {
                            Some(at) => {
                                failing = true;
                                used - bytes.len() + at
                            }
                            None => used,
                        }
                    }
                    _ => used,
                }
            };
            session.wire.consume(used);
        }
        session.push(machine)?;
        session.wire.fill(Instant::now() + interrupt::SLICE)?;
        if session.wire.silence().max(session.wire.idle()) > session.timeout() {
            session.tear();
            let name = session.name();
            return Err(Error::new(
                Code::NoAnswer,
                format!("`{name}` does not accept the transfer agent"),
            ));
        }
    }
}
