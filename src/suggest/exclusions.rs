//! Whom not to suggest to whom, from what people said.

use super::apart::{Apart, Exclusion, KeptFrom, Said, first};
use super::counts::SuggestCounts;
use crate::graph::Graph;
#[cfg(test)]
use crate::signals::FeedbackKind;

impl Exclusion {
    pub(crate) fn count(self, counts: &mut SuggestCounts) {
        let of_this_kind = match self {
            Self::Blocked => &mut counts.blocked,
            Self::Reported => &mut counts.reported,
            Self::OneDevice => &mut counts.one_device,
            Self::Dismissed => &mut counts.dismissed,
            Self::Hidden => &mut counts.hidden,
            Self::AgeBand => &mut counts.age_band,
        };
        *of_this_kind += 1;
    }
}

/// For every person, whom not to suggest to them; and who is not to be suggested to anybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exclusions {
    /// By node.
    apart: Apart<u32>,
    /// Where each person's rows of `apart` start, with one end more; empty if there are no rows.
    offsets: Vec<usize>,
    /// By node, whether they are a minor; empty if nobody is.
    bands: Vec<bool>,
}

impl Exclusions {
    /// Nobody is excluded.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Exclusions from feedback, as [`Apart::of`] has it. Feedback by or about somebody
    /// outside the graph says nothing, and is not even counted.
    ///
    /// The ties of those kept apart are taken for ended: whoever builds the graph leaves them out ([`Apart::ended`]).
    ///
    /// # Complexity
    /// O(f log f + n) time, O(f + n) space, for f rows and n people.
    #[must_use]
    pub fn build<P>(graph: &Graph<P>, feedback: &[Said]) -> Self {
        Self::new(graph, &Apart::of(feedback.iter().copied(), [], []))
    }

    /// Whom people are kept from, among the people of a graph.
    ///
    /// # Complexity
    /// O(r log r + n) time, O(r + n) space, for r rows and n people.
    #[must_use]
    pub fn new<P>(graph: &Graph<P>, apart: &Apart) -> Self {
        Self::by_node(graph.n_users(), apart.renamed(|user| graph.node(user)))
    }

    #[cfg(test)]
    pub(crate) fn from_nodes(
        n_nodes: usize,
        feedback: impl IntoIterator<Item = (u32, u32, FeedbackKind)>,
    ) -> Self {
        let feedback = feedback.into_iter().map(Said::from);
        Self::by_node(n_nodes, Apart::of(feedback, [], []))
    }

    pub(super) fn by_node(n_nodes: usize, apart: Apart<u32>) -> Self {
        Self {
            offsets: offsets(n_nodes, &apart.rows),
            apart,
            bands: Vec::new(),
        }
    }

    /// Keeps minors and everybody else apart: a minor is suggested to minors only, and only minors to a minor. Whose age
    /// nobody knows is no minor.
    ///
    /// `minors` holds one answer per node.
    #[must_use]
    pub fn with_minors(mut self, minors: Vec<bool>) -> Self {
        self.bands = minors;
        if !self.bands.contains(&true) {
            self.bands = Vec::new();
        }
        self
    }

    /// Who is kept apart from whom, by node.
    pub(super) const fn apart(&self) -> &Apart<u32> {
        &self.apart
    }

    /// By node, whether they are a minor; empty if nobody is.
    pub(super) fn minors(&self) -> &[bool] {
        &self.bands
    }

    /// Whom the bands keep from a person.
    pub(crate) fn bands(&self, node_idx: u32) -> Bands<'_> {
        let own = self.bands.get(node_idx as usize).copied();
        Bands {
            is_minor: &self.bands,
            own: own.unwrap_or_default(),
        }
    }

    /// Whom not to suggest to a person and why; who shares several devices with them is named more than once.
    pub fn of(&self, node_idx: u32) -> impl Iterator<Item = (u32, Exclusion)> + Clone {
        let shares = move |other| self.apart.devices.hold(node_idx, other);
        let said = self.row(node_idx).iter().map(move |row| {
            let why = first(Some(row.why), shares(row.candidate));
            (row.candidate, why.expect("one is given"))
        });
        let others = self.apart.devices.with(node_idx);
        let unsaid = others.filter(move |&other| self.said(node_idx, other).is_none());
        said.chain(unsaid.map(|other| (other, Exclusion::OneDevice)))
    }

    fn row(&self, node_idx: u32) -> &[KeptFrom<u32>] {
        let u = node_idx as usize;
        match self.offsets.get(u..u + 2) {
            Some(ends) => &self.apart.rows[ends[0]..ends[1]],
            None => &[],
        }
    }

    fn said(&self, node_idx: u32, candidate: u32) -> Option<Exclusion> {
        let row = self.row(node_idx);
        let found = row.binary_search_by_key(&candidate, |row| row.candidate);
        found.ok().map(|at| row[at].why)
    }

    /// Why one person's own row excludes another; hiding from everybody is not in it.
    pub(crate) fn listed(&self, node_idx: u32, candidate: u32) -> Option<Exclusion> {
        let is_shared = self.apart.devices.hold(node_idx, candidate);
        first(self.said(node_idx, candidate), is_shared)
    }

    /// Why one person is not to be suggested to another, if so.
    #[must_use]
    pub fn between(&self, node_idx: u32, candidate: u32) -> Option<Exclusion> {
        let is_apart = self.bands(node_idx).keep_from(candidate);
        self.listed(node_idx, candidate)
            .or_else(|| is_apart.then_some(Exclusion::AgeBand))
            .or_else(|| self.hides(candidate).then_some(Exclusion::Hidden))
    }

    /// Does somebody hide from everybody?
    #[must_use]
    pub fn hides(&self, node_idx: u32) -> bool {
        self.apart.hidden.binary_search(&node_idx).is_ok()
    }

    /// Everybody who hides from everybody, ascending.
    #[must_use]
    pub fn hidden(&self) -> &[u32] {
        &self.apart.hidden
    }
}

