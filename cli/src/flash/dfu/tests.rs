//! A simulated STM32 boot loader, made from the specification, and what the flasher does with it.

use std::sync::{Arc, Mutex};

use super::*;
use crate::flash::image::dfu;
use crate::output::{Level, Printer};

const LAYOUT: &str = "@Internal Flash  /0x08000000/04*016Kg,01*064Kg,02*128Kg";
const SIZE: usize = 384 << 10;

/// The chip. Any request that its state does not allow stalls, as the specification says.
struct Chip {
    flash: Vec<u8>,
    state: u8,
    status: u8,
    pointer: u32,
    pending: Option<(u16, Vec<u8>)>,
    /// Fails with a status when this page is erased or this address written.
    bad_page: Option<u32>,
    protected: bool,
    /// The cable is pulled at this download.
    cut_at: Option<usize>,
    downloads: usize,
    started: bool,
    /// What it fails with, and at which download that is carried out.
    fails_at: Option<(usize, u8)>,
    carried_out: usize,
    /// Every request from this one on stalls, counted; and how many came.
    stall_at: Option<usize>,
    requests: usize,
    /// So many bytes of a status come, and of an upload.
    status_bytes: usize,
    upload_bytes: usize,
    /// It is never done.
    is_slow: bool,
    /// What it says instead of starting.
    bad_start: Option<u8>,
}

impl Chip {
    fn new() -> Self {
        Self {
            flash: vec![0x55; SIZE],
            state: IDLE,
            status: 0,
            pointer: FLASH_AT,
            pending: None,
            bad_page: None,
            protected: false,
            cut_at: None,
            downloads: 0,
            started: false,
            fails_at: None,
            carried_out: 0,
            stall_at: None,
            requests: 0,
            status_bytes: 6,
            upload_bytes: usize::MAX,
            is_slow: false,
            bad_start: None,
        }
    }

    fn fail(&mut self, status: u8) {
        (self.state, self.status) = (ERROR, status);
    }

    fn act(&mut self, block: u16, data: &[u8]) {
        if self.protected {
            return self.fail(0x0b);
        }
        self.carried_out += 1;
        if let Some((_, status)) = self.fails_at.filter(|(at, _)| *at == self.carried_out) {
            return self.fail(status);
        }
        match (block, data) {
            (0, [ERASE]) => self.flash.fill(0xff),
            (0, [command, rest @ ..]) if rest.len() == 4 => {
                let address = u32::from_le_bytes(rest.try_into().unwrap());
                let Some(at) = address
                    .checked_sub(FLASH_AT)
                    .map(|at| at as usize)
                    .filter(|at| *at < SIZE)
                else {
                    return self.fail(0x08);
                };
                if *command == SET_ADDRESS {
                    self.pointer = address;
                    return;
                }
                if self.bad_page == Some(address) {
                    return self.fail(0x04);
                }
                let (start, len) = match at {
                    0..0x1_0000 => (at & !0x3fff, 0x4000),
                    0x1_0000..0x2_0000 => (0x1_0000, 0x1_0000),
                    _ => (at & !0x1_ffff, 0x2_0000),
                };
                self.flash[start..start + len].fill(0xff);
            }
            (2.., data) => {
                let at = (self.pointer - FLASH_AT) as usize + usize::from(block - 2) * 2048;
                if at + data.len() > SIZE {
                    return self.fail(0x08);
                }
                for (cell, byte) in self.flash[at..].iter_mut().zip(data) {
                    *cell &= byte;
                }
            }
            _ => self.fail(0x0f),
        }
    }
}

#[derive(Clone)]
struct Port(Arc<Mutex<Chip>>);

impl DfuPort for Port {
    fn send(&mut self, request: u8, value: u16, data: &[u8]) -> Result<()> {
        let mut chip = self.0.lock().unwrap();
        let stall = || Err(Error::new(Code::Protocol, "stall"));
        chip.requests += 1;
        if chip.stall_at.is_some_and(|at| chip.requests >= at) {
            return stall();
        }
        match (request, chip.state) {
            (DOWNLOAD, IDLE | DOWNLOAD_IDLE) => {
                chip.downloads += 1;
                if chip.cut_at == Some(chip.downloads) {
                    return Err(crate::transport::lost("chip", "it was unplugged"));
                }
                if data.is_empty() {
                    (chip.state, chip.started) = (6, true);
                } else {
                    chip.pending = Some((value, data.to_vec()));
                    chip.state = 3;
                }
            }
            (CLEAR_STATUS, ERROR) => (chip.state, chip.status) = (IDLE, 0),
            (ABORT, IDLE | DOWNLOAD_IDLE | UPLOAD_IDLE | 3) => chip.state = IDLE,
            _ => {
                chip.fail(0x0f);
                return stall();
            }
        }
        Ok(())
    }

