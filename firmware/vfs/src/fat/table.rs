//! The table of clusters: chains of them, free ones, and the sector that is cached.

use super::disk::{half, info, put_half, put_word, word};
use super::{Bits, Volume};
use crate::{Errno, Result};

/// What follows a cluster in its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Free,
    Cluster(u32),
    End,
}

impl Volume<'_> {
    /// The sector in the buffer.
    ///
    /// # Errors
    /// What the device reports.
    pub(super) fn sector(&mut self, number: u32) -> Result<&mut [u8]> {
        if self.cached != number {
            self.write_back()?;
            self.cached = super::NOTHING;
            self.device.read(number, 0, self.buffer)?;
            self.cached = number;
        }
        Ok(self.buffer)
    }

    /// As [`Volume::sector`], to be changed.
    pub(super) fn sector_mut(&mut self, number: u32) -> Result<&mut [u8]> {
        self.sector(number)?;
        self.is_changed = true;
        Ok(self.buffer)
    }

    /// A sector of zeros, whatever it held.
    pub(super) fn blank_sector(&mut self, number: u32) -> Result<&mut [u8]> {
        self.write_back()?;
        self.buffer.fill(0);
        self.cached = number;
        self.is_changed = true;
        Ok(self.buffer)
    }

    /// Stores the cached sector.
    pub(super) fn write_back(&mut self) -> Result {
        if self.is_changed {
            self.is_changed = false;
            let result = self.device.program(self.cached, 0, self.buffer);
            if result.is_err() {
                self.cached = super::NOTHING;
            }
            result?;
        }
        Ok(())
    }

    /// Stores everything.
    pub(super) fn flush(&mut self) -> Result {
        self.write_back()?;
        self.device.sync()
    }

    fn is_cluster(&self, cluster: u32) -> bool {
        cluster >= 2 && cluster - 2 < self.state.clusters
    }

    /// The first sector of a cluster.
    ///
    /// # Errors
    /// `EIO` for a number that no cluster has.
    pub(super) fn sector_of(&self, cluster: u32) -> Result<u32> {
        if !self.is_cluster(cluster) {
            return Err(Errno::EIO);
        }
        Ok(self.state.data + (cluster - 2) * self.state.cluster_sectors)
    }

    /// Byte of the table, across sectors.
    fn table_byte(&mut self, at: u32) -> Result<u8> {
        let size = self.state.sector_bytes;
        let sector = self.state.table + at / size;
        Ok(self.sector(sector)?[(at % size) as usize])
    }

    fn put_table_byte(&mut self, at: u32, keep: u8, value: u8) -> Result {
        let size = self.state.sector_bytes;
        let place = (at % size) as usize;
        for copy in 0..self.state.tables {
            let sector = self.state.table + copy * self.state.table_sectors + at / size;
            let bytes = self.sector_mut(sector)?;
            bytes[place] = bytes[place] & keep | value;
        }
        Ok(())
    }

    /// What follows `cluster`.
    ///
    /// # Errors
    /// `EIO` when the table is damaged; what the device reports.
    pub(super) fn next(&mut self, cluster: u32) -> Result<Next> {
        if !self.is_cluster(cluster) {
            return Err(Errno::EIO);
        }
        let size = self.state.sector_bytes;
        let (value, end) = match self.state.bits {
            Bits::Twelve => {
                let at = cluster + cluster / 2;
                let low = u32::from(self.table_byte(at)?);
                let both = low | u32::from(self.table_byte(at + 1)?) << 8;
                (
                    if cluster & 1 == 0 {
                        both & 0xfff
                    } else {
                        both >> 4
                    },
                    0xff8,
                )
            }
            Bits::Sixteen => {
                let sector = self.state.table + cluster * 2 / size;
                (
                    half(self.sector(sector)?, (cluster * 2 % size) as usize),
                    0xfff8,
                )
            }
            Bits::ThirtyTwo => {
                let sector = self.state.table + cluster / (size / 4);
                let value = word(self.sector(sector)?, (cluster % (size / 4) * 4) as usize);
                (value & 0x0fff_ffff, 0x0fff_fff8)
            }
        };
        match value {
            0 => Ok(Next::Free),
            value if value >= end => Ok(Next::End),
            value if self.is_cluster(value) => Ok(Next::Cluster(value)),
            _ => Err(Errno::EIO),
        }
    }

    /// Sets what follows `cluster`.
    pub(super) fn set_next(&mut self, cluster: u32, next: Next) -> Result {
        if !self.is_cluster(cluster) {
            return Err(Errno::EIO);
        }
        let value = match next {
            Next::Free => 0,
            Next::Cluster(value) => value,
            Next::End => 0x0fff_ffff,
        };
        let size = self.state.sector_bytes;
        if self.state.bits == Bits::Twelve {
            let at = cluster + cluster / 2;
            let value = value & 0xfff;
            return if cluster & 1 == 0 {
                self.put_table_byte(at, 0, value as u8)?;
                self.put_table_byte(at + 1, 0xf0, (value >> 8) as u8)
            } else {
                self.put_table_byte(at, 0x0f, (value << 4) as u8)?;
                self.put_table_byte(at + 1, 0, (value >> 4) as u8)
            };
        }
        let is_wide = self.state.bits == Bits::ThirtyTwo;
        let per = if is_wide { size / 4 } else { size / 2 };
        for copy in 0..self.state.tables {
            let sector = self.state.table + copy * self.state.table_sectors + cluster / per;
            let bytes = self.sector_mut(sector)?;
            if is_wide {
                let at = (cluster % per * 4) as usize;
                let kept = word(bytes, at) & 0xf000_0000;
                put_word(bytes, at, kept | value);
            } else {
                put_half(bytes, (cluster % per * 2) as usize, value & 0xffff);
            }
        }
        Ok(())
    }

    /// Takes a free cluster, makes it the end of a chain, and appends it to `last` if there is one.
    ///
    /// # Errors
    /// `ENOSPC`; what the device reports.
    pub(super) fn allocate(&mut self, last: Option<u32>) -> Result<u32> {
        let count = self.state.clusters;
        let start = self.state.next_free.clamp(2, count + 1) - 2;
        for step in 0..count {
            let cluster = 2 + (start + step) % count;
            // A damaged link is no free cluster.
            if self.next(cluster) != Ok(Next::Free) {
                continue;
            }
            self.set_next(cluster, Next::End)?;
            if let Some(last) = last {
                self.set_next(last, Next::Cluster(cluster))?;
            }
            self.state.next_free = cluster + 1;
            self.forget_free_count()?;
            return Ok(cluster);
        }
        Err(Errno::ENOSPC)
    }

    /// Frees a chain.
    pub(super) fn free_chain(&mut self, first: u32) -> Result {
        let mut cluster = first;
        for _ in 0..self.state.clusters {
            let next = self.next(cluster)?;
            self.set_next(cluster, Next::Free)?;
            self.state.next_free = self.state.next_free.min(cluster);
            match next {
                Next::Cluster(next) => cluster = next,
                Next::End | Next::Free => break,
            }
        }
        self.forget_free_count()
    }

    /// The number of free clusters that a 32-bit volume notes is not kept up: unknown is allowed, wrong is not.
    fn forget_free_count(&mut self) -> Result {
        if self.state.info == 0 {
            return Ok(());
        }
        let next = self.state.next_free;
        let sector = self.state.info;
        if word(self.sector(sector)?, info::LEAD.0) == info::LEAD.1 {
            let bytes = self.sector_mut(sector)?;
            put_word(bytes, info::FREE, u32::MAX);
            put_word(bytes, info::NEXT, next);
        }
        self.state.info = 0;
        Ok(())
    }

    /// How many clusters are free.
    ///
    /// # Errors
    /// What the device reports.
    pub fn free_clusters(&mut self) -> Result<u32> {
        let mut free = 0;
        for cluster in 2..2 + self.state.clusters {
            match self.next(cluster) {
                Ok(Next::Free) => free += 1,
                // A link that makes no sense is in use by something.
                Ok(_) | Err(Errno::EIO) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(free)
    }
}