/// Who is in another band than a person.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bands<'a> {
    /// By node; empty if all are in one band.
    pub(crate) is_minor: &'a [bool],
    pub(crate) own: bool,
}

impl Bands<'_> {
    pub(crate) fn keep_from(self, candidate: u32) -> bool {
        let band = self.is_minor.get(candidate as usize).copied();
        band.is_some_and(|band| band != self.own)
    }
}

fn offsets(n_nodes: usize, rows: &[KeptFrom<u32>]) -> Vec<usize> {
    if rows.is_empty() {
        return Vec::new();
    }
    let mut offsets = vec![0; n_nodes + 1];
    for row in rows {
        offsets[row.person as usize + 1] += 1;
    }
    // Before each step `offsets[u]` is where the rows of u start, and `offsets[u + 1]` how many they are.
    for u in 0..n_nodes {
        offsets[u + 1] += offsets[u];
    }
    offsets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suggest::OnDevice;

    fn of(exclusions: &Exclusions, u: u32) -> Vec<(u32, Exclusion)> {
        exclusions.of(u).collect()
    }

    #[test]
    fn deny_in_the_right_direction() {
        use FeedbackKind::{Block, Dismiss, Hide, Report};
        let said = [(0, 1, Block), (2, 3, Dismiss), (4, 5, Hide), (6, 7, Report)];
        let exclusions = Exclusions::from_nodes(8, said);
        assert_eq!(of(&exclusions, 0), [(1, Exclusion::Blocked)]);
        assert_eq!(of(&exclusions, 1), [(0, Exclusion::Blocked)]);
        assert_eq!(of(&exclusions, 2), [(3, Exclusion::Dismissed)]);
        assert_eq!(of(&exclusions, 5), [(4, Exclusion::Hidden)]);
        assert_eq!(of(&exclusions, 6), [(7, Exclusion::Reported)]);
        assert_eq!(of(&exclusions, 7), [(6, Exclusion::Reported)]);
        for u in [3, 4] {
            assert_eq!(of(&exclusions, u), []);
        }
    }

    #[test]
    fn deny_to_everybody_who_hides_from_themselves() {
        let exclusions = Exclusions::from_nodes(3, [(1, 1, FeedbackKind::Hide)]);
        assert_eq!(exclusions.hidden(), [1]);
        assert_eq!(exclusions.between(0, 1), Some(Exclusion::Hidden));
        assert_eq!(exclusions.between(1, 0), None);
    }

    #[test]
    fn of_several_reasons_the_first_counts() {
        let said = [
            (0, 1, FeedbackKind::Dismiss),
            (1, 0, FeedbackKind::Hide),
            (1, 0, FeedbackKind::Block),
            (0, 0, FeedbackKind::Block),
        ];
        let exclusions = Exclusions::from_nodes(2, said);
        assert_eq!(of(&exclusions, 0), [(1, Exclusion::Blocked)]);
        assert_eq!(of(&exclusions, 1), [(0, Exclusion::Blocked)]);
    }

    #[test]
    fn deny_whoever_has_an_account_on_the_same_device() {
        let said = [(0, 1, FeedbackKind::Dismiss), (1, 2, FeedbackKind::Block)];
        let devices = [(1, 0), (1, 1), (1, 2), (2, 0), (2, 2), (3, 3)];
        let exclusions = Exclusions::by_node(
            4,
            Apart::of(said.map(Said::from), [], devices.map(OnDevice::from)),
        );
        let mut of_0 = of(&exclusions, 0);
        of_0.sort_unstable();
        of_0.dedup();
        assert_eq!(of_0, [(1, Exclusion::OneDevice), (2, Exclusion::OneDevice)]);
        assert_eq!(exclusions.between(1, 0), Some(Exclusion::OneDevice));
        assert_eq!(exclusions.between(1, 2), Some(Exclusion::Blocked));
        assert_eq!(exclusions.between(2, 1), Some(Exclusion::Blocked));
        assert_eq!(of(&exclusions, 3), []);
    }
}
