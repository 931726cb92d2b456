//! Different numbers, counted: exactly up to a bound, and nearly beyond it, in memory that the bound limits.

use super::super::E164;
use crate::hash::{mix, unmix};

/// So many are counted one by one at least.
const EXACTLY: usize = 1 << 17;
/// Fewer are not put in order yet.
const TIDY_FROM: usize = 64;

/// Numbers, each once however often it comes, with the smallest of what comes with it.
///
/// Beyond a bound of k those with the k smallest hashes are left. As hashes are as good as random, the largest of them says how
/// many there are: a bottom-k sketch (Cohen and Kaplan, "Summarizing data using bottom-k sketches", 2007), with a standard
/// error of 1/√k, a third of a percent at most. What is left depends on the numbers alone, not on their order or on the parts
/// in which they come.
#[derive(Clone, Debug)]
pub(super) struct Different<V> {
    /// By [`mix`], which makes different numbers different hashes. Ascending and each once up to `n_tidy`.
    seen: Vec<(u64, V)>,
    n_tidy: usize,
    bound: usize,
    /// Did any fall behind the bound?
    has_more: bool,
}

impl<V: Copy + Ord> Different<V> {
    /// None yet; up to `exactly` are counted one by one, and up to 131,072 in any case.
    pub(super) const fn up_to(exactly: u32) -> Self {
        let wanted = exactly as usize;
        Self {
            seen: Vec::new(),
            n_tidy: 0,
            bound: if wanted > EXACTLY { wanted } else { EXACTLY },
            has_more: false,
        }
    }

    /// Takes a number.
    #[inline]
    pub(super) fn add(&mut self, number: E164, value: V) {
        self.push(mix(number.expose()), value);
    }

    #[inline]
    fn push(&mut self, hash: u64, value: V) {
        if self.has_more && hash > self.seen[self.bound - 1].0 {
            return;
        }
        self.seen.push((hash, value));
        if self.seen.len() >= 2 * self.n_tidy.max(TIDY_FROM) {
            self.tidy();
        }
    }

    /// Takes what another took.
    pub(super) fn append(&mut self, other: &Self) {
        self.has_more |= other.has_more;
        self.seen.extend_from_slice(&other.seen);
        self.tidy();
    }

    /// How many different numbers came; of more than the bound about how many.
    pub(super) fn n(&mut self) -> u64 {
        self.tidy();
        match self.seen.last() {
            Some(&(largest, _)) if self.has_more => estimate(self.bound as u64, largest),
            _ => self.seen.len() as u64,
        }
    }

    /// What came with each number, the smallest of several; of more than the bound with some.
    pub(super) fn values(&mut self) -> impl Iterator<Item = V> + '_ {
        self.tidy();
        self.seen.iter().map(|&(_, value)| value)
    }

    /// The numbers, as whole numbers, in no order that means anything; of more than the bound some.
    pub(super) fn numbers(&mut self) -> impl Iterator<Item = u64> + '_ {
        self.tidy();
        self.seen.iter().map(|&(hash, _)| unmix(hash))
    }

    fn tidy(&mut self) {
        self.seen.sort_unstable();
        self.seen.dedup_by_key(|&mut (hash, _)| hash);
        self.has_more |= self.seen.len() > self.bound;
        self.seen.truncate(self.bound);
        self.n_tidy = self.seen.len();
    }
}

/// How many random hashes there are if the k-th smallest is this: one more than k at least.
fn estimate(k: u64, kth: u64) -> u64 {
    let n = (u128::from(k - 1) << 64) / (u128::from(kth) + 1);
    u64::try_from(n).unwrap_or(u64::MAX).max(k + 1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn number(i: u64) -> E164 {
        E164::from_digits(4_915_100_000_000 + i).unwrap()
    }

    fn of(numbers: impl IntoIterator<Item = (u64, i64)>) -> Different<i64> {
        let mut different = Different::up_to(1);
        for (i, value) in numbers {
            different.add(number(i), value);
        }
        different
    }

    #[test]
    fn one_number_is_one_however_often_it_comes() {
        for times in [1, 2, 63, 64, 65, 20_001, 1_000_000] {
            let mut one = of((0..times).map(|i| (7, i)));
            assert_eq!(one.n(), 1, "{times} times");
            assert_eq!(one.values().collect::<Vec<_>>(), [0]);
            assert!(one.seen.capacity() <= 4 * TIDY_FROM, "{times} times");
        }
    }

    #[test]
    fn beyond_the_bound_memory_stays_and_the_count_is_near() {
        let n = 1_000_000_i64;
        let mut many = of((0..2 * n).map(|i| (i.cast_unsigned() % n.cast_unsigned(), i)));
        let found = many.n() as f64;
        assert!((found / n as f64 - 1.0).abs() < 0.01, "{found}");
        assert!(many.seen.capacity() <= 4 * EXACTLY);
        let backwards = of((0..n).rev().map(|i| (i.cast_unsigned(), i)));
        assert_eq!(many.seen, backwards.tidied().seen);
    }

    #[test]
    fn one_more_than_the_bound_is_more() {
        let bound = EXACTLY as u64;
        let counted = |n: u64| of((0..n).map(|i| (i, 0))).n();
        assert_eq!(counted(bound), bound);
        assert!(counted(bound + 1) > bound);
        let mut wider = Different::up_to(200_000);
        (0..200_000).for_each(|i| wider.add(number(i), ()));
        assert_eq!(wider.n(), 200_000);
        wider.add(number(200_000), ());
        assert!(wider.n() > 200_000);
    }

    impl Different<i64> {
        fn tidied(mut self) -> Self {
            self.tidy();
            self
        }
    }

    proptest! {
        #[test]
        fn prop_oracle_in_any_parts(rows in prop::collection::vec((0_u64..200, any::<i64>()), 0..600), cut in 1_usize..600) {
            let mut naive: BTreeMap<u64, i64> = BTreeMap::new();
            for &(i, value) in &rows {
                let held = naive.entry(i).or_insert(value);
                *held = value.min(*held);
            }
            let mut whole = of(rows.iter().copied());
            let mut parts = Different::up_to(1);
            rows.chunks(cut).rev().for_each(|part| parts.append(&of(part.iter().copied())));
            prop_assert_eq!(whole.n(), naive.len() as u64);
            prop_assert_eq!(parts.n(), naive.len() as u64);
            prop_assert_eq!(&whole.seen, &parts.seen);
            let mut values: Vec<i64> = whole.values().collect();
            values.sort_unstable();
            let mut expected: Vec<i64> = naive.into_values().collect();
            expected.sort_unstable();
            prop_assert_eq!(values, expected);
        }
    }
}
