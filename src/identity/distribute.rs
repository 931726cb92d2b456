//! Sorting by distribution: rows whose first key is a number spread about evenly are in order after one pass.

/// Rows in the order of `key`: the number first, then the rest.
///
/// Rows are counted and moved to as many buckets as there are rows, by the leading bits of their number, and each bucket,
/// which then holds a few, is sorted on its own: Isaac and Singleton, *Sorting by address calculation* (1956).
///
/// # Complexity
/// O(n) for numbers that are spread about evenly, O(n log n) at worst; the rows are in memory twice.
pub(super) fn sorted<T: Copy, K: Ord>(mut rows: Vec<T>, key: impl Fn(&T) -> (u64, K)) -> Vec<T> {
    let numbers = || rows.iter().map(|row| key(row).0);
    let (Some(min), Some(max)) = (numbers().min(), numbers().max()) else {
        return rows;
    };
    let shift = shift(max - min, rows.len());
    let bucket = |row: &T| index((key(row).0 - min) >> shift);
    let mut ends = vec![0_u32; index((max - min) >> shift) + 1];
    if u32::try_from(rows.len()).is_err() || ends.len() == 1 {
        rows.sort_unstable_by_key(&key);
        return rows;
    }
    for row in &rows {
        ends[bucket(row)] += 1;
    }
    let mut n_before = 0;
    for end in &mut ends {
        n_before += std::mem::replace(end, n_before);
    }
    let mut moved = rows.clone();
    for row in &rows {
        let end = &mut ends[bucket(row)];
        moved[*end as usize] = *row;
        *end += 1;
    }
    let mut start = 0;
    for end in ends {
        let end = end as usize;
        moved[start..end].sort_unstable_by_key(&key);
        start = end;
    }
    moved
}

/// How many trailing bits to leave out for about as many buckets as there are rows.
fn shift(span: u64, n_rows: usize) -> u32 {
    let bits = u64::BITS - span.leading_zeros();
    bits.saturating_sub(n_rows.max(1).ilog2())
}

/// A bucket: there are at most twice as many as there are rows.
fn index(bucket: u64) -> usize {
    usize::try_from(bucket).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::sorted;

    #[test]
    fn nothing_is_sorted() {
        assert_eq!(sorted(Vec::<(u64, u8)>::new(), |row| *row), []);
    }

    fn numbers() -> impl Strategy<Value = u64> {
        prop_oneof![
            0..40_u64,
            any::<u64>(),
            Just(u64::MAX),
            (1_u64 << 40)..(1 << 41)
        ]
    }

    proptest! {
        #[test]
        fn prop_oracle_rows_are_sorted(rows in prop::collection::vec((numbers(), any::<u8>()), 0..300)) {
            let mut expected = rows.clone();
            expected.sort_unstable();
            prop_assert_eq!(sorted(rows, |row| *row), expected);
        }
    }
}
