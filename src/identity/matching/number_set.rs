//! A set of numbers that is asked for every entry and says no nearly every time.

use super::super::E164;
use crate::hash::{HashSet, mix};

/// Bits of the filter for each number: one in sixteen that are not there gets past it.
const BITS_EACH: usize = 16;

/// Numbers behind a filter that stays in cache: a bit for each by its hash (Bloom, "Space/time trade-offs in hash coding
/// with allowable errors", 1970, with one hash function).
#[derive(Clone, Debug, Default)]
pub struct NumberSet {
    /// As many bits as a power of two; none, if there are no numbers.
    filter: Vec<u64>,
    numbers: HashSet<E164>,
}

impl NumberSet {
    /// Is this one of them?
    #[inline]
    #[must_use]
    pub fn contains(&self, number: E164) -> bool {
        if self.filter.is_empty() {
            return false;
        }
        let at = Place::of(number, self.filter.len());
        self.filter[at.word] & at.bit != 0 && self.numbers.contains(&number)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Returns `true` if there are no numbers.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }
}

impl FromIterator<E164> for NumberSet {
    fn from_iter<I: IntoIterator<Item = E164>>(numbers: I) -> Self {
        let numbers: HashSet<E164> = numbers.into_iter().collect();
        if numbers.is_empty() {
            return Self::default();
        }
        let n_words = (numbers.len() * BITS_EACH).div_ceil(64).next_power_of_two();
        let mut filter = vec![0; n_words];
        for &number in &numbers {
            let at = Place::of(number, n_words);
            filter[at.word] |= at.bit;
        }
        Self { filter, numbers }
    }
}

/// Where a number is marked in the filter.
struct Place {
    word: usize,
    /// A word with nothing but the bit.
    bit: u64,
}

impl Place {
    /// `n_words` is a power of two.
    #[inline]
    fn of(number: E164, n_words: usize) -> Self {
        let hash = mix(number.expose());
        let word = usize::try_from((hash >> 6) & (n_words as u64 - 1));
        Self {
            word: word.expect("below a length"),
            bit: 1 << (hash & 63),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(i: u64) -> E164 {
        E164::from_digits(4_915_100_000_000 + i).unwrap()
    }

    #[test]
    fn as_a_plain_set() {
        for n in [0, 1, 4, 5, 1_000] {
            let set: NumberSet = (0..n).map(|i| number(3 * i)).collect();
            for i in 0..3 * n + 10 {
                assert_eq!(
                    set.contains(number(i)),
                    i % 3 == 0 && i < 3 * n,
                    "{i} of {n}"
                );
            }
            assert_eq!((set.len() as u64, set.is_empty()), (n, n == 0));
        }
    }
}
