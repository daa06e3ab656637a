//! Nordic's update packages over a serial port, as Adafruit's boot loader for the nRF52 takes them.
//!
//! Packets are SLIP frames with a four-byte head (sequence number, kind, length, checksum) and a CRC
//! behind; each is acknowledged by a head that names the number of the next. A lost packet is sent again
//! with the same number, so nothing is written twice.
//!
//! The loader tells nothing but which packet it wants next: it has no words for what it refuses, and no way to ask
//! what it is in. So every refusal shows as silence, or as the wrong number.
//!
//! Source: the serial transport of Nordic's nRF5 SDK 11 ("HCI transport", "DFU serial"); the pauses for
//! erasing and writing are those of the nRF52 product specification, rounded up.

use std::time::{Duration, Instant};

use super::image::nordic::Image;
use super::image::{Content, Firmware, Segment};
use super::report::{Phase, Report};
use super::slip::Frames;
use super::{Files, Flasher, Found, Plan, Wish, broke_off, wrong_firmware};
use crate::error::{Code, Error, Result};
use crate::transport::Transport;

/// What a packet carries.
const DATA_BYTES: usize = 512;
/// After so many packets a page of flash is full and is written.
const PACKETS_PER_PAGE: usize = 8;
const PAGE_BYTES: u64 = 4096;
const PAGE_ERASE: Duration = Duration::from_millis(90);
const PAGE_WRITE: Duration = Duration::from_millis(2);
/// How long an acknowledgement may take, and how often a packet is sent.
const ACK: Duration = Duration::from_secs(1);
const TRIES: u32 = 5;
/// Requests.
const INIT: u32 = 1;
const START: u32 = 3;
const DATA: u32 = 4;
const STOP: u32 = 5;

/// The kind of packet that is acknowledged and has a CRC.
const KIND: u8 = 14;

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff_u16, |crc, byte| {
        let crc = crc.rotate_left(8) ^ u16::from(*byte);
        let crc = crc ^ ((crc & 0xff) >> 4);
        let crc = crc ^ (crc << 12);
        crc ^ ((crc & 0xff) << 5)
    })
}

/// A packet with number `number` (0 to 7).
fn packet(number: u8, payload: &[u8]) -> Vec<u8> {
    let len = payload.len();
    let mut bytes = vec![
        number | ((number + 1) & 7) << 3 | 1 << 6 | 1 << 7,
        KIND | ((len & 0xf) as u8) << 4,
        ((len >> 4) & 0xff) as u8,
    ];
    bytes.push(bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_sub(*byte)));
    bytes.extend_from_slice(payload);
    let crc = crc16(&bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes
}

/// The number that an acknowledgement asks for next; `None` for anything else.
fn acknowledged(frame: &[u8]) -> Option<u8> {
    let head = frame.first_chunk::<4>()?;
    let sum = head.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    (sum == 0).then_some((head[0] >> 3) & 7)
}

/// A board whose serial boot loader is spoken to.
pub(crate) struct NordicFlasher {
    frames: Frames,
    found: Found,
    number: u8,
    /// The packages of the plan; the plan itself has only their bytes.
    images: Vec<Image>,
}

impl NordicFlasher {
    /// A flasher on an open port. The boot loader says nothing until it is told something.
    pub(crate) fn new(transport: Box<dyn Transport>) -> Self {
        let frames = Frames::new(transport);
        let found = Found {
            family: "nordic",
            chip: "nRF52".to_string(),
            detail: "serial boot loader".to_string(),
            flash_bytes: None,
            place: frames.name(),
            mcu: "nrf52840".to_string(),
        };
        Self {
            frames,
            found,
            number: 0,
            images: Vec::new(),
        }
    }

