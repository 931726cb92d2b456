//! The numbers in the tables, by what a list would have of them.

use acquaint::identity::{E164, Typed, normalise};
use acquaint::ids::{AccountId, Region};
use acquaint::signals::{
    AddressBookEntry, MessengerAccount, RawPhone, Record, SignalsDir, SignalsError, SocialAccount,
};
use acquaint::time::Timestamp;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::hash::Hash;
use crate::exit::Failure;

/// Numbers that are known.
#[derive(Default)]
pub(crate) struct Known {
    /// With the hash of their last ten digits, ascending.
    numbers: Vec<(Hash, E164)>,
    /// Where the hashes begin whose first bits are the position in this list.
    begins: Vec<u32>,
    /// The accounts the tables have a number of, ascending.
    accounts: Vec<Held>,
}

/// An account and a number it has or had.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Held {
    number: E164,
    account: AccountId,
    /// Does it still have the number?
    is_current: bool,
}

/// Whom a hash stands for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Accounts that have the number, or had it: who asked is one of them, and nobody can tell which.
    pub(super) accounts: Vec<AccountId>,
    /// Numbers that no account has now.
    pub(super) free: Vec<E164>,
    /// How many of them no account ever had: each is somebody's.
    n_strangers: usize,
}

impl Found {
    /// How many people have the identifier.
    pub(super) fn n_people(&self) -> usize {
        self.accounts.len() + self.n_strangers
    }
}

impl Known {
    /// Every number in the tables of a directory; accounts hold theirs as of a moment.
    pub(crate) fn read(dir: &SignalsDir, now: Timestamp) -> Result<Self, Failure> {
        let (mut numbers, mut accounts) = (Distinct::default(), Vec::new());
        let mut regions = acquaint::hash::HashMap::default();
        stream(dir, |rows: &[MessengerAccount]| {
            let read = normalised(rows.iter().map(|row| (&row.phone, row.region)));
            for (row, number) in rows.iter().zip(read) {
                regions.extend(row.region.map(|region| (row.account_id, region)));
                accounts.extend(number.map(|number| Held {
                    number,
                    account: row.account_id,
                    is_current: row.number_until.is_none_or(|until| now < until),
                }));
            }
        })?;
        stream(dir, |rows: &[SocialAccount]| {
            let given = rows.iter();
            let given = given.filter_map(|row| Some((row.phone.as_ref()?, row.region)));
            numbers.extend(normalised(given).into_iter().flatten());
        })?;
        stream(dir, |rows: &[AddressBookEntry]| {
            let region = |row: &AddressBookEntry| regions.get(&row.account_id).copied();
            let saved = rows.iter().map(|row| (&row.phone, region(row)));
            numbers.extend(normalised(saved).into_iter().flatten());
        })?;
        Ok(Self::new(numbers, accounts))
    }

    fn new(mut numbers: Distinct, mut accounts: Vec<Held>) -> Self {
        accounts.par_sort_unstable();
        accounts.dedup();
        numbers.extend(accounts.iter().map(|held| held.number));
        let hashed = numbers
            .ascending()
            .into_par_iter()
            .map(|number| (hash_of(number), number));
        let mut numbers: Vec<(Hash, E164)> = hashed.collect();
        numbers.par_sort_unstable();
        let begins = begins(&numbers);
        Self {
            numbers,
            begins,
            accounts,
        }
    }

    /// Whom a hash stands for.
    ///
    /// # Complexity
    /// Hashes are spread evenly, so that few share their first bits: O(1) expected, and O(log n) for each account that is found.
    pub(super) fn find(&self, hash: &Hash) -> Found {
        let mut found = Found::default();
        for &(_, number) in self.numbers_of(hash) {
            let from = self.accounts.partition_point(|held| held.number < number);
            let had = self.accounts[from..].iter();
            let had = had.take_while(|held| held.number == number);
            if !had.clone().any(|held| held.is_current) {
                found.free.push(number);
            }
            let before = found.accounts.len();
            found.accounts.extend(had.map(|held| held.account));
            found.n_strangers += usize::from(found.accounts.len() == before);
        }
        found.accounts.sort_unstable();
        found.accounts.dedup();
        found
    }

    fn numbers_of(&self, hash: &Hash) -> &[(Hash, E164)] {
        let at = first_bits(hash, self.begins.len());
        let (Some(&from), Some(&to)) = (self.begins.get(at), self.begins.get(at + 1)) else {
            return &[];
        };
        let near = &self.numbers[from as usize..to as usize];
        let from = near.partition_point(|(one, _)| one < hash);
        let n = near[from..].partition_point(|(one, _)| one == hash);
        &near[from..from + n]
    }
}

/// Different numbers. An address book repeats them many times over, so that they are held in less than twice the space of those
/// that differ.
#[derive(Default)]
struct Distinct {
    numbers: Vec<E164>,
    /// How many of the first ascend and differ.
    n_distinct: usize,
}

impl Distinct {
    /// So many may be held before the first are told apart.
    const LEAST: usize = 1 << 20;

    fn extend(&mut self, numbers: impl IntoIterator<Item = E164>) {
        self.numbers.extend(numbers);
        if self.numbers.len() > 2 * self.n_distinct.max(Self::LEAST) {
            self.tell_apart();
        }
    }

