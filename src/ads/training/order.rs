//! The order of rows: by a hash of what they say.

use rayon::prelude::*;

use super::encode::Encoded;

/// Where a row belongs, and where it stands.
struct Key {
    order: u64,
    at: u32,
}

/// Puts rows in the order of a hash of what they say; rows that say the same are the same.
///
/// What is sorted is small, hashes with places: a row, of several cache lines, is moved once or twice.
///
/// # Complexity
/// O(n log n) time, 16 bytes a row.
///
/// # Panics
/// Of 2³² rows or more.
pub(super) fn sort(rows: &mut [Encoded<'_>]) {
    let key = |(at, row): (usize, &Encoded<'_>)| Key {
        order: row.order(),
        at: u32::try_from(at).expect("fewer than 2³² rows"),
    };
    let mut keys: Vec<Key> = rows.par_iter().enumerate().map(key).collect();
    let row = |key: &Key| rows[key.at as usize].row;
    keys.par_sort_unstable_by(|a, b| {
        let by_order = a.order.cmp(&b.order);
        by_order.then_with(|| row(a).cmp(row(b)))
    });
    for to in 0..rows.len() {
        // Rows before `to` are in their places, and what stood there was swapped to where they came from.
        let mut from = keys[to].at as usize;
        while from < to {
            from = keys[from].at as usize;
        }
        rows.swap(to, from);
    }
}

#[cfg(test)]
mod tests {
    use super::super::encode::usable;
    use super::*;
    use crate::ads::shared::Shared;
    use crate::ads::testing::{ad, impression, permit_all};
    use crate::ads::{SharedParams, TrainReport, TrainingRow};
    use crate::hash::{HashMap, mix};

    /// Naive: whole rows are compared and moved, one after the other.
    #[test]
    fn prop_rows_are_ordered_as_if_they_were_compared_whole() {
        for n in [0, 1, 2, 3, 100, 3_000] {
            let shown = (0..n).map(|i| {
                // Some rows say the same, and some but for their clicks.
                let person = mix(i) % 50;
                let clicks = u32::from(mix(i ^ 7).is_multiple_of(3));
                TrainingRow::new(&impression(Some(person), person % 3, 1, clicks), None)
            });
            let rows = permit_all(shown);
            let before = vec![Shared::default(); rows.len()];
            let ads = [0, 1, 2].map(|id| ad(id, "food", 1.0));
            let hashed = ads.iter().map(|ad| {
                (
                    ad.ad_id,
                    crate::ads::features::HashedAd::of(ad, Box::default()),
                )
            });
            let hashed: HashMap<_, _> = hashed.collect();
            let mut report = TrainReport::default();
            let mut rows = usable(&rows, &before, &hashed, SharedParams::none(), &mut report);
            let mut naive = rows.clone();
            naive.sort_by(|a, b| a.order().cmp(&b.order()).then_with(|| a.row.cmp(b.row)));
            sort(&mut rows);
            let said =
                |rows: &[Encoded<'_>]| rows.iter().map(|one| one.row.clone()).collect::<Vec<_>>();
            assert_eq!(said(&rows), said(&naive), "{n} rows");
        }
    }
}
