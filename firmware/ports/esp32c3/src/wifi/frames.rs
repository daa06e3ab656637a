//! The frames of the radio's interfaces, for the stack of sockets: of one interface at a time, which is the station
//! where that is on.

use alloc::rc::Rc;
use core::cell::Cell;

use esp_radio::wifi::Interface;
use upy_hal::machine::Result;
use upy_hal::net::{Ethernet, FRAME_BYTES};

use super::{ACCESS_POINT, STATION, number_of};
use crate::time;

/// A look costs a turn of the scheduler.
const LOOK_US: u64 = 1000;

/// What carries frames now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carrier {
    /// The interface that is on.
    pub interface: Option<usize>,
    /// Somebody is at the other end. Frames that are sent before are counted and never sent.
    pub is_linked: bool,
}

/// The frames of the interface that [`Carrier`] names.
pub struct Frames {
    carrier: Rc<Cell<Carrier>>,
    /// Station, access point; there from their first use on.
    interfaces: [Option<Interface>; 2],
    looked_us: u64,
}

impl Frames {
    /// No frames, until the carrier names an interface.
    pub fn new(carrier: Rc<Cell<Carrier>>) -> Self {
        Self {
            carrier,
            interfaces: [None, None],
            looked_us: 0,
        }
    }

    fn interface(&mut self) -> Option<&mut Interface> {
        let number = self.carrier.get().interface?;
        let place = self.interfaces.get_mut(number)?;
        if place.is_none() {
            *place = match number {
                STATION => Interface::try_station(),
                _ => Interface::try_access_point(),
            };
        }
        place.as_mut()
    }
}

impl Ethernet for Frames {
    fn mac(&self) -> [u8; 6] {
        match self.carrier.get().interface {
            Some(ACCESS_POINT) => number_of(ACCESS_POINT),
            _ => number_of(STATION),
        }
    }

    /// The radio is switched by [`super::Radio`].
    fn activate(&mut self, _active: bool) -> Result<()> {
        Ok(())
    }

    fn is_linked(&mut self) -> bool {
        self.carrier.get().is_linked
    }

    fn is_waiting(&mut self) -> bool {
        let now = time::ticks_us();
        if now - self.looked_us < LOOK_US {
            return false;
        }
        self.looked_us = now;
        // What was not consumed is still there.
        self.interface()
            .is_some_and(|interface| interface.receive().is_some())
    }

    fn receive(&mut self, frame: &mut [u8; FRAME_BYTES]) -> Option<usize> {
        let (token, _) = self.interface()?.receive()?;
        token.consume_token(|came| {
            let place = frame.get_mut(..came.len())?;
            place.copy_from_slice(came);
            Some(came.len())
        })
    }

    fn has_room(&mut self) -> bool {
        self.is_linked()
            && self
                .interface()
                .is_some_and(|interface| interface.transmit().is_some())
    }

    fn send(&mut self, frame: &[u8]) {
        if !self.is_linked() {
            return;
        }
        if let Some(token) = self.interface().and_then(Interface::transmit) {
            token.consume_token(frame.len(), |room| room.copy_from_slice(frame));
        }
    }
}