    fn receive(&mut self, request: u8, value: u16, len_bytes: usize) -> Result<Vec<u8>> {
        let mut chip = self.0.lock().unwrap();
        chip.requests += 1;
        if chip.stall_at.is_some_and(|at| chip.requests >= at) {
            return Err(Error::new(Code::Protocol, "stall"));
        }
        let len_bytes = len_bytes.min(chip.upload_bytes);
        match request {
            GET_STATUS if chip.is_slow && chip.state != IDLE => Ok(vec![0, 0, 0, 0, BUSY, 0]),
            GET_STATUS => {
                let shown = match (chip.state, chip.pending.take()) {
                    (3, Some((block, data))) => {
                        chip.state = DOWNLOAD_IDLE;
                        chip.act(block, &data);
                        if chip.state == ERROR { ERROR } else { BUSY }
                    }
                    // What a cut left half done is over when it is asked about.
                    (DOWNLOAD_SYNC, None) | (BUSY, _) => {
                        let shown = chip.state;
                        chip.state = DOWNLOAD_IDLE;
                        shown
                    }
                    (MANIFEST_SYNC, _) => match chip.bad_start {
                        Some(status) => {
                            chip.fail(status);
                            ERROR
                        }
                        None => MANIFEST,
                    },
                    (MANIFEST, _) => {
                        chip.state = IDLE;
                        MANIFEST
                    }
                    (state, _) => state,
                };
                let mut answer = vec![chip.status, 1, 0, 0, shown, 0, 0, 0];
                answer.truncate(chip.status_bytes);
                Ok(answer)
            }
            UPLOAD if matches!(chip.state, IDLE | UPLOAD_IDLE) && value >= 2 => {
                chip.state = UPLOAD_IDLE;
                let at = (chip.pointer - FLASH_AT) as usize + usize::from(value - 2) * 2048;
                Ok(chip.flash[at..(at + len_bytes).min(SIZE)].to_vec())
            }
            _ => Err(Error::new(Code::Protocol, "stall")),
        }
    }

    fn name(&self) -> String {
        "chip".into()
    }
    fn layout(&self) -> String {
        LAYOUT.into()
    }
    fn numbers(&self) -> (u16, u16) {
        (0x0483, 0xdf11)
    }
    fn transfer_bytes(&self) -> usize {
        2048
    }
}

fn report() -> Report {
    Report::new(&Printer::new(Level::Quiet, false, false, false))
}

fn firmware() -> Firmware {
    let piece = |address, len: usize| Segment {
        address,
        data: (0..len).map(|n| (n * 7) as u8).collect(),
    };
    let bytes = dfu::tests::sample(&[piece(0x0800_0000, 0x5001), piece(0x0802_0000, 70_003)]);
    Firmware::parse("a.dfu", bytes).unwrap()
}

fn flash(port: &Port) -> Result<bool> {
    let mut flasher = DfuFlasher::new(Box::new(port.clone()))?;
    let plan = flasher.plan(&firmware(), Wish::default())?;
    flasher.write(&plan, &mut report())?;
    let verified = flasher.verify(&plan, &mut report())?;
    Box::new(flasher).start()?;
    Ok(verified)
}

#[test]
fn what_is_written_is_there_and_starts() {
    let port = Port(Arc::new(Mutex::new(Chip::new())));
    assert!(flash(&port).unwrap());
    let chip = port.0.lock().unwrap();
    assert!(chip.started);
    let Content::Dfu(file) = firmware().content else {
        panic!()
    };
    for segment in &file.segments {
        let at = (segment.address - FLASH_AT) as usize;
        assert_eq!(&chip.flash[at..at + segment.data.len()], segment.data);
    }
    // The page between the two was not touched.
    assert!(
        chip.flash[0x8000..0x1_0000]
            .iter()
            .all(|byte| *byte == 0x55)
    );
}

