//! The interrupt matrix: which source is on which line, and which lines are let through.
//!
//! Source: ESP32-C3 Technical Reference Manual, chapter 8.

const SOURCES: usize = 62;
const ENABLED: u32 = 0x104;
const PRIORITIES: u32 = 0x114;
const THRESHOLD: u32 = 0x194;

/// The matrix.
pub(crate) struct Interrupts {
    lines: [u32; SOURCES],
    enabled: u32,
    priorities: [u32; 32],
    threshold: u32,
}

impl Interrupts {
    pub(crate) fn new() -> Self {
        Self {
            lines: [0; SOURCES],
            enabled: 0,
            priorities: [0; 32],
            threshold: 0,
        }
    }

    /// The line of the first source that interrupts and is let through.
    pub(crate) fn line(&self, sources: &[(usize, bool)]) -> Option<u32> {
        let lines = sources.iter().filter(|(_, interrupts)| *interrupts);
        lines.map(|(source, _)| self.lines[*source]).find(|line| {
            *line != 0
                && self.enabled >> line & 1 != 0
                && self.priorities[*line as usize] >= self.threshold.max(1)
        })
    }

    pub(crate) fn read(&self, offset: u32) -> u32 {
        match offset {
            0..0xf8 => self.lines[offset as usize / 4],
            ENABLED => self.enabled,
            PRIORITIES..THRESHOLD => self.priorities[(offset - PRIORITIES) as usize / 4],
            THRESHOLD => self.threshold,
            _ => 0,
        }
    }

    pub(crate) fn write(&mut self, offset: u32, value: u32) {
        match offset {
            0..0xf8 => self.lines[offset as usize / 4] = value & 31,
            ENABLED => self.enabled = value,
            PRIORITIES..THRESHOLD => {
                self.priorities[(offset - PRIORITIES) as usize / 4] = value & 15
            }
            THRESHOLD => self.threshold = value & 15,
            _ => {}
        }
    }
}
