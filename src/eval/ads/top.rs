//! Whether what a person clicked stands among the first: rows held out of each person, in the order of their predictions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Test;
use crate::learn::Predicted;

/// The first rows of each person who clicked some of theirs and not all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FirstRows {
    /// How many are looked at.
    pub k: u32,
    /// People who count.
    pub people: u64,
    /// Mean average precision of the first k.
    pub map: Option<f64>,
    /// Normalised discounted cumulative gain of the first k.
    pub ndcg: Option<f64>,
    /// Share of people with a click among the first k.
    pub hit: Option<f64>,
}

/// A row of a person: what was said, a hash that orders what was said equally, and whether it was clicked.
type Said = (f64, u64, bool);

/// Of predictions of the rows of a test.
pub(super) fn first_rows(test: &Test<'_>, predicted: &[Predicted], k: u32) -> FirstRows {
    let mut people: BTreeMap<u64, Vec<Said>> = BTreeMap::new();
    for ((row, _), said) in test.rows.iter().zip(predicted) {
        if let Some(user) = row.user {
            let said = (said.p, row.draw_hash(), row.target.clicks > 0);
            people.entry(user.0).or_default().push(said);
        }
    }
    let is_mixed = |rows: &&mut Vec<Said>| {
        let n_clicked = rows.iter().filter(|(_, _, clicked)| *clicked).count();
        n_clicked > 0 && n_clicked < rows.len()
    };
    let (mut n, mut map, mut ndcg, mut hit) = (0_u64, 0.0, 0.0, 0.0);
    for rows in people.values_mut().filter(is_mixed) {
        rows.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let worth = of_person(rows, k);
        n += 1;
        map += worth.map;
        ndcg += worth.ndcg;
        hit += worth.hit;
    }
    let mean = |sum: f64| (n > 0).then(|| sum / n as f64);
    FirstRows {
        k,
        people: n,
        map: mean(map),
        ndcg: mean(ndcg),
        hit: mean(hit),
    }
}

struct Worth {
    map: f64,
    ndcg: f64,
    hit: f64,
}

/// Of rows in the order of their predictions, at least one of them clicked.
fn of_person(rows: &[Said], k: u32) -> Worth {
    let discount = |place: u32| f64::from(place + 1).log2().recip();
    let n_clicked = rows.iter().filter(|(_, _, clicked)| *clicked).count();
    let possible = n_clicked.min(k as usize);
    let (mut hits, mut precision, mut gain) = (0.0, 0.0, 0.0);
    for (place, (_, _, clicked)) in (1..=k).zip(rows) {
        if *clicked {
            hits += 1.0;
            precision += hits / f64::from(place);
            gain += discount(place);
        }
    }
    Worth {
        map: precision / possible as f64,
        ndcg: gain / (1..).take(possible).map(discount).sum::<f64>(),
        hit: f64::min(hits, 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worth_by_hand() {
        let rows: Vec<Said> = [true, false, true, false, true]
            .into_iter()
            .map(|clicked| (0.0, 0, clicked))
            .collect();
        let worth = of_person(&rows, 3);
        assert!((worth.map - (1.0 + 2.0 / 3.0) / 3.0).abs() < 1e-12);
        let best = 1.0 + 1.0 / 3_f64.log2() + 0.5;
        assert!((worth.ndcg - 1.5 / best).abs() < 1e-12);
        assert_eq!(worth.hit, 1.0);
        assert_eq!(of_person(&rows[3..], 1).hit, 0.0);
        let worth = of_person(&rows[2..3], 10);
        assert_eq!((worth.map, worth.ndcg), (1.0, 1.0));
    }
}