    /// Sends one packet until it is acknowledged.
    fn send(&mut self, payload: &[u8]) -> Result<()> {
        self.number = (self.number + 1) & 7;
        let bytes = packet(self.number, payload);
        let next = (self.number + 1) & 7;
        let mut other = None;
        for _ in 0..TRIES {
            self.frames.clear();
            self.frames.send(&bytes, ACK * 3)?;
            let deadline = Instant::now() + ACK;
            while let Some(frame) = self.frames.next(deadline)? {
                match acknowledged(&frame) {
                    Some(number) if number == next => return Ok(()),
                    // One that asks for this packet again is sent it again.
                    Some(number) if number != self.number => other = Some(number),
                    _ => {}
                }
            }
        }
        if let Some(number) = other {
            return Err(Error::new(
                Code::NoAnswer,
                format!(
                    "The boot loader on `{}` waits for packet {number} of another transfer, not for {}",
                    self.found.place, self.number
                ),
            )
            .hint("Reset the board into its boot loader anew (on Adafruit's boards: reset twice), and run the same command again"));
        }
        Err(Error::new(
            Code::NoAnswer,
            format!(
                "The boot loader on `{}` acknowledges nothing",
                self.found.place
            ),
        ))
    }

    fn send_image(&mut self, image: &Image, report: &mut Report) -> Result<()> {
        let words = |values: &[u32]| -> Vec<u8> {
            values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect()
        };
        let [soft_device, boot_loader, application] = image.parts;
        self.send(&words(&[
            START,
            u32::from(image.kind),
            soft_device,
            boot_loader,
            application,
        ]))?;
        let pages = image.data.len() as u64 / PAGE_BYTES + 1;
        std::thread::sleep(PAGE_ERASE * u32::try_from(pages).unwrap_or(u32::MAX).min(1000));
        let mut init = words(&[INIT]);
        init.extend_from_slice(&image.init);
        init.extend_from_slice(&[0, 0]);
        self.send(&init)?;
        for (index, chunk) in image.data.chunks(DATA_BYTES).enumerate() {
            let mut payload = words(&[DATA]);
            payload.extend_from_slice(chunk);
            self.send(&payload)?;
            report.add(chunk.len() as u64);
            if index % PACKETS_PER_PAGE == PACKETS_PER_PAGE - 1 {
                std::thread::sleep(PAGE_WRITE);
            }
        }
        self.send(&words(&[STOP]))
    }
}

impl Flasher for NordicFlasher {
    fn found(&self) -> &Found {
        &self.found
    }

    fn plan(&mut self, firmware: &Firmware, wish: Wish) -> Result<Plan> {
        let Content::Nordic(package) = &firmware.content else {
            return Err(wrong_firmware(firmware, "another boot loader", &self.found));
        };
        if wish.erase {
            return Err(super::unsupported(&self.found, "erase the flash"));
        }
        if wish.offset.is_some() {
            return Err(Error::new(
                Code::Usage,
                "`--offset` means nothing for a package: it says where it goes",
            ));
        }
        self.images = package.images.clone();
        let whole = |image: &Image| Segment {
            address: 0,
            data: image.data.clone(),
        };
        Ok(Plan {
            segments: self.images.iter().map(whole).collect(),
            files: Files::Unknown,
            notes: vec![
                "the boot loader does not tell which board it is; it checks the package itself"
                    .to_string(),
            ],
        })
    }

    fn write(&mut self, plan: &Plan, report: &mut Report) -> Result<()> {
        report.phase(Phase::Write, plan.len_bytes())?;
        for image in self.images.clone() {
            let sent = self.send_image(&image, report);
            sent.map_err(|error| broke_off(&self.found, report.done(), report.total(), &error))?;
        }
        report.finish();
        Ok(())
    }

    fn verify(&mut self, _plan: &Plan, _report: &mut Report) -> Result<bool> {
        Ok(false)
    }