#[test]
fn pulled_at_any_block_the_next_flash_works() {
    for at in 1..60 {
        let port = Port(Arc::new(Mutex::new(Chip {
            cut_at: Some(at),
            ..Chip::new()
        })));
        let error = match flash(&port) {
            Ok(_) => break,
            Err(error) => error,
        };
        if error.code() == Code::FlashFailed {
            assert!(
                error
                    .hints()
                    .iter()
                    .any(|hint| hint.contains("run the same")),
                "{at}: {error}"
            );
        } else {
            assert_eq!(error.code(), Code::ConnectionLost, "{at}");
        }
        port.0.lock().unwrap().cut_at = None;
        assert!(flash(&port).unwrap(), "{at}");
    }
}

#[test]
fn errors_of_the_chip_are_named_and_cleared() {
    let port = Port(Arc::new(Mutex::new(Chip {
        bad_page: Some(0x0802_0000),
        ..Chip::new()
    })));
    let error = flash(&port).unwrap_err();
    assert!(
        error.message().contains("erasing failed") && error.message().contains("0x08020000"),
        "{error}"
    );
    assert_eq!(port.0.lock().unwrap().state, IDLE);
    let port = Port(Arc::new(Mutex::new(Chip {
        protected: true,
        ..Chip::new()
    })));
    assert!(
        flash(&port)
            .unwrap_err()
            .message()
            .contains("read-protected")
    );
    // A chip that somebody left in its error state is brought back.
    let port = Port(Arc::new(Mutex::new(Chip {
        state: ERROR,
        status: 0x0f,
        ..Chip::new()
    })));
    assert!(flash(&port).unwrap());
}

/// Each state of the specification, and two that it does not have: it is left, or named with what to do.
#[test]
fn every_state_is_left_or_named() {
    for (state, expected) in [
        (APP_IDLE, Some("runs its program, not its boot loader")),
        (APP_DETACH, Some("runs its program, not its boot loader")),
        (IDLE, None),
        (DOWNLOAD_SYNC, None),
        (BUSY, None),
        (DOWNLOAD_IDLE, None),
        (MANIFEST_SYNC, None),
        (MANIFEST, None),
        (MANIFEST_WAIT_RESET, Some("waits for a reset")),
        (UPLOAD_IDLE, None),
        (ERROR, None),
        (11, Some("state 11, which DFU does not have")),
        (0xff, Some("state 255, which DFU does not have")),
    ] {
        let port = Port(Arc::new(Mutex::new(Chip {
            state,
            status: if state == ERROR { 0x0f } else { 0 },
            ..Chip::new()
        })));
        // Without an order to start something, its state leads back.
        if state == MANIFEST_SYNC {
            port.0.lock().unwrap().state = MANIFEST;
        }
        match (flash(&port), expected) {
            (Ok(verified), None) => assert!(verified, "{state}"),
            (Err(error), Some(text)) => {
                assert!(error.message().contains(text), "{state}: {error}");
                let chip = port.0.lock().unwrap();
                assert!(chip.flash.iter().all(|byte| *byte == 0x55), "{state}");
            }
            (result, _) => panic!("{state}: {result:?}"),
        }
    }
}

/// Each status of the specification at erasing, addressing and writing: named, cleared, and the next flash works.
#[test]
fn every_status_is_named_and_cleared() {
    let words = [
        "not for this device",
        "file is damaged",
        "cannot write its memory",
        "erasing failed",
        "not erased",
        "programming failed",
        "programmed differs",
        "no such address",
        "end came too early",
        "firmware is damaged",
        "read-protected",
        "was reset",
        "was reset",
        "unknown reason",
        "did not expect",
    ];
    // Three pages are erased, then an address is told, then data comes.
    for (at, what) in [(1, "erase the page"), (4, "go to"), (5, "write its flash")] {
        for (status, text) in (1_u8..).zip(words) {
            let port = Port(Arc::new(Mutex::new(Chip {
                fails_at: Some((at, status)),
                ..Chip::new()
            })));
            let error = flash(&port).unwrap_err();
            let said = error.message();
            assert!(
                said.contains(text) && said.contains(what),
                "{at} {status}: {said}"
            );
            assert_eq!(port.0.lock().unwrap().state, IDLE, "{at} {status}");
            let is_protected = error.hints().iter().any(|hint| hint.contains("ST's tools"));
            assert_eq!(is_protected, status == 0x0b, "{at} {status}");
            port.0.lock().unwrap().fails_at = None;
            assert!(flash(&port).unwrap(), "{at} {status}");
        }
    }
    for (status, text) in (1_u8..).zip(words) {
        let port = Port(Arc::new(Mutex::new(Chip {
            bad_start: Some(status),
            ..Chip::new()
        })));
        let error = flash(&port).unwrap_err();
        assert!(
            error.message().contains("does not start") && error.message().contains(text),
            "{status}: {error}"
        );
    }
}

