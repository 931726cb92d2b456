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

/// Contacts that are looked up together: enough reads in flight for any core.
const TOGETHER: usize = 32;

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

    /// As [`resolve`](Self::resolve) for some contacts, no more than [`TOGETHER`], in their order.
    ///
    /// A directory is larger than any cache, and one look-up waits for memory three times in a row. Here each of the
    /// three reads is made for all contacts before the next is, so they wait together.
    fn resolve_together<'c>(
        &self,
        contacts: &'c [Permitted<Contact, P>],
    ) -> impl Iterator<Item = (&'c Contact, Resolution)> {
        let mut rows = [(0_usize, 0_usize); TOGETHER];
        for (row, contact) in rows.iter_mut().zip(contacts) {
            let bucket = bucket_of(mix(contact.get().number), self.bucket_shift);
            *row = (self.bucket_starts[bucket], self.bucket_starts[bucket + 1]);
        }
        let mut heads = [u64::MAX; TOGETHER];
        for (head, &(start, _)) in heads.iter_mut().zip(&rows) {
            *head = self.keys.get(start).copied().unwrap_or(u64::MAX);
        }
        for ((row, head), contact) in rows.iter_mut().zip(heads).zip(contacts) {
            let key = mix(contact.get().number);
            let (start, end) = if head > key { (row.0, row.0) } else { *row };
            *row = rows_of(&self.keys[start..end], start, key);
        }
        let mut begins = [Timestamp::MAX; TOGETHER];
        for (begin, &(first, _)) in begins.iter_mut().zip(&rows) {
            let tenure = self.tenures.get(first);
            *begin = tenure.map_or(Timestamp::MAX, |tenure| tenure.interval.from);
        }
        let of = rows.into_iter().zip(begins).zip(contacts);
        of.map(|(((first, end), begin), contact)| {
            let contact = contact.get();
            let found = if first == end {
                Resolution::NonUser
            } else if contact.saved_at < begin {
                Resolution::NotYetTheirs
            } else {
                held_at(&self.tenures[first..end], contact.saved_at)
            };
            (contact, found)
        })
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
    let n_matches = chunks.iter().map(|chunk| chunk.matches.len()).sum();
    let mut matches = Vec::with_capacity(n_matches);
    for chunk in &chunks {
        matches.extend_from_slice(&chunk.matches);
    }
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
    let found = contacts.chunks(TOGETHER);
    for (contact, resolution) in found.flat_map(|some| directory.resolve_together(some)) {
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

/// The rows of a key among the sorted keys of its bucket, which begins at `start`.
fn rows_of(bucket: &[u64], start: usize, key: u64) -> (usize, usize) {
    // Nearly all buckets have a handful of rows: counting them all takes no branch to guess wrong.
    let (below, within) = if bucket.len() <= 16 {
        let count = |n: usize, holds: bool| n + usize::from(holds);
        (
            bucket.iter().fold(0, |n, &other| count(n, other < key)),
            bucket.iter().fold(0, |n, &other| count(n, other <= key)),
        )
    } else {
        let below = bucket.partition_point(|&other| other < key);
        let equal = bucket[below..].partition_point(|&other| other == key);
        (below, below + equal)
    };
    (start + below, start + within)
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

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;
    use crate::consent::testing::gate_of;
    use crate::consent::{FriendSuggestions, Gate};

    type Permit<T> = Permitted<T, FriendSuggestions>;

    fn number(n: u64) -> E164 {
        E164::from_digits(4_900_000_000 + n).unwrap()
    }

    fn binding(n: u64, account: u64, since: i64, until: i64) -> Binding {
        Binding {
            number: number(n),
            account: AccountId(account),
            since: Timestamp::from_secs(since),
            until: Timestamp::from_secs(until),
        }
    }

    fn contact(from: u64, n: u64, saved_at: i64) -> Contact {
        Contact {
            from: AccountId(from),
            number: number(n),
            saved_at: Timestamp::from_secs(saved_at),
        }
    }

    fn permit<T: About<Id = AccountId>>(data: impl IntoIterator<Item = T>) -> Vec<Permit<T>> {
        let data: Vec<T> = data.into_iter().collect();
        let gate: Gate<FriendSuggestions, AccountId> = gate_of(data.iter().flat_map(About::about));
        data.into_iter()
            .map(|datum| gate.permit(datum).unwrap())
            .collect()
    }

    fn directory(bindings: &[Binding]) -> Directory<FriendSuggestions> {
        Directory::build(permit(bindings.iter().copied()), &HashSet::default())
    }

    fn resolve(bindings: &[Binding], n: u64, at: i64) -> Resolution {
        directory(bindings).resolve(number(n), Timestamp::from_secs(at))
    }

    #[test]
    fn deny_a_new_owner_to_old_address_books() {
        let recycled = [binding(1, 10, 0, 100), binding(1, 11, 145, i64::MAX)];
        assert_eq!(resolve(&recycled, 1, 99), Resolution::Match(AccountId(10)));
        assert_eq!(resolve(&recycled, 1, 100), Resolution::NotYetTheirs);
        assert_eq!(resolve(&recycled, 1, 144), Resolution::NotYetTheirs);
        assert_eq!(resolve(&recycled, 1, 145), Resolution::Match(AccountId(11)));
        let old = permit((0..200).map(|uploader| contact(uploader + 100, 1, 50)));
        let batch = match_entries(&directory(&recycled), &old);
        assert!(batch.matches.len() == 200 && batch.matches.iter().all(|m| m.to == AccountId(10)));
    }

    #[test]
    fn two_people_swap_numbers_on_one_day() {
        let swap = [
            binding(1, 10, 0, 50),
            binding(2, 11, 0, 50),
            binding(1, 11, 50, 99),
            binding(2, 10, 50, 99),
        ];
        for (n, at, account) in [(1, 49, 10), (2, 49, 11), (1, 50, 11), (2, 50, 10)] {
            assert_eq!(resolve(&swap, n, at), Resolution::Match(AccountId(account)));
        }
    }

    #[test]
    fn deny_uploads_from_before_somebody_joined() {
        let joined = [binding(1, 10, 60, i64::MAX)];
        assert_eq!(resolve(&joined, 1, 59), Resolution::NotYetTheirs);
        assert_eq!(resolve(&joined, 1, 60), Resolution::Match(AccountId(10)));
        assert_eq!(resolve(&joined, 2, 60), Resolution::NonUser);
    }

    #[test]
    fn deny_contested_numbers_for_as_long_as_they_are() {
        let contested = [
            binding(1, 10, 0, 60),
            binding(1, 11, 40, 90),
            binding(2, 10, 0, 9),
        ];
        let directory = directory(&contested);
        let at = |secs| directory.resolve(number(1), Timestamp::from_secs(secs));
        assert_eq!(at(39), Resolution::Match(AccountId(10)));
        assert_eq!(
            (at(40), at(59)),
            (Resolution::Contested, Resolution::Contested)
        );
        assert_eq!(at(60), Resolution::Match(AccountId(11)));
        assert_eq!((directory.n_contested(), directory.len()), (1, 4));
    }

    #[test]
    fn deny_a_match_with_a_business() {
        let claimed = permit([binding(1, 10, 0, 99)]);
        let directory = Directory::build(claimed, &HashSet::from_iter([number(1), number(2)]));
        let batch = match_entries(
            &directory,
            &permit([contact(20, 1, 5), contact(20, 2, 5), contact(20, 3, 5)]),
        );
        assert_eq!(batch.matches, []);
        assert_eq!(
            (batch.counts.business_number, batch.counts.non_user),
            (2, 1)
        );
    }

    #[test]
    fn deny_ones_own_number() {
        let directory = directory(&[binding(1, 10, 0, 99)]);
        let batch = match_entries(&directory, &permit([contact(10, 1, 5), contact(11, 1, 5)]));
        assert_eq!(batch.matches.len(), 1);
        assert_eq!((batch.counts.own_number, batch.counts.matched), (1, 1));
    }

    /// An account the gate stops is a number without an account: the directory is the one without it.
    #[test]
    fn same_as_if_those_who_are_out_had_been_deleted() {
        let bindings = [
            binding(1, 10, 0, 60),
            binding(1, 11, 40, 90),
            binding(2, 11, 0, 9),
        ];
        let gate = gate_of::<FriendSuggestions, AccountId>([AccountId(10)]);
        let permitted = bindings
            .iter()
            .filter_map(|binding| gate.permit(*binding).ok());
        let with = Directory::build(permitted, &HashSet::default());
        let without = directory(&bindings[..1]);
        for (n, at) in (1..4).flat_map(|n| (0..100).map(move |at| (n, Timestamp::from_secs(at)))) {
            assert_eq!(with.resolve(number(n), at), without.resolve(number(n), at));
        }
    }

    #[test]
    fn the_earliest_of_several_is_kept() {
        let saved = |from, to, at| Match {
            from: AccountId(from),
            to: AccountId(to),
            saved_at: Timestamp::from_secs(at),
        };
        let folded = fold_duplicates(permit([
            saved(2, 1, 9),
            saved(1, 2, 7),
            saved(1, 2, 3),
            saved(1, 2, 3),
        ]));
        let kept: Vec<_> = folded.matches.iter().map(|m| *m.get()).collect();
        assert_eq!(kept, [saved(1, 2, 3), saved(2, 1, 9)]);
        assert_eq!(folded.duplicates, 2);
    }

    #[test]
    fn empty_directories_know_nobody() {
        let empty = directory(&[]);
        assert!(empty.is_empty());
        assert_eq!(
            empty.resolve(number(1), Timestamp::from_secs(0)),
            Resolution::NonUser
        );
    }

    /// Whose the number was, by looking at every binding.
    fn naive(bindings: &[Binding], contact: &Contact) -> Resolution {
        let of_number: Vec<_> = bindings
            .iter()
            .filter(|b| b.number == contact.number && b.since < b.until)
            .collect();
        let holders: BTreeSet<AccountId> = of_number
            .iter()
            .filter(|b| b.interval().contains(contact.saved_at))
            .map(|b| b.account)
            .collect();
        match (of_number.len(), holders.len()) {
            (0, _) => Resolution::NonUser,
            (_, 0) => Resolution::NotYetTheirs,
            (_, 1) => Resolution::Match(*holders.first().unwrap()),
            _ => Resolution::Contested,
        }
    }

    fn check_against_naive(bindings: &[Binding], contacts: &[Contact]) {
        let batch = match_entries(&directory(bindings), &permit(contacts.iter().copied()));
        let mut matches = Vec::new();
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for contact in contacts {
            let found = naive(bindings, contact);
            let name = match found {
                Resolution::Match(to) if to == contact.from => "own_number",
                Resolution::Match(_) => "matched",
                Resolution::NonUser => "non_user",
                Resolution::NotYetTheirs => "before_binding",
                Resolution::Contested => "contested",
                Resolution::Business => "business_number",
            };
            *counts.entry(name).or_default() += 1;
            if let Resolution::Match(to) = found
                && to != contact.from
            {
                matches.push(Match {
                    from: contact.from,
                    to,
                    saved_at: contact.saved_at,
                });
            }
        }
        assert_eq!(batch.matches, matches, "in the order of the contacts");
        assert_eq!(batch.counts.total(), contacts.len() as u64);
        let ours = serde_json::to_value(batch.counts).unwrap();
        for (name, count) in ours.as_object().unwrap() {
            assert_eq!(
                count.as_u64().unwrap(),
                counts.get(name.as_str()).copied().unwrap_or(0),
                "{name}"
            );
        }
    }

    proptest! {
        #[test]
        fn prop_oracle_random_histories(
            histories in proptest::collection::vec((0_u64..9, 0_u64..6, 0_i64..20, 0_i64..20), 0..40),
            saved in proptest::collection::vec((0_u64..6, 0_u64..10, 0_i64..20), 0..60),
        ) {
            let bindings: Vec<_> = histories.iter().map(|&(n, a, s, u)| binding(n, a, s, u)).collect();
            let contacts: Vec<_> = saved.iter().map(|&(from, n, at)| contact(from, n, at)).collect();
            check_against_naive(&bindings, &contacts);
        }
    }

    #[test]
    fn same_for_any_number_of_threads() {
        let bindings: Vec<_> = (0..5_000_u64)
            .map(|i| {
                binding(
                    i % 4_000,
                    i,
                    i64::try_from(i % 50).unwrap(),
                    i64::try_from(i % 90).unwrap(),
                )
            })
            .collect();
        let contacts = permit(
            (0..3 * CHUNK as u64)
                .map(|i| contact(i % 7_000, (i * 31) % 5_000, i64::try_from(i % 97).unwrap())),
        );
        let run = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(n_threads)
                .build()
                .unwrap();
            pool.install(|| match_entries(&directory(&bindings), &contacts))
        };
        let one = run(1);
        assert!(one.counts.matched > 1_000 && one.counts.contested > 0);
        assert_eq!(one, run(3));
    }
}
