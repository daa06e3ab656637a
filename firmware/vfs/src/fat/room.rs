//! Room for new entries in a directory, and writing them.

use super::Volume;
use super::directory::{Listing, MOST_ENTRIES, REMOVED};
use super::disk::{ENTRY, attribute, entry};
use super::name::{Long, Short, checksum};
use crate::{Errno, Result};

impl Volume<'_> {
    /// Writes an entry with its names where there is room; `raw` has all but the short name. Returns where it is.
    pub(super) fn add_entry(
        &mut self,
        start: u32,
        name: &Long,
        raw: [u8; ENTRY as usize],
    ) -> Result<(u32, u32)> {
        self.write_entry(start, name, raw, None)
    }

    /// Whether the entries of a name, which stay in their directory, can take the place of `count` others at `first`
    /// with one write to the device.
    pub(super) fn fits_in_place(&self, name: &Long, first: &Listing, count: u32) -> Result<bool> {
        let short = Short::suggest(name);
        let parts = if short.is_exact { 0 } else { name.parts() };
        let Some((_, offset)) = self.locate(first)? else {
            return Ok(false);
        };
        Ok((parts as u32) < count && offset + count * ENTRY <= self.state.sector_bytes)
    }

    /// [`Volume::add_entry`], to a place that is known already if there is one.
    pub(super) fn write_entry(
        &mut self,
        start: u32,
        name: &Long,
        mut raw: [u8; ENTRY as usize],
        place: Option<Listing>,
    ) -> Result<(u32, u32)> {
        let short = Short::suggest(name);
        let mut short_name = short.raw;
        let parts = if short.is_exact { 0 } else { name.parts() };
        raw[entry::CASE] = if short.is_exact { short.case } else { 0 };
        if !short.is_exact {
            let mut number = 1;
            loop {
                short_name = short.numbered(number);
                if !self.has_short(start, &short_name)? {
                    break;
                }
                number += 1;
                if number > MOST_ENTRIES {
                    return Err(Errno::ENOSPC);
                }
            }
        }
        raw[..11].copy_from_slice(&short_name);
        let mut at = match place {
            Some(place) => place,
            None => self.room_for(start, parts as u32 + 1)?,
        };
        let sum = checksum(&short_name);
        for part in (0..parts).rev() {
            let mut long = [0; ENTRY as usize];
            let last = if part + 1 == parts { 0x40 } else { 0 };
            long[0] = (part + 1) as u8 | last;
            long[entry::ATTRIBUTES] = attribute::LONG_NAME;
            long[13] = sum;
            name.put_part(&mut long, part);
            let place = self.locate(&at)?.ok_or(Errno::EIO)?;
            self.put_raw(place, &long)?;
            self.advance(&mut at)?;
        }
        let place = self.locate(&at)?.ok_or(Errno::EIO)?;
        self.put_raw(place, &raw)?;
        Ok(place)
    }

    fn has_short(&mut self, start: u32, short: &[u8; 11]) -> Result<bool> {
        let mut at = Self::listing(start);
        while let Some((sector, offset)) = self.locate(&at)? {
            let raw = self.raw(sector, offset)?;
            if raw[0] == 0 {
                break;
            }
            let is_long = raw[entry::ATTRIBUTES] & 0x3f == attribute::LONG_NAME;
            if !is_long && raw[..11] == *short {
                return Ok(true);
            }
            self.advance(&mut at)?;
        }
        Ok(false)
    }

    /// A run of `count` free entries; the directory is lengthened when it has none.
    pub(super) fn room_for(&mut self, start: u32, count: u32) -> Result<Listing> {
        let mut at = Self::listing(start);
        let mut run: Option<(Listing, u32)> = None;
        let mut last = start;
        let mut is_behind_end = false;
        loop {
            if self.locate(&at)?.is_none() {
                if start == 0 || at.index >= MOST_ENTRIES {
                    return Err(Errno::ENOSPC);
                }
                at.cluster = self.blank_cluster(Some(last))?;
            }
            let Some((sector, offset)) = self.locate(&at)? else {
                return Err(Errno::ENOSPC);
            };
            last = at.cluster;
            let first = self.raw(sector, offset)?[0];
            is_behind_end |= first == 0;
            if is_behind_end || first == REMOVED {
                let (begin, len) = run.unwrap_or((at, 0));
                if len + 1 == count {
                    if is_behind_end {
                        self.end_after(at)?;
                    }
                    return Ok(begin);
                }
                run = Some((begin, len + 1));
            } else {
                run = None;
            }
            self.advance(&mut at)?;
        }
    }

    /// The entry behind the new ones has to say that it is the end: it may hold anything.
    fn end_after(&mut self, mut at: Listing) -> Result {
        self.advance(&mut at)?;
        if let Some((sector, offset)) = self.locate(&at)?
            && self.raw(sector, offset)?[0] != 0
        {
            self.sector_mut(sector)?[offset as usize] = 0;
        }
        Ok(())
    }

    /// A new cluster of zeros.
    pub(super) fn blank_cluster(&mut self, last: Option<u32>) -> Result<u32> {
        let cluster = self.allocate(last)?;
        let first = self.sector_of(cluster)?;
        for sector in first..first + self.state.cluster_sectors {
            self.blank_sector(sector)?;
        }
        Ok(cluster)
    }
}