/// A device that stalls at any request, answers in the wrong length, or is never done: an error, no panic and no
/// waiting without end.
#[test]
fn devices_that_break_the_rules_are_refused() {
    let whole = Port(Arc::new(Mutex::new(Chip::new())));
    flash(&whole).unwrap();
    let requests = whole.0.lock().unwrap().requests;
    for at in (1..=requests).step_by(3) {
        let port = Port(Arc::new(Mutex::new(Chip {
            stall_at: Some(at),
            ..Chip::new()
        })));
        match flash(&port) {
            Ok(_) => assert!(at >= requests - 1, "{at}: the last answer need not come"),
            Err(error) => {
                let codes = [Code::Protocol, Code::FlashFailed];
                assert!(codes.contains(&error.code()), "{at}: {error}");
            }
        }
        port.0.lock().unwrap().stall_at = None;
        assert!(flash(&port).unwrap(), "{at}");
    }
    for status_bytes in [0, 1, 5, 7, 8] {
        let port = Port(Arc::new(Mutex::new(Chip {
            status_bytes,
            ..Chip::new()
        })));
        let error = flash(&port).unwrap_err();
        assert!(
            error.message().contains("instead of 6"),
            "{status_bytes}: {error}"
        );
    }
    for upload_bytes in [0, 1, 2047] {
        let port = Port(Arc::new(Mutex::new(Chip {
            upload_bytes,
            ..Chip::new()
        })));
        let error = flash(&port).unwrap_err();
        assert!(
            error.message().contains("bytes instead of"),
            "{upload_bytes}: {error}"
        );
    }
    let port = Port(Arc::new(Mutex::new(Chip {
        is_slow: true,
        ..Chip::new()
    })));
    let error = flash(&port).unwrap_err();
    assert!(error.message().contains("does not finish"), "{error}");
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_erased() {
    let port = Port(Arc::new(Mutex::new(Chip::new())));
    let mut flasher = DfuFlasher::new(Box::new(port.clone())).unwrap();
    let mut plan = |name: &str, bytes: Vec<u8>| {
        flasher.plan(&Firmware::parse(name, bytes).unwrap(), Wish::default())
    };
    let large = dfu::tests::sample(&[Segment {
        address: 0x0800_0000,
        data: vec![1; SIZE + 1],
    }]);
    assert_eq!(plan("a.dfu", large).unwrap_err().code(), Code::TooLarge);
    let other = dfu::tests::suffixed(vec![1; 100], 0x1234, 0x5678);
    assert_eq!(
        plan("a.dfu", other).unwrap_err().code(),
        Code::WrongFirmware
    );
    let esp = crate::flash::image::esp::tests::sample(5, 100);
    assert_eq!(plan("a.bin", esp).unwrap_err().code(), Code::WrongFirmware);
    assert!(plan("a.bin", vec![0; 100]).is_ok());
    assert!(
        port.0
            .lock()
            .unwrap()
            .flash
            .iter()
            .all(|byte| *byte == 0x55)
    );
}

#[test]
fn the_whole_flash_is_read_and_erased() {
    let port = Port(Arc::new(Mutex::new(Chip::new())));
    let mut flasher = DfuFlasher::new(Box::new(port.clone())).unwrap();
    assert_eq!(flasher.found().flash_bytes, Some(SIZE as u64));
    assert_eq!(flasher.read(&mut report()).unwrap(), vec![0x55; SIZE]);
    flasher.erase(&mut report()).unwrap();
    assert_eq!(flasher.read(&mut report()).unwrap(), vec![0xff; SIZE]);
}

#[test]
fn layouts_are_read_and_nonsense_is_none() {
    assert_eq!(pages(LAYOUT).unwrap().len(), 3);
    for text in [
        "",
        "@X",
        "@X/0x08000000",
        "@X/08000000/04*016Kg",
        "@X/0xffffffff/99*99Mg",
        "@X/0x0/é*1Kg",
        "@X/0x0/1*",
        "@X/0x0/1*0Kg",
    ] {
        assert_eq!(pages(text), None, "{text}");
    }
}
