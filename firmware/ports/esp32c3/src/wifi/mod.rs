//! The radio, as a station and as an access point, through Espressif's own software for it (`esp-radio`).
//!
//! That software has tasks of its own, which a scheduler runs beside the interpreter from the moment the radio is first
//! switched on; before that, nothing of it runs. What it is asked to do are futures: they are polled whenever a program
//! asks how the link is, and never wait.
//!
//! It was compiled and linked only: no emulator has this radio.

use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::RefCell;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use esp_hal::timer::timg::TimerGroup;
use esp_radio::wifi::ap::{AccessPointConfig, AccessPointInfo};
use esp_radio::wifi::scan::ScanConfig;
use esp_radio::wifi::sta::{ConnectedInfo, StationConfig};
use esp_radio::wifi::{
    AuthenticationMethod, AuthenticationMethodConfig, Config, ConnectionError, ControllerConfig,
    DisconnectReason, Password, Ssid, WifiController, WifiError,
};
use upy_hal::machine::{Errno, Result};
use upy_hal::net::{AccessPoint, AccessPointSettings, Addresses, LinkStatus, Wifi};

use crate::{start, system, time};

const STATION: usize = 0;
const ACCESS_POINT: usize = 1;
const EBUSY: Errno = Errno(16);
const ENOMEM: Errno = Errno(12);
const ENOTCONN: Errno = Errno(107);
/// WPA has no shorter keys.
const SHORTEST_KEY_BYTES: usize = 8;
/// A look at all channels is over long before.
const SCAN_LIMIT_US: u64 = 10_000_000;
/// After a lost link.
const PAUSE_US: u64 = 1_000_000;
/// How often a future is looked at while a program waits for it.
const LOOK_US: u64 = 1000;

type Controller = Rc<RefCell<WifiController<'static>>>;
type Attempt = Pin<Box<dyn Future<Output = core::result::Result<ConnectedInfo, ConnectionError>>>>;

/// The radio and what programs want of it.
pub struct Radio {
    /// There while an interface is on.
    controller: Option<Controller>,
    is_scheduled: bool,
    active: [bool; 2],
    station: StationConfig,
    access_point: AccessPointConfig,
    /// The same for programs that ask.
    own: AccessPoint,
    /// Connecting; it has borrowed the controller.
    attempt: Option<Attempt>,
    status: LinkStatus,
    /// The link was there and is to come back.
    keeps: bool,
    /// When the next attempt may begin.
    pause_until_us: u64,
}

impl Radio {
    /// A radio that is off, and takes nothing.
    pub fn new() -> Self {
        let usual = usual_name();
        let (ssid, ssid_len) = padded(&usual);
        Self {
            controller: None,
            is_scheduled: false,
            active: [false; 2],
            station: StationConfig::default(),
            access_point: AccessPointConfig::default().with_ssid(name(&usual).unwrap_or_default()),
            own: AccessPoint {
                ssid,
                ssid_len,
                bssid: number_of(ACCESS_POINT),
                channel: 1,
                rssi: 0,
                security: 0,
            },
            attempt: None,
            status: LinkStatus::Idle,
            keeps: false,
            pause_until_us: 0,
        }
    }

    /// Brings the controller into being, with the first interface that is switched on.
    fn controller(&mut self) -> Result<Controller> {
        if let Some(controller) = &self.controller {
            return Ok(Rc::clone(controller));
        }
        if !self.is_scheduled {
            let parts = start::scheduler();
            esp_rtos::start(TimerGroup::new(parts.timers).timer0, parts.interrupt);
            self.is_scheduled = true;
        }
        let controller =
            WifiController::new(start::radio(), ControllerConfig::default()).map_err(number)?;
        let controller = Rc::new(RefCell::new(controller));
        self.controller = Some(Rc::clone(&controller));
        Ok(controller)
    }

    /// Tells the controller what is on and how.
    fn apply(&mut self) -> Result<()> {
        let (station, access_point) = (self.station.clone(), self.access_point.clone());
        let config = match self.active {
            [false, false] => {
                self.attempt = None;
                self.controller = None;
                return Ok(());
            }
            [true, false] => Config::Station(station),
            [false, true] => Config::AccessPoint(access_point),
            [true, true] => Config::AccessPointStation(station, access_point),
        };
        let controller = self.controller()?;
        let mut controller = controller.try_borrow_mut().map_err(|_| EBUSY)?;
        controller.set_config(&config).map_err(number)
    }

    /// Lets the station's link go; returns when it is gone.
    fn leave(&mut self) {
        self.attempt = None;
        self.keeps = false;
        self.status = LinkStatus::Idle;
        let Some(controller) = &self.controller else {
            return;
        };
        if let Ok(mut controller) = controller.try_borrow_mut() {
            // An answer that does not come means that the link was not there.
            let _ = wait(SCAN_LIMIT_US, controller.disconnect_async());
        }
    }

