//! The numbers of address books that are nobody's account: how many there are, and how they lie.
//!
//! Whoever looks up every number of a prefix saves numbers that lie side by side, and most of them nobody else saved; if a
//! thousand accounts share the work, each book is small and its numbers lie apart, but together they fill whole blocks that no
//! two of them touch (Hagen, Weinert, Sendner, Dmitrienko and Schneider, *All the Numbers are US*, NDSS 2021, on how such
//! books are made). So three more things are counted here, where the numbers are, and only counts leave:
//!
//! - *dense*: numbers in a block of 1,000 consecutive ones of which the same book has ten or more,
//! - *alone*: numbers that no other book has,
//! - *pooled*: numbers in a block of which a hundred or more are in one book each, whichever books these are.
//!
//! A real number is in several books and its neighbours are not, so an ordinary book has little of each.

use rayon::prelude::*;

use super::Contact;
use super::different::Different;
use crate::hash::{HashMap, mix};
use crate::ids::AccountId;

/// How many consecutive numbers a block has.
const BLOCK: u64 = 1_000;
/// From so many numbers of one book on a block is dense.
const DENSE_FROM: usize = 10;
/// From so many numbers that are in one book each a block is pooled.
const POOLED_FROM: usize = 100;
/// Entries that are compared between books; of more, those of some blocks, drawn by a hash.
const COMPARED: usize = 1 << 24;

/// What is counted about the numbers in an account's book that are nobody's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Strangers {
    /// Who saved them.
    pub account: AccountId,
    /// How many different ones there are.
    pub n_numbers: u32,
    /// How many lie close together in this book.
    pub n_dense: u32,
    /// How many were looked at beside other books: all of them, unless books are very many.
    pub n_compared: u32,
    /// Of these, how many no other book has.
    pub n_alone: u32,
    /// Of these, how many lie in blocks that books share out among themselves.
    pub n_pooled: u32,
}

impl Strangers {
    /// An account that saved none.
    #[must_use]
    pub const fn none(account: AccountId) -> Self {
        Self {
            account,
            n_numbers: 0,
            n_dense: 0,
            n_compared: 0,
            n_alone: 0,
            n_pooled: 0,
        }
    }
}

/// Counts, for every account, the different numbers it saved that are nobody's account.
///
/// # Complexity
/// 8 bytes for each different number of an account, up to 131,072 numbers; of an account with more the count is near. Comparing
/// books takes 16 bytes for each of at most 16,777,216 numbers.
#[derive(Debug, Default)]
pub struct StrangersSaved {
    by_account: HashMap<AccountId, Different<()>>,
}

impl StrangersSaved {
    /// Counts an entry.
    pub fn add(&mut self, contact: &Contact) {
        let saved = self.by_account.entry(contact.from);
        let saved = saved.or_insert_with(|| Different::up_to(0));
        saved.add(contact.number, ());
    }

    /// What is counted of each account, ascending by account.
    #[must_use]
    pub fn by_account(self) -> Vec<Strangers> {
        let mut books: Vec<(AccountId, Different<()>)> = self.by_account.into_iter().collect();
        books.sort_unstable_by_key(|book| book.0);
        let n_kept: usize = books
            .par_iter_mut()
            .map(|book| book.1.numbers().count())
            .sum();
        let one_in = n_kept.div_ceil(COMPARED).max(1) as u64;
        let counted = books.par_iter_mut().map(|(account, saved)| {
            let mut numbers: Vec<u64> = saved.numbers().collect();
            numbers.sort_unstable();
            let strangers = Strangers {
                account: *account,
                n_numbers: u32::try_from(saved.n()).unwrap_or(u32::MAX),
                n_dense: dense(&numbers),
                ..Strangers::none(*account)
            };
            numbers.retain(|&number| mix(number / BLOCK).is_multiple_of(one_in));
            (strangers, numbers)
        });
        let (mut counts, compared): (Vec<Strangers>, Vec<Vec<u64>>) = counted.unzip();
        compare(&mut counts, &compared);
        counts
    }
}

/// How many of ascending numbers lie in dense blocks.
fn dense(numbers: &[u64]) -> u32 {
    let blocks = numbers.chunk_by(|a, b| a / BLOCK == b / BLOCK);
    let dense = blocks.map(<[u64]>::len).filter(|&n| n >= DENSE_FROM);
    count(dense.sum())
}

