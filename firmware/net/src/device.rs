//! Frames as smoltcp wants them: a token for one that has come, a token for one that goes.

use smoltcp::phy::{self, Checksum, ChecksumCapabilities, DeviceCapabilities, Medium};
use smoltcp::time::Instant;
use upy_hal::net::{Ethernet, FRAME_BYTES};

/// Hardware and a buffer for each direction.
pub(crate) struct Device<'a, E> {
    pub(crate) hardware: E,
    received: &'a mut [u8; FRAME_BYTES],
    sent: &'a mut [u8; FRAME_BYTES],
}

impl<'a, E: Ethernet> Device<'a, E> {
    pub(crate) fn new(hardware: E, frames: &'a mut [[u8; FRAME_BYTES]; 2]) -> Self {
        let [received, sent] = frames;
        Self {
            hardware,
            received,
            sent,
        }
    }
}

/// A frame that has come.
pub(crate) struct Received<'t>(&'t [u8]);

/// Room for a frame that goes.
pub(crate) struct Sent<'t, E> {
    hardware: &'t mut E,
    room: &'t mut [u8; FRAME_BYTES],
}

impl phy::RxToken for Received<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, work: F) -> R {
        work(self.0)
    }
}

impl<E: Ethernet> phy::TxToken for Sent<'_, E> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, work: F) -> R {
        // The stack asks for no more than the capabilities say.
        let frame = &mut self.room[..len.min(FRAME_BYTES)];
        let done = work(frame);
        self.hardware.send(frame);
        done
    }
}

impl<E: Ethernet> phy::Device for Device<'_, E> {
    type RxToken<'t>
        = Received<'t>
    where
        Self: 't;
    type TxToken<'t>
        = Sent<'t, E>
    where
        Self: 't;

    fn receive(&mut self, _: Instant) -> Option<(Received<'_>, Sent<'_, E>)> {
        if !self.hardware.has_room() {
            return None;
        }
        let len = self.hardware.receive(self.received)?;
        let frame = self.received.get(..len)?;
        let sent = Sent {
            hardware: &mut self.hardware,
            room: self.sent,
        };
        Some((Received(frame), sent))
    }

    fn transmit(&mut self, _: Instant) -> Option<Sent<'_, E>> {
        self.hardware.has_room().then_some(Sent {
            hardware: &mut self.hardware,
            room: self.sent,
        })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = FRAME_BYTES;
        capabilities.max_burst_size = Some(1);
        let mut checksum = ChecksumCapabilities::default();
        checksum.tcp = Checksum::Both;
        capabilities.checksum = checksum;
        capabilities
    }
}
