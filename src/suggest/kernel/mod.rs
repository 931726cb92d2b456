//! Two-paths from one person, counted or weighed in arrays with one cell a person.
//!
//! The simple code this is equal to, for a person `u`:
//!
//! ```text
//! for z in ties(u) { for v in ties(z) { cells[v] += step(z) } }
//! ```
//!
//! A row of the result belongs to one person and is gathered by one task, so no two threads ever add to one
//! cell; and what is added are integers, so the order of adding does not matter either.
//!
//! There are two ways to find out afterwards which cells were reached. [`sparse`] lists every cell when it is
//! reached first, which makes a person cost what their two-paths cost and not the number of people. [`dense`]
//! reads all cells between the first and the last that can have been reached, many at a time, and is faster as
//! soon as a good part of them was.

mod dense;
mod greatest;
mod hubs;
mod measure;
mod reach;
mod scan;
mod sieve;
mod sparse;
mod weighed;

pub(crate) use dense::{Dense, Quotient, Scanned, accumulate as accumulate_all};
pub(crate) use hubs::Hubs;
pub(crate) use measure::{
    ByLengths, ByUnion, Counting, Measure, PACKED_DEGREE_MAX, Packed, Share, Wide, WideCell,
    weights,
};
pub(crate) use reach::Reach;
pub(crate) use scan::Best;
pub(crate) use sieve::{SIEVE_TWO_PATHS_MAX, Sieve, Walk, accumulate as accumulate_sieved};
pub(crate) use sparse::accumulate as accumulate_listing;
pub(crate) use weighed::{Weighed, accumulate as accumulate_weighed};
