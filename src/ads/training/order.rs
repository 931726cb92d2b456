//! The order of rows: by a hash of what they say.

use rayon::prelude::*;

use super::encode::Encoded;

/// A row, and where it belongs.
struct Placed<'a> {
    order: u64,
    row: &'a Encoded<'a>,
}

/// Puts rows in the order of a hash of what they say; rows that say the same are the same.
///
/// # Complexity
/// O(n log n) time, 16 bytes a row.
pub(super) fn sort<'a>(rows: &mut [&'a Encoded<'a>]) {
    let placed = rows.par_iter().map(|&row| Placed {
        order: row.order(),
        row,
    });
    let mut placed: Vec<Placed<'a>> = placed.collect();
    placed.par_sort_unstable_by(|a, b| {
        let by_order = a.order.cmp(&b.order);
        by_order.then_with(|| a.row.row.cmp(b.row.row))
    });
    for (to, placed) in rows.iter_mut().zip(placed) {
        *to = placed.row;
    }
}

#[cfg(test)]
mod tests {
    use super::super::encode::{HashedRows, Sources};
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
            let sources = Sources {
                rows: &rows,
                hashed: &HashedRows::of(&rows),
                before: &before,
                ads: &hashed,
                looks_at: SharedParams::none(),
            };
            let usable = sources.usable(&mut report);
            let mut rows: Vec<&Encoded<'_>> = usable.iter().collect();
            let mut naive = rows.clone();
            naive.sort_by(|a, b| a.order().cmp(&b.order()).then_with(|| a.row.cmp(b.row)));
            sort(&mut rows);
            let said =
                |rows: &[&Encoded<'_>]| rows.iter().map(|one| one.row.clone()).collect::<Vec<_>>();
            assert_eq!(said(&rows), said(&naive), "{n} rows");
        }
    }
}
