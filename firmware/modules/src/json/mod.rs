//! `json`: values to text and back.

mod read;
mod write;

use upy_runtime::{Entry, KEYWORDS, function, text};

use crate::names as q;

pub(crate) const ENTRIES: &[Entry] = &[
    text(q::__name__, q::json),
    function(q::dump, write::dump, 2, KEYWORDS | 2),
    function(q::dumps, write::dumps, 1, KEYWORDS | 1),
    function(q::load, read::load, 1, 1),
    function(q::loads, read::loads, 1, 1),
];
