//! Matching: whose number was it when it was saved?
//!
//! A contact becomes a match only if the number was bound to exactly one account at the moment it was saved.
//! A recycled number therefore never leads from an old address book to its new owner, and somebody who joins
//! later is not found by what was uploaded before. The directory takes messenger bindings that passed the gate for
//! one purpose: an account that is out is, to it, a number without an account, exactly as if it had been deleted.

use std::marker::PhantomData;

use rayon::prelude::*;

use super::tenure::{Binding, Holder, Tenure, tenures};
use super::{E164, Match};
use crate::consent::{About, For, Permitted};
use crate::hash::HashSet;
use crate::ids::AccountId;
use crate::time::{Interval, Timestamp};

/// Contacts per parallel task: big enough to hide its cost, small enough to balance.
const CHUNK: usize = 1 << 14;

/// Somebody saved a number. It is about the saver alone as long as nobody knows whose number it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Contact {
    /// Who saved it.
    pub from: AccountId,
    /// What was saved.
    pub number: E164,
    /// When.
    pub saved_at: Timestamp,
}

impl About for Contact {
    type Id = AccountId;
    type Ids = [AccountId; 1];

    fn about(&self) -> [AccountId; 1] {
        [self.from]
    }

    fn collected_at(&self) -> Timestamp {
        self.saved_at
    }
}

/// Whose a number was at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// This account's.
    Match(AccountId),
    /// Nobody's, ever, as far as the directory knows.
    NonUser,
    /// Some account's, but not at that moment: saved before it was theirs, or after.
    NotYetTheirs,
    /// Claimed by several accounts at that moment, so nobody's.
    Contested,
    /// A business's, which is nobody's friend.
    Business,
}

/// Every number's holders over time, permitted for purpose `P`.
///
/// Rows are sorted by a bijective mix of the number, and the top bits of the mix index where each run of about
/// four rows begins, so a lookup costs two cache misses whatever the size. 40 to 44 bytes a tenure.
#[derive(Debug)]
pub struct Directory<P> {
    keys: Vec<u64>,
    tenures: Vec<Tenure>,
    bucket_starts: Vec<usize>,
    bucket_shift: u32,
    n_contested: u64,
    purpose: PhantomData<P>,
}

impl<P: For> Directory<P> {
    /// A directory of the bindings that passed the gate; `business_numbers` resolve to [`Resolution::Business`]
    /// whoever else claims them.
    ///
    /// # Complexity
    /// O(n log n) time in parallel and O(n) extra space for n bindings.
    #[must_use]
    pub fn build(
        bindings: impl IntoIterator<Item = Permitted<Binding, P>>,
        business_numbers: &HashSet<E164>,
    ) -> Self {
        let mut bindings: Vec<(u64, Binding)> = bindings
            .into_iter()
            .map(Permitted::into_inner)
            .filter(|binding| !business_numbers.contains(&binding.number))
            .map(|binding| (mix(binding.number), binding))
            .collect();
        bindings.par_sort_unstable();
        let mut rows: Vec<(u64, Tenure)> = bindings
            .par_chunk_by(|a, b| a.0 == b.0)
            .flat_map_iter(rows_of_one_number)
            .chain(business_numbers.par_iter().copied().map(business_row))
            .collect();
        drop(bindings);
        // Business numbers have one row each and nobody else's, so keys order all but the tenures of one
        // number, which a stable sort leaves ascending in time.
        rows.par_sort_by_key(|row| row.0);
        Self::from_rows(&rows)
    }

    fn from_rows(rows: &[(u64, Tenure)]) -> Self {
        let (keys, tenures): (Vec<u64>, Vec<Tenure>) = rows.iter().copied().unzip();
        let bucket_shift = 64 - bucket_bits(keys.len());
        Self {
            bucket_starts: bucket_starts(&keys, bucket_shift),
            n_contested: n_contested(rows),
            keys,
            tenures,
            bucket_shift,
            purpose: PhantomData,
        }
    }

    /// Whose the number was when it was saved.
    ///
    /// # Complexity
    /// O(1) expected, plus the number of times the number changed hands.
    #[must_use]
    pub fn resolve(&self, number: E164, saved_at: Timestamp) -> Resolution {
        let key = mix(number);
        let bucket = bucket_of(key, self.bucket_shift);
        let (start, end) = (self.bucket_starts[bucket], self.bucket_starts[bucket + 1]);
        let bucket_keys = &self.keys[start..end];
        let first = start + bucket_keys.partition_point(|&other| other < key);
        let n_rows = self.keys[first..end].partition_point(|&other| other == key);
        held_at(&self.tenures[first..first + n_rows], saved_at)
    }

