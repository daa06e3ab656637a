//! All parts of a board behind one trait.

/// The hardware of a board.
pub trait Board {}
