//! Books: the address book and number books, matched for whatever purpose asks.

pub(in crate::engine) mod long;
pub(in crate::engine) mod matches;
pub(in crate::engine) mod number_book;
pub(in crate::engine) mod reading;
pub(in crate::engine) mod strangers;
