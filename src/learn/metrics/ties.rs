//! Equal predictions as one, ascending, and the area under their ROC curve.

use rayon::prelude::*;

use super::{Predicted, times_ln, times_ln_of_rest};

/// Rows or ties that one task takes. It decides the order of sums, so it is fixed for good.
const CHUNK: usize = 1 << 13;

/// All impressions of one prediction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tie {
    pub(crate) p: f64,
    pub(crate) clicks: u64,
    pub(crate) impressions: u64,
}

impl Tie {
    /// Clicks expected.
    pub(crate) fn predicted(&self) -> f64 {
        self.p * self.impressions as f64
    }

    pub(crate) fn log_loss(&self) -> f64 {
        let others = self.impressions - self.clicks;
        -times_ln(self.clicks, self.p) - times_ln_of_rest(others, self.p)
    }
}

/// A row as it is sorted. The bits of numbers that are not negative ascend as the numbers do.
#[derive(Clone, Copy)]
struct Keyed {
    bits: u64,
    clicks: u32,
    impressions: u32,
}

/// The rows' ties by ascending prediction, those without impressions left out; none if a row is not sound.
pub(crate) fn ties(rows: &[Predicted]) -> Option<Vec<Tie>> {
    if !chunked(rows, |rows| rows.iter().all(Predicted::is_sound))
        .iter()
        .all(|&sound| sound)
    {
        return None;
    }
    let mut keyed: Vec<Keyed> =
        chunked(rows, |rows| rows.iter().map(keyed).collect::<Vec<_>>()).concat();
    keyed.par_sort_unstable_by_key(|row| row.bits);
    Some(merged(chunked(&keyed, tied)))
}

fn keyed(row: &Predicted) -> Keyed {
    Keyed {
        // Adding 0 makes −0 the 0 it is equal to.
        bits: (row.p + 0.0).to_bits(),
        clicks: row.target.clicks,
        impressions: row.target.impressions,
    }
}

/// The ties of sorted rows.
fn tied(sorted: &[Keyed]) -> Vec<Tie> {
    let mut ties = Vec::with_capacity(sorted.len());
    for same in sorted.chunk_by(|a, b| a.bits == b.bits) {
        let sum = |of: fn(&Keyed) -> u32| same.iter().map(|row| u64::from(of(row))).sum();
        let tie = Tie {
            p: f64::from_bits(same[0].bits),
            clicks: sum(|row| row.clicks),
            impressions: sum(|row| row.impressions),
        };
        if tie.impressions > 0 {
            ties.push(tie);
        }
    }
    ties
}

/// One list of all chunks' ties; a tie that a border between chunks cut is made whole.
fn merged(chunks: Vec<Vec<Tie>>) -> Vec<Tie> {
    let n_ties: usize = chunks.iter().map(Vec::len).sum();
    let mut chunks = chunks.into_iter();
    let mut all = chunks.next().unwrap_or_default();
    all.reserve(n_ties - all.len());
    for chunk in chunks {
        let mut rest = chunk.as_slice();
        if let (Some(last), Some((first, others))) = (all.last_mut(), chunk.split_first())
            && last.p == first.p
        {
            last.clicks += first.clicks;
            last.impressions += first.impressions;
            rest = others;
        }
        all.extend_from_slice(rest);
    }
    all
}

/// What each fixed chunk gives, in order. A single chunk is not worth another thread.
pub(crate) fn chunked<T: Sync, R: Send>(all: &[T], of: impl Fn(&[T]) -> R + Sync + Send) -> Vec<R> {
    if all.len() <= CHUNK {
        return vec![of(all)];
    }
    all.par_chunks(CHUNK).map(of).collect()
}

/// The share of pairs of a clicked and another impression in which the clicked one has the higher prediction, equal
/// ones counting one half. Twice the number of such pairs is a whole number and is counted exactly.
pub(crate) fn auc(ties: &[Tie]) -> Option<f64> {
    let totals = chunked(ties, counts);
    let below = totals.iter().scan(0, |below, counts| {
        let here = *below;
        *below += counts.others;
        Some(here)
    });
    let below: Vec<u64> = below.collect();
    let starts: Vec<(usize, u64)> = below.into_iter().enumerate().collect();
    let won: Vec<u128> = starts
        .par_iter()
        .map(|&(chunk, below)| {
            let from = chunk * CHUNK;
            twice_won(&ties[from..ties.len().min(from + CHUNK)], below)
        })
        .collect();
    let clicks: u64 = totals.iter().map(|counts| counts.clicks).sum();
    let others: u64 = totals.iter().map(|counts| counts.others).sum();
    let pairs = 2 * u128::from(clicks) * u128::from(others);
    (pairs > 0).then(|| won.iter().sum::<u128>() as f64 / pairs as f64)
}

struct Counts {
    clicks: u64,
    /// Impressions without a click.
    others: u64,
}

fn counts(ties: &[Tie]) -> Counts {
    let clicks = ties.iter().map(|tie| tie.clicks).sum();
    let others = ties.iter().map(|tie| tie.impressions - tie.clicks).sum();
    Counts { clicks, others }
}

/// Twice the pairs won, `below` impressions without a click having lower predictions than all these.
fn twice_won(ties: &[Tie], mut below: u64) -> u128 {
    let mut won = 0;
    for tie in ties {
        let others = tie.impressions - tie.clicks;
        won += u128::from(tie.clicks) * (2 * u128::from(below) + u128::from(others));
        below += others;
    }
    won
}
