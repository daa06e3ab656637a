//! The name of a volume: an entry of the root directory, and a copy in the boot sector.

use super::Volume;
use super::directory::REMOVED;
use super::disk::{attribute, entry, put_label};
use crate::{Errno, Result};

impl Volume<'_> {
    fn find_label(&mut self) -> Result<Option<(u32, u32)>> {
        let mut at = Self::listing(self.root_start());
        while let Some((sector, offset)) = self.locate(&at)? {
            let raw = self.raw(sector, offset)?;
            let attributes = raw[entry::ATTRIBUTES];
            if raw[0] == 0 {
                break;
            }
            let is_label =
                attributes & 0x3f != attribute::LONG_NAME && attributes & attribute::LABEL != 0;
            if is_label && raw[0] != REMOVED {
                return Ok(Some((sector, offset)));
            }
            self.advance(&mut at)?;
        }
        Ok(None)
    }

    /// The name of the volume, and how long it is; 0 when it has none.
    ///
    /// # Errors
    /// What the device reports.
    pub fn label(&mut self) -> Result<([u8; 11], usize)> {
        let mut label = [0; 11];
        let Some((sector, offset)) = self.find_label()? else {
            return Ok((label, 0));
        };
        label.copy_from_slice(&self.raw(sector, offset)?[..11]);
        let len = label
            .iter()
            .rposition(|byte| *byte != b' ')
            .map_or(0, |last| last + 1);
        Ok((label, len))
    }

    /// Names the volume; an empty name takes the name away.
    ///
    /// # Errors
    /// `EINVAL` for what is no label: more than 11 characters, or other than ASCII; `ENOSPC`; what the device reports.
    pub fn set_label(&mut self, label: &[u8]) -> Result {
        let is_good =
            |byte: &u8| matches!(byte, 0x20..=0x7e) && !b"\"*+,./:;<=>?[\\]|".contains(byte);
        if label.len() > 11 || !label.iter().all(is_good) {
            return Err(Errno::EINVAL);
        }
        let place = self.find_label()?;
        let boot = self.state.boot;
        let bits = self.state.bits;
        if label.is_empty() {
            put_label(self.sector_mut(boot)?, bits, b"NO NAME    ");
            if let Some((sector, offset)) = place {
                self.sector_mut(sector)?[offset as usize] = REMOVED;
            }
            return self.flush();
        }
        let mut raw = self.stamped(attribute::LABEL);
        raw[..11].fill(b' ');
        for (to, from) in raw.iter_mut().zip(label) {
            *to = from.to_ascii_uppercase();
        }
        let place = match place {
            Some(place) => place,
            None => {
                let at = self.room_for(self.root_start(), 1)?;
                self.locate(&at)?.ok_or(Errno::EIO)?
            }
        };
        self.put_raw(place, &raw)?;
        let mut label = [0; 11];
        label.copy_from_slice(&raw[..11]);
        put_label(self.sector_mut(boot)?, bits, &label);
        self.flush()
    }
}
