//! Every cell is listed when it is reached first.

use super::Measure;
use crate::graph::Csr;

/// Adds up every two-path from `u`, its ways back to `u` itself included.
///
/// `cells` are all default on entry, one per person; `touched` has one entry per person. Returns how many
/// entries of `touched` name a cell that is no longer default, each once.
pub(crate) fn accumulate<M: Measure>(
    ties: &Csr,
    u: u32,
    measure: &M,
    cells: &mut [M::Cell],
    touched: &mut [u32],
) -> usize {
    let mut n_touched = 0;
    // `touched[..n_touched]` names every cell that is no longer default, each once.
    for &z in ties.row(u) {
        let step = measure.step(z);
        for &v in ties.row(z) {
            let cell = &mut cells[v as usize];
            // Written always and kept only if new: a store is cheaper than a branch that cannot be foreseen.
            if let Some(slot) = touched.get_mut(n_touched) {
                *slot = v;
            }
            n_touched += usize::from(*cell == M::Cell::default());
            *cell = measure.add(*cell, step);
        }
    }
    n_touched
}