    fn begin(&mut self) -> Result<()> {
        let controller = self.controller()?;
        self.attempt = Some(Box::pin(connect(controller)));
        self.status = LinkStatus::Connecting;
        self.poll();
        Ok(())
    }

    /// Goes on with what was begun.
    pub fn poll(&mut self) {
        if let Some(attempt) = &mut self.attempt {
            let mut context = Context::from_waker(Waker::noop());
            let Poll::Ready(outcome) = attempt.as_mut().poll(&mut context) else {
                return;
            };
            self.attempt = None;
            match outcome {
                Ok(_) => (self.status, self.keeps) = (LinkStatus::Up, true),
                Err(_) if self.keeps => self.pause_until_us = time::ticks_us() + PAUSE_US,
                Err(error) => self.status = failure(&error),
            }
            return;
        }
        let is_lost = self.keeps
            && self
                .controller
                .as_ref()
                .and_then(|controller| controller.try_borrow().ok())
                .is_some_and(|controller| !controller.is_connected());
        if is_lost {
            self.status = LinkStatus::Connecting;
            if time::ticks_us() >= self.pause_until_us && self.begin().is_err() {
                self.pause_until_us = time::ticks_us() + PAUSE_US;
            }
        }
    }
}

/// One attempt to connect; nobody else uses the controller meanwhile.
#[expect(
    clippy::await_holding_refcell_ref,
    reason = "whoever wants it meanwhile is told that it is busy"
)]
async fn connect(controller: Controller) -> core::result::Result<ConnectedInfo, ConnectionError> {
    match controller.try_borrow_mut() {
        Ok(mut controller) => controller.connect_async().await,
        Err(_) => Err(WifiError::Other.into()),
    }
}

/// Waits for a future, for a while.
fn wait<R>(limit_us: u64, work: impl Future<Output = R>) -> Result<R> {
    let mut work = core::pin::pin!(work);
    let mut context = Context::from_waker(Waker::noop());
    let start = time::ticks_us();
    loop {
        if let Poll::Ready(outcome) = work.as_mut().poll(&mut context) {
            return Ok(outcome);
        }
        if time::ticks_us() - start > limit_us {
            return Err(Errno::ETIMEDOUT);
        }
        time::doze(LOOK_US);
    }
}

/// The name of an access point that nobody has named: `ESP_` and the end of its number.
fn usual_name() -> [u8; 10] {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut name = *b"ESP_000000";
    let end = system::network_number();
    for (pair, byte) in name[4..].chunks_exact_mut(2).zip(&end[3..]) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    name
}

/// The hardware address of an interface: the access point's is the next one.
fn number_of(interface: usize) -> [u8; 6] {
    let mut number = system::network_number();
    number[5] = number[5].wrapping_add(interface as u8);
    number
}

fn number(error: WifiError) -> Errno {
    match error {
        WifiError::OutOfMemory => ENOMEM,
        WifiError::InvalidArguments | WifiError::InvalidSsid | WifiError::InvalidPassword => {
            Errno::EINVAL
        }
        WifiError::Unsupported => Errno::EOPNOTSUPP,
        WifiError::NotConnected => ENOTCONN,
        _ => Errno::EIO,
    }
}

fn failure(error: &ConnectionError) -> LinkStatus {
    let ConnectionError::Failed(info) = error else {
        return LinkStatus::Failed;
    };
    match info.reason {
        DisconnectReason::NoAccessPointFound
        | DisconnectReason::NoAccessPointFoundWithCompatibleSecurity
        | DisconnectReason::NoAccessPointFoundInAuthmodeThreshold
        | DisconnectReason::NoAccessPointFoundInRssiThreshold => LinkStatus::NoAccessPoint,
        DisconnectReason::AuthenticationFailed
        | DisconnectReason::FourWayHandshakeTimeout
        | DisconnectReason::HandshakeTimeout
        | DisconnectReason::MicFailure => LinkStatus::WrongPassword,
        _ => LinkStatus::Failed,
    }
}

fn name(ssid: &[u8]) -> Result<Ssid> {
    if ssid.is_empty() {
        return Err(Errno::EINVAL);
    }
    Ssid::try_from(ssid).map_err(number)
}

fn password(key: &[u8]) -> Result<Password> {
    if key.len() < SHORTEST_KEY_BYTES {
        return Err(Errno::EINVAL);
    }
    Password::try_from(key).map_err(number)
}

/// The numbers of MicroPython for this chip.
fn security(method: Option<AuthenticationMethod>) -> u8 {
    match method {
        Some(AuthenticationMethod::None) | None => 0,
        Some(AuthenticationMethod::Wep) => 1,
        Some(AuthenticationMethod::Wpa) => 2,
        Some(AuthenticationMethod::Wpa2Personal) => 3,
        Some(AuthenticationMethod::WpaWpa2Personal) => 4,
        Some(AuthenticationMethod::Wpa2Enterprise) => 5,
        Some(AuthenticationMethod::Wpa3Personal) => 6,
        Some(AuthenticationMethod::Wpa2Wpa3Personal) => 7,
        Some(AuthenticationMethod::WapiPersonal) => 8,
        Some(AuthenticationMethod::Owe) => 9,
        Some(_) => 10,
    }
}