    /// How many numbers are claimed by several accounts at some moment.
    #[must_use]
    pub const fn n_contested(&self) -> u64 {
        self.n_contested
    }

    /// How many tenures it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Does it hold none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

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

    fn plus(self, other: Self) -> Self {
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
    let matches = chunks.into_iter().flat_map(|chunk| chunk.matches).collect();
    MatchBatch { matches, counts }
}

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

fn match_chunk<P: For>(directory: &Directory<P>, contacts: &[Permitted<Contact, P>]) -> MatchBatch {
    let mut batch = MatchBatch::default();
    for contact in contacts.iter().map(Permitted::get) {
        let resolution = directory.resolve(contact.number, contact.saved_at);
        *tally(&mut batch.counts, contact.from, resolution) += 1;
        if let Resolution::Match(to) = resolution
            && to != contact.from
        {
            batch.matches.push(Match {
                from: contact.from,
                to,
                saved_at: contact.saved_at,
            });
        }
    }
    batch
}

fn tally(counts: &mut MatchCounts, from: AccountId, resolution: Resolution) -> &mut u64 {
    match resolution {
        Resolution::Match(to) if to == from => &mut counts.own_number,
        Resolution::Match(_) => &mut counts.matched,
        Resolution::NonUser => &mut counts.non_user,
        Resolution::NotYetTheirs => &mut counts.before_binding,
        Resolution::Contested => &mut counts.contested,
        Resolution::Business => &mut counts.business_number,
    }
}

/// Multiplication by an odd number is a bijection of 64 bits, and this one (2⁶⁴ over the golden ratio) spreads
/// numbers that differ in their last digits over the top bits, which choose the bucket.
const fn mix(number: E164) -> u64 {
    number.expose().wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

fn rows_of_one_number(bindings: &[(u64, Binding)]) -> impl Iterator<Item = (u64, Tenure)> + use<> {
    let key = bindings[0].0;
    let held: Vec<_> = bindings
        .iter()
        .map(|(_, b)| (b.account, b.interval()))
        .collect();
    tenures(&held).into_iter().map(move |tenure| (key, tenure))
}

fn business_row(number: E164) -> (u64, Tenure) {
    let tenure = Tenure {
        interval: Interval::ALWAYS,
        holder: Holder::Business,
    };
    (mix(number), tenure)
}

fn n_contested(rows: &[(u64, Tenure)]) -> u64 {
    let contested = |run: &&[(u64, Tenure)]| run.iter().any(|(_, t)| t.holder == Holder::Contested);
    rows.chunk_by(|a, b| a.0 == b.0).filter(contested).count() as u64
}

/// Buckets of about four rows: between 2 and 2³² of them.
const fn bucket_bits(n_rows: usize) -> u32 {
    let bits = (n_rows / 4 + 2).ilog2();
    if bits > 32 { 32 } else { bits }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a bucket has at most 32 bits"
)]
const fn bucket_of(key: u64, bucket_shift: u32) -> usize {
    (key >> bucket_shift) as usize
}

/// Where each bucket begins in the sorted keys, and where the last one ends.
fn bucket_starts(keys: &[u64], bucket_shift: u32) -> Vec<usize> {
    let n_buckets = 1_usize << (64 - bucket_shift);
    let mut starts = vec![0; n_buckets + 1];
    for &key in keys {
        starts[bucket_of(key, bucket_shift) + 1] += 1;
    }
    let mut so_far = 0;
    for start in &mut starts {
        so_far += *start;
        *start = so_far;
    }
    starts
}

fn held_at(tenures: &[Tenure], at: Timestamp) -> Resolution {
    if tenures.is_empty() {
        return Resolution::NonUser;
    }
    let n_begun = tenures.partition_point(|tenure| tenure.interval.from <= at);
    let current = tenures[..n_begun]
        .last()
        .filter(|tenure| tenure.interval.contains(at));
    match current.map(|tenure| tenure.holder) {
        None => Resolution::NotYetTheirs,
        Some(Holder::Account(account)) => Resolution::Match(account),
        Some(Holder::Contested) => Resolution::Contested,
        Some(Holder::Business) => Resolution::Business,
    }
}
