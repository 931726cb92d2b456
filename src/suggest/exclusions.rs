//! Whom not to suggest to whom, from what people said.

use super::counts::SuggestCounts;
use crate::graph::Graph;
use crate::ids::UserId;
use crate::signals::FeedbackKind;

/// Why one person is not to be suggested to another; of several the first counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exclusion {
    /// One of them blocked the other.
    Blocked,
    /// The person reported the candidate.
    Reported,
    /// The person dismissed the candidate.
    Dismissed,
    /// The candidate hides.
    Hidden,
    /// One of them is a minor and the other is not known to be one.
    AgeBand,
}

impl Exclusion {
    pub(crate) fn count(self, counts: &mut SuggestCounts) {
        let of_this_kind = match self {
            Self::Blocked => &mut counts.blocked,
            Self::Reported => &mut counts.reported,
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
    /// `(person, candidate, why)`, ascending, each pair once.
    rows: Vec<(u32, u32, Exclusion)>,
    /// Where each person's rows start, with one end more; empty if there are no rows.
    offsets: Vec<usize>,
    /// Nodes that hide from everybody, ascending.
    hidden: Vec<u32>,
    /// By node, whether they are a minor; empty if nobody is.
    bands: Vec<bool>,
}

impl Exclusions {
    /// Nobody is excluded.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Exclusions from feedback `(who said it, about whom, what)`.
    ///
    /// A block holds both ways. After a dismissal or a report the person does not see the other. After
    /// hiding, the other does not see the person; hiding from oneself is hiding from everybody. Feedback by
    /// or about somebody outside the graph says nothing, and is not even counted.
    ///
    /// # Complexity
    /// O(f log f + n) time, O(f + n) space, for f rows and n people.
    #[must_use]
    pub fn build<P>(graph: &Graph<P>, feedback: &[(UserId, UserId, FeedbackKind)]) -> Self {
        let known = feedback
            .iter()
            .filter_map(|&(a, b, kind)| Some((graph.node(a)?, graph.node(b)?, kind)));
        Self::from_nodes(graph.n_users(), known)
    }

    pub(crate) fn from_nodes(
        n_nodes: usize,
        feedback: impl IntoIterator<Item = (u32, u32, FeedbackKind)>,
    ) -> Self {
        let (mut rows, mut hidden) = (Vec::new(), Vec::new());
        for (a, b, kind) in feedback {
            match kind {
                FeedbackKind::Hide if a == b => hidden.push(a),
                _ if a == b => {}
                FeedbackKind::Block => {
                    rows.extend([(a, b, Exclusion::Blocked), (b, a, Exclusion::Blocked)]);
                }
                FeedbackKind::Dismiss => rows.push((a, b, Exclusion::Dismissed)),
                FeedbackKind::Report => rows.push((a, b, Exclusion::Reported)),
                FeedbackKind::Hide => rows.push((b, a, Exclusion::Hidden)),
            }
        }
        rows.sort_unstable();
        rows.dedup_by_key(|&mut (person, candidate, _)| (person, candidate));
        hidden.sort_unstable();
        hidden.dedup();
        let offsets = offsets(n_nodes, &rows);
        Self {
            rows,
            offsets,
            hidden,
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

    /// Whom the bands keep from a person.
    pub(crate) fn bands(&self, node_idx: u32) -> Bands<'_> {
        let own = self.bands.get(node_idx as usize).copied();
        Bands {
            is_minor: &self.bands,
            own: own.unwrap_or_default(),
        }
    }

    /// Whom not to suggest to a person and why, ascending by candidate.
    pub fn of(&self, node_idx: u32) -> impl Iterator<Item = (u32, Exclusion)> + Clone {
        self.row(node_idx)
            .iter()
            .map(|&(_, candidate, why)| (candidate, why))
    }

    fn row(&self, node_idx: u32) -> &[(u32, u32, Exclusion)] {
        let u = node_idx as usize;
        match self.offsets.get(u..u + 2) {
            Some(ends) => &self.rows[ends[0]..ends[1]],
            None => &[],
        }
    }

    /// Why one person's own row excludes another; hiding from everybody is not in it.
    pub(crate) fn listed(&self, node_idx: u32, candidate: u32) -> Option<Exclusion> {
        let row = self.row(node_idx);
        let found = row.binary_search_by_key(&candidate, |&(_, other, _)| other);
        found.ok().map(|at| row[at].2)
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
        self.hidden.binary_search(&node_idx).is_ok()
    }

    /// Everybody who hides from everybody, ascending.
    #[must_use]
    pub fn hidden(&self) -> &[u32] {
        &self.hidden
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

fn offsets(n_nodes: usize, rows: &[(u32, u32, Exclusion)]) -> Vec<usize> {
    if rows.is_empty() {
        return Vec::new();
    }
    let mut offsets = vec![0; n_nodes + 1];
    for &(person, _, _) in rows {
        offsets[person as usize + 1] += 1;
    }
    for u in 0..n_nodes {
        offsets[u + 1] += offsets[u];
    }
    offsets
}

#[cfg(test)]
mod tests {
    use super::*;

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
        for u in [3, 4, 7] {
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
}
