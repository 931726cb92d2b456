//! Entries in memory, resolved in their order.

use rayon::prelude::*;

use super::super::Match;
use super::Contact;
use super::directory::{Directory, Resolution, TOGETHER};
use crate::consent::{For, Permitted};
use crate::ids::AccountId;

/// Contacts per parallel task: big enough to hide its cost, small enough to balance.
pub(super) const CHUNK: usize = 1 << 14;

/// What became of contacts. Every contact is counted under exactly one of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct MatchCounts {
    /// Became a match.
    pub matched: u64,
    /// The saver's own number.
    pub own_number: u64,
    /// No account has it.
    pub non_user: u64,
    /// Saved when it was not the account's: before its binding, or after.
    pub before_binding: u64,
    /// Claimed by several accounts when it was saved.
    pub contested: u64,
    /// A business's number.
    pub business_number: u64,
}

impl MatchCounts {
    /// How many contacts were counted.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.matched
            + self.own_number
            + self.non_user
            + self.before_binding
            + self.contested
            + self.business_number
    }

    /// Those of two parts.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            matched: self.matched + other.matched,
            own_number: self.own_number + other.own_number,
            non_user: self.non_user + other.non_user,
            before_binding: self.before_binding + other.before_binding,
            contested: self.contested + other.contested,
            business_number: self.business_number + other.business_number,
        }
    }
}

/// The matches of some contacts, in the order of the contacts, and what became of the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MatchBatch {
    /// The matches. Each has to pass the gate before it is used: so far only `from` was asked.
    pub matches: Vec<Match>,
    /// What became of every contact.
    pub counts: MatchCounts,
}

/// Resolves contacts to accounts.
///
/// # Complexity
/// One [`Directory::resolve`] a contact, in parallel; the answer does not depend on the number of threads.
#[must_use]
pub fn match_entries<P: For>(
    directory: &Directory<P>,
    contacts: &[Permitted<Contact, P>],
) -> MatchBatch {
    let chunks: Vec<MatchBatch> = contacts
        .par_chunks(CHUNK)
        .map(|chunk| match_chunk(directory, chunk))
        .collect();
    let counts = chunks
        .iter()
        .map(|chunk| chunk.counts)
        .fold(MatchCounts::default(), MatchCounts::plus);
    let n_matches = chunks.iter().map(|chunk| chunk.matches.len()).sum();
    let mut matches = Vec::with_capacity(n_matches);
    for chunk in &chunks {
        matches.extend_from_slice(&chunk.matches);
    }
    MatchBatch { matches, counts }
}

fn match_chunk<P: For>(directory: &Directory<P>, contacts: &[Permitted<Contact, P>]) -> MatchBatch {
    let mut batch = MatchBatch {
        matches: Vec::with_capacity(contacts.len()),
        ..MatchBatch::default()
    };
    let MatchBatch { matches, counts } = &mut batch;
    for some in contacts.chunks(TOGETHER) {
        directory.resolve_together(some, |contact, resolution| {
            *tally(counts, contact.from, resolution) += 1;
            matches.extend(match_of(contact, resolution));
        });
    }
    batch
}

#[inline]
pub(super) fn tally(counts: &mut MatchCounts, from: AccountId, resolution: Resolution) -> &mut u64 {
    match resolution {
        Resolution::Match(to) if to == from => &mut counts.own_number,
        Resolution::Match(_) => &mut counts.matched,
        Resolution::NonUser => &mut counts.non_user,
        Resolution::NotYetTheirs => &mut counts.before_binding,
        Resolution::Contested => &mut counts.contested,
        Resolution::Business => &mut counts.business_number,
    }
}

/// The match a resolution makes, unless it is of one's own number.
#[inline]
pub(super) fn match_of(contact: &Contact, resolution: Resolution) -> Option<Match> {
    match resolution {
        Resolution::Match(to) if to != contact.from => Some(Match {
            from: contact.from,
            to,
            saved_at: contact.saved_at,
        }),
        _ => None,
    }
}