/// A name with zeros behind it, and how long it is.
fn padded(name: &[u8]) -> ([u8; 32], u8) {
    let mut ssid = [0; 32];
    let len = name.len().min(ssid.len());
    ssid[..len].copy_from_slice(&name[..len]);
    (ssid, len as u8)
}

fn described(network: &AccessPointInfo) -> AccessPoint {
    let (ssid, ssid_len) = padded(network.ssid.as_str().as_bytes());
    AccessPoint {
        ssid,
        ssid_len,
        bssid: network.bssid,
        channel: network.channel,
        rssi: network.signal_strength,
        security: security(network.auth_method),
    }
}

impl Wifi for Radio {
    fn activate(&mut self, interface: u8, active: bool) -> Result<()> {
        let interface = usize::from(interface);
        let before = *self.active.get(interface).ok_or(Errno::EINVAL)?;
        if before == active {
            return Ok(());
        }
        if interface == STATION && !active {
            self.leave();
        }
        self.active[interface] = active;
        self.apply()
            .inspect_err(|_| self.active[interface] = before)
    }

    fn is_active(&self, interface: u8) -> bool {
        self.active
            .get(usize::from(interface))
            .is_some_and(|active| *active)
    }

    /// Without a name it is the network of the last time.
    fn connect(&mut self, ssid: &[u8], key: &[u8]) -> Result<()> {
        if !self.active[STATION] {
            return Err(Errno::EIO);
        }
        if !ssid.is_empty() || !key.is_empty() {
            let authentication = match key {
                [] => AuthenticationMethodConfig::Open,
                // The least that the network must have.
                _ => AuthenticationMethodConfig::Wpa(password(key)?),
            };
            self.station = StationConfig::default()
                .with_ssid(name(ssid)?)
                .with_authentication(authentication);
        }
        self.leave();
        self.apply()?;
        self.begin()
    }

    fn disconnect(&mut self) {
        self.leave();
    }

    fn status(&mut self, interface: u8) -> LinkStatus {
        self.poll();
        match usize::from(interface) {
            STATION => self.status,
            ACCESS_POINT if self.active[ACCESS_POINT] => LinkStatus::Up,
            _ => LinkStatus::Idle,
        }
    }

    fn addresses(&self, _interface: u8) -> Addresses {
        Addresses::default()
    }

    fn network(&self, interface: u8) -> Option<AccessPoint> {
        if usize::from(interface) == ACCESS_POINT {
            return Some(self.own);
        }
        let controller = self.controller.as_ref()?.try_borrow().ok()?;
        controller.ap_info().ok().map(|network| described(&network))
    }

    fn set_access_point(&mut self, settings: &AccessPointSettings<'_>) -> Result<()> {
        let (mut config, mut own) = (self.access_point.clone(), self.own);
        if let Some(ssid) = settings.ssid {
            config = config.with_ssid(name(ssid)?);
            (own.ssid, own.ssid_len) = padded(ssid);
        }
        match settings.key {
            Some([]) => {
                config = config.with_authentication(AuthenticationMethodConfig::Open);
                own.security = 0;
            }
            Some(key) => {
                let method = AuthenticationMethodConfig::Wpa2Personal(password(key)?);
                config = config.with_authentication(method);
                own.security = 3;
            }
            None => {}
        }
        if let Some(channel) = settings.channel {
            if !(1..=13).contains(&channel) {
                return Err(Errno::EINVAL);
            }
            config = config.with_channel(channel);
            own.channel = channel;
        }
        if let Some(hidden) = settings.hidden {
            config = config.with_ssid_hidden(hidden);
        }
        (self.access_point, self.own) = (config, own);
        if self.active[ACCESS_POINT] {
            return self.apply();
        }
        Ok(())
    }

    fn scan(&mut self, found: &mut dyn FnMut(AccessPoint)) -> Result<()> {
        if !self.active[STATION] {
            return Err(Errno::EIO);
        }
        let controller = self.controller()?;
        let mut controller = controller.try_borrow_mut().map_err(|_| EBUSY)?;
        let config = ScanConfig::default();
        let seen = wait(SCAN_LIMIT_US, controller.scan_async(&config))?.map_err(number)?;
        seen.iter().map(described).for_each(found);
        Ok(())
    }

    fn mac(&self, interface: u8) -> [u8; 6] {
        number_of(usize::from(interface))
    }

    fn rssi(&mut self) -> i8 {
        let controller = self.controller.as_ref();
        let rssi = controller
            .and_then(|controller| controller.try_borrow().ok())
            .and_then(|controller| controller.rssi().ok());
        rssi.map_or(0, |rssi| rssi.clamp(-128, 0) as i8)
    }
}
