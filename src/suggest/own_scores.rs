//! Scores of the caller's own, ranked under the rules that every suggestion keeps.

use super::near::may_be_near;
use super::rank::Scorer;

impl Scorer<'_> {
    /// The first `k` of the candidates that a caller scored for a person, best first; of equal scores the smaller node is first.
    ///
    /// Every rule holds but the one that asks for people in common: friends, whoever is excluded, hides or is of another age band,
    /// and everybody demoted or removed for spam are left out. Of several scores of one candidate the highest counts.
    ///
    /// # Panics
    /// If there is no such node.
    ///
    /// # Complexity
    /// O(n log n) for n candidates.
    pub(super) fn rank_own(
        &self,
        node_idx: u32,
        candidates: impl Iterator<Item = (u32, f64)>,
        k: usize,
    ) -> Vec<(u32, f64)> {
        let filters = self.filters(node_idx);
        let allowed = candidates.filter(|&(v, _)| may_be_near(filters, node_idx, v));
        let mut ranked: Vec<(u32, f64)> = allowed.collect();
        ranked.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
        ranked.dedup_by_key(|one| one.0);
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        ranked.truncate(k);
        ranked
    }
}
