//! Matches, each pair of accounts once.

use rayon::prelude::*;

use super::super::Match;
use crate::consent::{For, Permitted};

/// Permitted matches, each pair of accounts once.
#[derive(Clone, Debug)]
pub struct Folded<P> {
    /// Ascending by who saved, then by whose number; of several the earliest.
    pub matches: Vec<Permitted<Match, P>>,
    /// How many said the same again.
    pub duplicates: u64,
}

/// Folds the matches of one pair of accounts into the earliest.
///
/// It takes matches that passed the gate: an order that spares only newer data may remove the
/// earliest of several and leave a later one.
///
/// # Complexity
/// O(n log n) in parallel, in place.
#[must_use]
pub fn fold_duplicates<P: For>(mut matches: Vec<Permitted<Match, P>>) -> Folded<P> {
    let n_before = matches.len();
    matches.par_sort_unstable_by_key(|m| (m.get().from, m.get().to, m.get().saved_at));
    matches.dedup_by_key(|m| (m.get().from, m.get().to));
    let duplicates = (n_before - matches.len()) as u64;
    Folded {
        matches,
        duplicates,
    }
}
