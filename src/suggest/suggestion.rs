//! Suggestions: one, one person's, everybody's.

use super::counts::SuggestCounts;
use super::reasons::{Reason, Tier};
use crate::score::Score;

/// Somebody suggested to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The node suggested.
    pub candidate: u32,
    /// How many people are tied to both.
    pub mutual_count: u32,
    /// The score within its tier.
    pub score: Score,
    /// What it rests on; the first key of the ranking.
    pub tier: Tier,
}

impl Suggestion {
    /// Why, strongest reason first; at least one.
    pub fn reasons(&self) -> impl Iterator<Item = Reason> {
        self.tier.reasons(self.mutual_count)
    }
}

/// One person's suggestions, best first.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct List<'s> {
    /// At most as many as were asked for.
    pub suggestions: &'s [Suggestion],
    /// Parallel to them where the order is learned: how probable it is that the two are friends. Empty where it is not.
    pub probabilities: &'s [f64],
}

impl List<'_> {
    /// The first `k` of them.
    #[must_use]
    pub fn first(self, k: usize) -> Self {
        Self {
            suggestions: &self.suggestions[..k.min(self.suggestions.len())],
            probabilities: &self.probabilities[..k.min(self.probabilities.len())],
        }
    }

    /// The place of a candidate, from 1; none if they are not suggested.
    #[must_use]
    pub fn place_of(&self, candidate: u32) -> Option<usize> {
        let at = (self.suggestions.iter()).position(|one| one.candidate == candidate)?;
        Some(at + 1)
    }

    /// The suggestion at a place, from 1.
    ///
    /// # Panics
    /// If there is no such place.
    #[must_use]
    pub fn at(&self, place: usize) -> Listing {
        Listing {
            suggestion: self.suggestions[place - 1],
            probability: self.probabilities.get(place - 1).copied(),
        }
    }
}

impl<'s> List<'s> {
    /// Every suggestion with its probability, best first.
    pub fn each(self) -> impl Iterator<Item = Listing> + 's {
        (1..=self.suggestions.len()).map(move |place| self.at(place))
    }
}

/// A suggestion as it stands on a list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Listing {
    /// The suggestion.
    pub suggestion: Suggestion,
    /// How probable it is that the two are friends, where the order is learned.
    pub probability: Option<f64>,
}

/// One person's suggestions, and what became of all candidates.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'s> {
    /// The suggestions.
    pub list: List<'s>,
    /// What became of every candidate.
    pub counts: SuggestCounts,
}

/// How many people one task scores. Fixed, so that what is joined does not depend on threads.
pub(super) const CHUNK: usize = 64;

/// The suggestions of consecutive people.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Chunk {
    ends: Vec<usize>,
    rows: Vec<Suggestion>,
    /// Parallel to the rows, or empty.
    probabilities: Vec<f64>,
}

impl Chunk {
    /// Room for so many suggestions.
    pub(super) fn with_capacity(n_rows: usize) -> Self {
        Self {
            rows: Vec::with_capacity(n_rows),
            ..Self::default()
        }
    }

    /// Adds the next person's.
    pub(super) fn push(&mut self, list: List<'_>) {
        self.rows.extend_from_slice(list.suggestions);
        self.probabilities.extend_from_slice(list.probabilities);
        self.ends.push(self.rows.len());
    }

    /// Gives back the room that was not needed.
    pub(super) fn shrink(&mut self) {
        self.rows.shrink_to_fit();
        self.probabilities.shrink_to_fit();
    }

    /// How many people's.
    pub(super) fn n_users(&self) -> usize {
        self.ends.len()
    }

    /// How many suggestions.
    pub(super) fn n_rows(&self) -> usize {
        self.rows.len()
    }

    /// Those of the person at a place.
    pub(super) fn list(&self, at: usize) -> List<'_> {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        let range = start..self.ends[at];
        List {
            suggestions: &self.rows[range.clone()],
            probabilities: self.probabilities.get(range).unwrap_or_default(),
        }
    }
}

/// Everybody's suggestions, best first.
///
/// # Complexity
/// 24 bytes a suggestion, 32 where the order is learned, and 8 a person.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Suggestions {
    chunks: Vec<Chunk>,
}

impl Suggestions {
    /// How many people there are, with suggestions or without.
    #[must_use]
    pub fn n_users(&self) -> usize {
        self.chunks.iter().map(Chunk::n_users).sum()
    }

    /// How many suggestions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.rows.len()).sum()
    }

    /// Returns `true` if there are no suggestions.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One person's suggestions.
    ///
    /// # Panics
    /// If there is no such node.
    #[must_use]
    pub fn list(&self, node_idx: u32) -> List<'_> {
        let u = node_idx as usize;
        self.chunks[u / CHUNK].list(u % CHUNK)
    }

    /// One person's suggestions without their probabilities.
    ///
    /// # Panics
    /// If there is no such node.
    #[must_use]
    pub fn row(&self, node_idx: u32) -> &[Suggestion] {
        self.list(node_idx).suggestions
    }

    /// From the suggestions of every [`CHUNK`] people.
    pub(super) const fn from_chunks(chunks: Vec<Chunk>) -> Self {
        Self { chunks }
    }

    /// Everybody's suggestions in the order of their nodes.
    pub fn lists(&self) -> impl Iterator<Item = (u32, List<'_>)> {
        let lists = |chunk| (0..Chunk::n_users(chunk)).map(move |at| chunk.list(at));
        (0..).zip(self.chunks.iter().flat_map(lists))
    }

    /// Everybody's suggestions without their probabilities, in the order of their nodes.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &[Suggestion])> {
        self.lists().map(|(node, list)| (node, list.suggestions))
    }
}

/// Everybody's suggestions, and what became of all candidates.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Everybody {
    /// By node.
    pub suggestions: Suggestions,
    /// Sums over all people.
    pub counts: SuggestCounts,
}