    /// The boot loader starts what it has taken.
    fn start(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::super::image::nordic;
    use super::*;
    use crate::flash::slip::{Decoder, encode};
    use crate::output::{Level, Printer};
    use crate::transport::Link;

    /// A boot loader made from the description: it acknowledges in order and keeps what it is given.
    #[derive(Default)]
    struct Loader {
        decoder: Decoder,
        expected: u8,
        requests: Vec<(u32, Vec<u8>)>,
        answers: Vec<u8>,
        /// Packets, counted, whose acknowledgement or whose bytes get lost.
        lose_answers: Vec<usize>,
        lose_packets: Vec<usize>,
        /// Says nothing any more from this packet on.
        dies_at: Option<usize>,
        packets: usize,
        /// Bytes that stand before every acknowledgement.
        noise: Vec<u8>,
        /// Acknowledgements come with a wrong checksum, or for this number always.
        breaks_answers: bool,
        stuck_at: Option<u8>,
        /// Packets, counted, that come damaged.
        damage_packets: Vec<usize>,
    }

    impl Loader {
        fn receive(&mut self, bytes: &[u8]) {
            for byte in bytes {
                if let Some(frame) = self.decoder.receive(*byte) {
                    self.frame(&frame);
                }
            }
        }

        fn frame(&mut self, frame: &[u8]) {
            self.packets += 1;
            if self.dies_at.is_some_and(|at| self.packets >= at)
                || self.lose_packets.contains(&self.packets)
            {
                return;
            }
            let mut frame = frame.to_vec();
            if self.damage_packets.contains(&self.packets) {
                let middle = frame.len() / 2;
                frame[middle] ^= 0x10;
            }
            let (body, crc) = frame.split_at(frame.len() - 2);
            if crc16(body).to_le_bytes() != crc {
                // It asks for the same one again.
                return self.answer();
            }
            let len = usize::from(body[1] >> 4) | usize::from(body[2]) << 4;
            assert_eq!(body.len() - 4, len);
            let number = body[0] & 7;
            if number == self.expected {
                let request = u32::from_le_bytes(body[4..8].try_into().unwrap());
                self.requests.push((request, body[8..].to_vec()));
                self.expected = (self.expected + 1) & 7;
            }
            if !self.lose_answers.contains(&self.packets) {
                self.answer();
            }
        }

        fn answer(&mut self) {
            let wanted = self.stuck_at.unwrap_or(self.expected);
            let mut head = vec![wanted << 3, 0, 0];
            head.push(head.iter().fold(0_u8, |sum, byte| sum.wrapping_sub(*byte)));
            head[3] ^= u8::from(self.breaks_answers);
            self.answers.extend_from_slice(&self.noise);
            encode(&head, &mut self.answers);
        }
    }

    struct Port(Arc<Mutex<Loader>>);

    impl Transport for Port {
        fn read(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize> {
            let mut loader = self.0.lock().unwrap();
            let len = loader.answers.len().min(buffer.len());
            buffer[..len].copy_from_slice(&loader.answers[..len]);
            loader.answers.drain(..len);
            if len == 0 {
                drop(loader);
                std::thread::sleep(deadline.saturating_duration_since(Instant::now()));
            }
            Ok(len)
        }
        fn write(&mut self, bytes: &[u8], _deadline: Instant) -> Result<usize> {
            self.0.lock().unwrap().receive(bytes);
            Ok(bytes.len())
        }
        fn writer(&mut self) -> Result<Box<dyn std::io::Write + Send>> {
            Err(Error::new(Code::Unsupported, "no"))
        }
        fn link(&self) -> Link {
            Link::Uart
        }
        fn name(&self) -> &str {
            "port"
        }
    }

    fn flash(loader: Loader, data: &[u8]) -> (Result<()>, Loader) {
        let loader = Arc::new(Mutex::new(Loader {
            expected: 1,
            ..loader
        }));
        let mut flasher = NordicFlasher::new(Box::new(Port(Arc::clone(&loader))));
        let firmware = Firmware::parse("a.zip", nordic::tests::sample(data)).unwrap();
        let plan = flasher.plan(&firmware, Wish::default()).unwrap();
        let mut report = Report::new(&Printer::new(Level::Quiet, false, false, false));
        let result = flasher.write(&plan, &mut report);
        drop(flasher);
        let loader = Arc::try_unwrap(loader).ok().unwrap().into_inner().unwrap();
        (result, loader)
    }

    fn written(loader: &Loader) -> Vec<u8> {
        let data = loader
            .requests
            .iter()
            .filter(|(request, _)| *request == DATA);
        data.flat_map(|(_, bytes)| bytes.clone()).collect()
    }

    #[test]
    fn the_checksum_is_ccitts() {
        assert_eq!(crc16(b"123456789"), 0x29b1);
    }

    #[test]
    fn packages_arrive_whole_in_order() {
        let data: Vec<u8> = (0..=255).cycle().take(3000).collect();
        let (result, loader) = flash(Loader::default(), &data);
        result.unwrap();
        assert_eq!(written(&loader), data);
        let kinds: Vec<u32> = loader
            .requests
            .iter()
            .map(|(request, _)| *request)
            .collect();
        assert_eq!(
            kinds,
            [START, INIT, DATA, DATA, DATA, DATA, DATA, DATA, STOP]
        );
    }

    #[test]
    fn lost_packets_and_answers_are_made_good() {
        let data = vec![0xc0; 2000];
        let faulty = Loader {
            lose_answers: vec![2, 5],
            lose_packets: vec![7],
            ..Loader::default()
        };
        let (result, loader) = flash(faulty, &data);
        result.unwrap();
        assert_eq!(written(&loader), data);
    }

    /// A loader that dies at the start, the init packet, any data or the stop packet; the next try works.
    #[test]
    fn gone_at_any_packet_the_next_flash_works() {
        let data = vec![7; 1500];
        // START, INIT, three of DATA, STOP.
        for at in 1..=6 {
            let dying = Loader {
                dies_at: Some(at),
                ..Loader::default()
            };
            let (result, loader) = flash(dying, &data);
            let error = result.unwrap_err();
            assert_eq!(error.code(), Code::FlashFailed, "{at}: {error}");
            let again = error
                .hints()
                .iter()
                .any(|hint| hint.contains("run the same"));
            assert!(again, "{at}: {error}");
            assert_eq!(loader.requests.len(), at - 1, "{at}");
            let (result, loader) = flash(Loader::default(), &data);
            result.unwrap();
            assert_eq!(written(&loader), data, "{at}");
        }
    }

    /// Damaged packets are sent again; noise and damaged acknowledgements count as nothing.
    #[test]
    fn damage_in_either_direction_is_made_good_or_named() {
        let data: Vec<u8> = (0..=255).rev().cycle().take(2500).collect();
        let damaging = Loader {
            damage_packets: vec![1, 3, 4, 8],
            noise: b"\xdb\xff log: dfu\r\n".to_vec(),
            ..Loader::default()
        };
        let (result, loader) = flash(damaging, &data);
        result.unwrap();
        assert_eq!(written(&loader), data);
        let broken = Loader {
            breaks_answers: true,
            ..Loader::default()
        };
        let (result, _) = flash(broken, &data);
        let error = result.unwrap_err();
        assert!(error.message().contains("acknowledges nothing"), "{error}");
        // Left in the middle of another transfer.
        let stuck = Loader {
            stuck_at: Some(5),
            ..Loader::default()
        };
        let (result, loader) = flash(stuck, &data);
        let error = result.unwrap_err();
        assert!(error.message().contains("waits for packet 5"), "{error}");
        assert!(written(&loader).is_empty());
    }

    #[test]
    fn a_silent_loader_is_an_error_with_numbers() {
        let (result, _) = flash(
            Loader {
                dies_at: Some(5),
                ..Loader::default()
            },
            &[1; 2000],
        );
        let error = result.unwrap_err();
        assert_eq!(error.code(), Code::FlashFailed);
        assert!(
            error.message().contains("1,024 of 2,000"),
            "{}",
            error.message()
        );
    }
}
