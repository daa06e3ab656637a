//! Looking at everything of version 1: is a file system whole?

use super::super::check::{Report, Used};
use super::super::disk::{equal_pair, is_null};
use super::super::{Volume, skiplist};
use super::disk::{Dir, HEADER, Item, kind};
use crate::{Errno, Result};

impl Volume<'_> {
    /// [`Volume::check`] in version 1.
    pub(in super::super) fn check_v1(&mut self, used: &mut Used<'_>) -> Result<Report> {
        let mut report = Report::default();
        let mut is_head = true;
        self.each_dir_v1(|this, dir| {
            report.pairs += 1;
            for block in dir.pair {
                used.take(block)?;
                report.blocks += 1;
            }
            // The pair of the superblock has no parent.
            if is_head && report.pairs > 1 {
                let parent = this.pair_in_parent_v1(dir.pair)?;
                report.is_unfinished |= !parent.is_some_and(|pair| equal_pair(pair, dir.pair));
            }
            is_head = !dir.is_split;
            let mut offset = HEADER;
            while let Some(item) = this.item_v1(dir, offset)? {
                offset += item.len();
                this.check_item_v1(dir, &item, used, &mut report)?;
            }
            Ok(false)
        })?;
        Ok(report)
    }

    fn check_item_v1(
        &mut self,
        dir: &Dir,
        item: &Item,
        used: &mut Used<'_>,
        report: &mut Report,
    ) -> Result {
        if item.is_moved {
            report.is_unfinished = true;
            if self.has_twin_v1(item.words)? {
                return Ok(());
            }
        }
        match item.kind {
            kind::FILE => {
                let [head, size] = item.words;
                report.files += 1;
                report.bytes += u64::from(size);
                let mut result = Ok(());
                skiplist::each_block(&mut self.io, head, size, &mut |block| {
                    report.blocks += 1;
                    let taken = used.take(block);
                    if result.is_ok() {
                        result = taken;
                    }
                })?;
                result
            }
            kind::DIRECTORY => {
                report.directories += 1;
                let is_listed = !is_null(item.words) && self.predecessor_v1(item.words)?.is_some();
                if is_listed {
                    Ok(())
                } else {
                    Err(Errno::EILSEQ)
                }
            }
            kind::SUPERBLOCK if equal_pair(dir.pair, super::SUPERBLOCK_PAIR) => Ok(()),
            _ => Err(Errno::EILSEQ),
        }
    }
}
