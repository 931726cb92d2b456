//! Two-paths whose ties count by kind and age.

use super::WideCell;
use crate::graph::Csr;

/// Ties, and the strength of each entry in units of 1/256.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weighed<'a> {
    pub(crate) ties: &'a Csr,
    /// Parallel to the entries of `ties`.
    pub(crate) strengths: &'a [u16],
    /// What each person contributes as an intermediary, as for [`Wide`](super::Wide).
    pub(crate) weights: &'a [u64],
}

/// As [`accumulate_listing`](super::accumulate_listing), with `a(u, z) · a(z, v) · w(z)` for `w(z)`.
pub(crate) fn accumulate(
    weighed: Weighed<'_>,
    u: u32,
    cells: &mut [WideCell],
    touched: &mut [u32],
) -> usize {
    let (ties, strengths) = (weighed.ties, weighed.strengths);
    let mut n_touched = 0;
    // `touched[..n_touched]` are those reached so far, each once: those whose cells count an intermediary.
    for (&z, &near) in ties.row(u).iter().zip(&strengths[ties.range(u)]) {
        // Weights are below 2^33 and strengths at most 2^8, so products stay below 2^49.
        let step = weighed.weights[z as usize] * u64::from(near);
        for (&v, &far) in ties.row(z).iter().zip(&strengths[ties.range(z)]) {
            let cell = &mut cells[v as usize];
            if let Some(slot) = touched.get_mut(n_touched) {
                *slot = v;
            }
            n_touched += usize::from(cell.count == 0);
            cell.weight = cell.weight.saturating_add((step * u64::from(far)) >> 16);
            cell.count = cell.count.wrapping_add(1);
        }
    }
    n_touched
}