    fn tell_apart(&mut self) {
        self.numbers.par_sort_unstable();
        self.numbers.dedup();
        self.n_distinct = self.numbers.len();
    }

    fn ascending(mut self) -> Vec<E164> {
        self.tell_apart();
        self.numbers
    }
}

/// Where each group of hashes with the same first bits begins, and the end of the last.
fn begins(numbers: &[(Hash, E164)]) -> Vec<u32> {
    let n_groups = numbers.len().next_power_of_two();
    let mut begins = vec![0; n_groups + 1];
    for (hash, _) in numbers {
        begins[first_bits(hash, n_groups + 1) + 1] += 1;
    }
    let mut sum = 0;
    for begin in &mut begins {
        sum += *begin;
        *begin = sum;
    }
    begins
}

/// The group of a hash, of a power of two of them; `len` is one more.
fn first_bits(hash: &Hash, len: usize) -> usize {
    let [a, b, c, d, ..] = *hash;
    let bits = u64::from(u32::from_be_bytes([a, b, c, d]));
    let n_groups = len.saturating_sub(1) as u64;
    usize::try_from((bits * n_groups) >> 32).unwrap_or(0)
}

/// SHA-256 of the last ten digits, as text.
fn hash_of(number: E164) -> Hash {
    let digits = number.expose().to_string();
    hash_of_digits(&digits[digits.len().saturating_sub(10)..])
}

pub(super) fn hash_of_digits(digits: &str) -> Hash {
    Sha256::digest(digits.as_bytes()).into()
}

fn stream<R: Record>(dir: &SignalsDir, mut each: impl FnMut(&[R])) -> Result<(), Failure> {
    dir.stream::<R, SignalsError>(|batch| {
        each(&batch.records);
        Ok(())
    })?;
    Ok(())
}

fn normalised<'a>(
    column: impl Iterator<Item = (&'a RawPhone, Option<Region>)>,
) -> Vec<Option<E164>> {
    let column: Vec<Typed<&RawPhone>> = column
        .map(|(raw, region)| Typed::new(raw, region))
        .collect();
    normalise(&column).into_iter().map(Result::ok).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> E164 {
        E164::canonical(&RawPhone::new(text), None).unwrap()
    }

    fn distinct(numbers: impl IntoIterator<Item = E164>) -> Distinct {
        let mut distinct = Distinct::default();
        distinct.extend(numbers);
        distinct
    }

    #[test]
    fn numbers_that_repeat_are_held_once() {
        let all: Vec<E164> = (0..1_000)
            .map(|n| number(&format!("+49171{:07}", 5_000_000 + n)))
            .collect();
        let mut held = Distinct::default();
        for _ in 0..5_000 {
            held.extend(all.iter().rev().copied());
            assert!(held.numbers.len() <= 2 * Distinct::LEAST);
        }
        assert_eq!(held.ascending(), all);
    }

    #[test]
    fn a_number_is_its_last_ten_digits() {
        let hash = hash_of(number("+49 171 5550123"));
        assert_eq!(hash, hash_of_digits("1715550123"));
    }

    #[test]
    fn whoever_has_or_had_a_number_is_found_and_nobody_else() {
        let held = |text, account, is_current| Held {
            number: number(text),
            account: AccountId(account),
            is_current,
        };
        let (one, two, three) = ("+491715550123", "+491715550124", "+491715550125");
        let accounts = vec![
            held(one, 2, true),
            held(one, 1, false),
            held(two, 3, false),
            held(one, 2, true),
        ];
        let known = Known::new(distinct([number(three), number(one)]), accounts);
        let find = |text| known.find(&hash_of(number(text)));
        let ids = |ids: &[u64]| ids.iter().map(|id| AccountId(*id)).collect::<Vec<_>>();
        let (first, second, third) = (find(one), find(two), find(three));
        assert_eq!(
            (first.accounts.as_slice(), first.free.len()),
            (&*ids(&[1, 2]), 0)
        );
        assert_eq!(second.accounts, ids(&[3]));
        assert_eq!(
            second.free,
            [number(two)],
            "the line may be a stranger's now"
        );
        assert_eq!((third.accounts.len(), third.free.len()), (0, 1));
        assert_eq!(
            [first, second, third].map(|found| found.n_people()),
            [2, 1, 1]
        );
        let nothing = Known::new(Distinct::default(), Vec::new());
        for known in [known, nothing, Known::default()] {
            assert_eq!(known.find(&hash_of_digits("1715550126")), Found::default());
        }
    }

    #[test]
    fn oracle_every_number_of_many_is_found() {
        let numbers: Vec<E164> = (0..3_000)
            .map(|n| number(&format!("+49171{:07}", 5_000_000 + n * 7)))
            .collect();
        let known = Known::new(distinct(numbers.clone()), Vec::new());
        for n in 0..21_000 {
            let one = number(&format!("+49171{:07}", 5_000_000 + n));
            let is_known = known.find(&hash_of(one)).n_people() == 1;
            assert_eq!(is_known, numbers.contains(&one), "{n}");
        }
    }
}
