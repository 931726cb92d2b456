//! Suggestions as everybody outside the graph sees them: by user id.

use crate::ids::UserId;
use crate::suggest::{List, Listing, Reason, Tier};

/// Somebody suggested to a person.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Suggested {
    /// Whom.
    pub candidate: UserId,
    /// In the unit of the heuristic; it ranks within the tier.
    pub score: f64,
    /// That the two are friends, in \[0, 1\], where the order is learned.
    pub probability: Option<f64>,
    /// How many people are tied to both.
    pub mutual_count: u32,
    /// What it rests on.
    pub tier: Tier,
}

impl Suggested {
    /// Why, strongest reason first; at least one.
    ///
    /// # Examples
    /// ```
    /// use acquaint::engine::Suggested;
    /// use acquaint::ids::UserId;
    /// use acquaint::suggest::Tier;
    ///
    /// let suggested = Suggested {
    ///     candidate: UserId(8),
    ///     score: 1.5,
    ///     probability: None,
    ///     mutual_count: 3,
    ///     tier: Tier::MutualContact,
    /// };
    /// let reasons: Vec<String> = suggested.reasons().map(|why| why.to_string()).collect();
    /// assert_eq!(reasons, ["mutual contact", "3 mutual friends"]);
    /// ```
    pub fn reasons(&self) -> impl Iterator<Item = Reason> {
        self.tier.reasons(self.mutual_count)
    }

    /// The people of a list of nodes.
    pub(in crate::engine) fn of<'l>(
        list: List<'l>,
        users: &'l [UserId],
    ) -> impl Iterator<Item = Self> + 'l {
        list.each().map(|one| Self::one(one, users))
    }

    /// One suggestion by user id.
    pub(in crate::engine) fn one(listing: Listing, users: &[UserId]) -> Self {
        let Listing {
            suggestion,
            probability,
        } = listing;
        Self {
            candidate: users[suggestion.candidate as usize],
            score: suggestion.score.to_f64(),
            probability,
            mutual_count: suggestion.mutual_count,
            tier: suggestion.tier,
        }
    }
}