/// Counts what only all books together show; each has its own numbers once.
fn compare(counts: &mut [Strangers], compared: &[Vec<u64>]) {
    let of_book = |(book, numbers): (u32, &Vec<u64>)| {
        let entries = numbers.iter().map(move |&number| (number, book));
        entries.collect::<Vec<_>>()
    };
    let mut entries: Vec<(u64, u32)> = (0..).zip(compared).flat_map(of_book).collect();
    entries.par_sort_unstable();
    for block in entries.chunk_by(|a, b| a.0 / BLOCK == b.0 / BLOCK) {
        let alone = block
            .chunk_by(|a, b| a.0 == b.0)
            .filter(|books| books.len() == 1);
        let is_pooled = alone.clone().count() >= POOLED_FROM;
        for &(_, book) in block {
            let of_book = &mut counts[book as usize];
            of_book.n_compared += 1;
            of_book.n_pooled += u32::from(is_pooled);
        }
        for &(_, book) in alone.flatten() {
            counts[book as usize].n_alone += 1;
        }
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;
    use crate::identity::E164;
    use crate::time::Timestamp;

    const FIRST: u64 = 4_915_100_000_000;

    fn saved(rows: impl IntoIterator<Item = (u64, u64)>) -> Vec<Strangers> {
        let mut strangers = StrangersSaved::default();
        for (account, number) in rows {
            strangers.add(&Contact {
                from: AccountId(account),
                number: E164::from_digits(FIRST + number).unwrap(),
                saved_at: Timestamp::from_secs(0),
            });
        }
        strangers.by_account()
    }

    #[test]
    fn every_number_counts_once_for_each_account() {
        let found = saved((0..9_000_u64).map(|i| (2 - i % 2, i % 6)));
        let expected = [1, 2].map(|account| Strangers {
            account: AccountId(account),
            n_numbers: 3,
            n_compared: 3,
            n_alone: 3,
            ..Strangers::none(AccountId(account))
        });
        assert_eq!(found, expected);
        assert_eq!(StrangersSaved::default().by_account(), []);
    }

    #[test]
    fn the_tenth_number_of_a_block_makes_it_dense() {
        let nine = saved((0..9).map(|i| (1, i * 100)));
        assert_eq!(nine[0].n_dense, 0);
        let ten = saved((0..10).map(|i| (1, i * 100)).chain([(1, 1_000)]));
        assert_eq!((ten[0].n_dense, ten[0].n_numbers), (10, 11));
    }

    #[test]
    fn books_that_share_out_a_block_are_pooled() {
        // Ten books of ten numbers each, none dense; one number less and nobody sees it.
        let shared_out = |n: u64| saved((0..n).map(|i| (i % 20, i * 10)));
        let found = shared_out(100);
        assert!(
            found
                .iter()
                .all(|one| (one.n_dense, one.n_pooled, one.n_alone) == (0, 5, 5))
        );
        assert!(shared_out(99).iter().all(|one| one.n_pooled == 0));
        // A number in two books is nobody's share.
        let twice = saved((0..100).flat_map(|i| [(i % 20, i * 10), ((i + 1) % 20, i * 10)]));
        assert!(
            twice
                .iter()
                .all(|one| (one.n_pooled, one.n_alone) == (0, 0))
        );
    }

    /// By sets, number by number.
    fn naive(rows: &[(u64, u64)]) -> Vec<Strangers> {
        let mut books: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
        for &(account, number) in rows {
            books.entry(account).or_default().insert(FIRST + number);
        }
        let holders = |number: u64| books.values().filter(|book| book.contains(&number)).count();
        let is_pooled = |number: u64| {
            let block = number / 1_000 * 1_000;
            (block..block + 1_000)
                .filter(|&one| holders(one) == 1)
                .count()
                >= 100
        };
        let one = |(&account, book): (&u64, &BTreeSet<u64>)| {
            let in_block = |number: u64| {
                book.iter()
                    .filter(|one| **one / 1_000 == number / 1_000)
                    .count()
            };
            let n =
                |keep: &dyn Fn(u64) -> bool| count(book.iter().filter(|one| keep(**one)).count());
            Strangers {
                account: AccountId(account),
                n_numbers: n(&|_| true),
                n_dense: n(&|number| in_block(number) >= 10),
                n_compared: n(&|_| true),
                n_alone: n(&|number| holders(number) == 1),
                n_pooled: n(&is_pooled),
            }
        };
        books.iter().map(one).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn oracle_prop_how_numbers_lie(
            rows in prop::collection::vec((0..8_u64, prop_oneof![0..130_u64, 0..5_000_u64]), 0..500),
        ) {
            prop_assert_eq!(saved(rows.iter().copied()), naive(&rows));
        }
    }
}
