//! What can be done with any value: the operators, attributes, items, iteration, printing.

pub(crate) mod attr;
pub(crate) mod binary;
pub(crate) mod compare;
pub(crate) mod field;
pub(crate) mod format;
pub(crate) mod index;
pub(crate) mod iter;
pub(crate) mod kinds;
pub(crate) mod percent;
pub(crate) mod printf;
pub(crate) mod repr;
pub(crate) mod store;
pub(crate) mod stream;
pub(crate) mod unary;
pub(crate) mod unpack;
