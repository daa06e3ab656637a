//! All that a copy of one file has to know of the board, in one question, with what it will need right
//! behind: a turn-round of a USB link is worth the time of half a kilobyte.

use super::agent::Agent;
use super::fs::{Stat, parent, quoted, stat_of};
use super::snippet;
use super::value::{self, Value};
use crate::error::{Code, Error, Result};

/// From this size on the upload's part is sent before it is known that the file differs.
const WORTH_IT_BYTES: u64 = 16 * 1024;

/// What is known of the place that a file goes to.
#[derive(Clone, Debug)]
pub(crate) struct Early {
    /// The place.
    pub(crate) path: String,
    /// What stands there; a file of the asked size with its digest.
    pub(crate) stat: Stat,
    /// The size that the file has.
    pub(crate) len_bytes: u64,
    /// Free bytes of the file system around it, where the board can tell.
    pub(crate) free_bytes: Option<u64>,
}

impl Agent<'_> {
    /// Asks about `path`, to which a file of `len_bytes` may go.
    ///
    /// # Errors
    /// Those of the connection.
    pub(crate) fn look_early(&mut self, path: &str, len_bytes: u64) -> Result<Early> {
        let mut source = String::new();
        self.early_buffers(&mut source);
        self.need_early(&[snippet::HASH, snippet::STAT], &mut source);
        source.push_str(&format!("A((({},{len_bytes}),))\n", quoted(path)));
        source.push_str(&free_of(path));
        self.request(&source)?;
        let ahead: &[&'static str] = if len_bytes >= WORTH_IT_BYTES && !self.is_text() {
            &[
                snippet::COMMIT,
                snippet::PUT,
                snippet::OWN_BUFFERS,
                snippet::PUT_BUFFER,
            ]
        } else {
            &[]
        };
        let answers = self.finish_before(ahead, "look at", path)?;
        early(path, len_bytes, &answers)
    }

    /// Free bytes of the file system around `path`; `None` where the board cannot tell.
    ///
    /// # Errors
    /// Those of the connection.
    pub(crate) fn free_around(&mut self, path: &str) -> Result<Option<u64>> {
        let values = self.call(&free_of(path), "look at", parent(path))?;
        Ok(values.first().and_then(free_bytes))
    }
}

fn free_of(path: &str) -> String {
    let directory = parent(path);
    let directory = if directory.is_empty() { "." } else { directory };
    snippet::FREE.replace("{p}", &quoted(directory))
}

fn free_bytes(value: &Value) -> Option<u64> {
    value.int().and_then(|free| u64::try_from(free).ok())
}

fn early(path: &str, len_bytes: u64, answers: &[Vec<u8>]) -> Result<Early> {
    let [stat, free] = answers else {
        return Err(Error::new(
            Code::Protocol,
            "The board answered for other files than it was asked for",
        ));
    };
    Ok(Early {
        path: path.to_string(),
        stat: stat_of(&value::parse(stat)?)?,
        len_bytes,
        free_bytes: free_bytes(&value::parse(free)?),
    })
}
