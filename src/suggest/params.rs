//! What a caller may choose, and within which bounds.

use serde::{Deserialize, Serialize};

use crate::params::{ParamError, require};

/// The most suggestions anybody can ask for.
pub const MAX_K: usize = 1000;

/// How the people two have in common are weighed. `d` is the number of ties; the sums run over the
/// intermediaries `z` between `u` and `v`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Heuristic {
    /// How many there are: `Σ 1`.
    CommonNeighbours,
    /// `Σ 1 / ln d(z)`: somebody with few ties says more about the two than somebody with many
    /// (Adamic and Adar, "Friends and neighbors on the Web", 2003; natural logarithm).
    ///
    /// The default: on the ten graphs whose recall at 10 is known, it beats [`Self::CommonNeighbours`] on
    /// every one, and is never as far behind the best as [`Self::ResourceAllocation`] sometimes is.
    #[default]
    AdamicAdar,
    /// `Σ 1 / d(z)`: the same idea, harder on hubs (Zhou, Lü and Zhang, "Predicting missing links via
    /// local information", 2009).
    ResourceAllocation,
    /// `Σ 1 / (d(u) + d(v) − Σ 1)`: the share of their ties that they have in common (Jaccard, 1901).
    ///
    /// Rounded down to 32 binary places. Two different fractions get different scores while `u` and `v`
    /// have at most 2¹⁶ ties together, because fractions with denominators `a` and `b` differ by at least
    /// `1 / ab`. Beyond that, fractions closer than 2⁻³² can tie, and the smaller id goes first.
    Jaccard,
}

impl Heuristic {
    /// Every heuristic.
    pub const ALL: [Self; 4] = [
        Self::CommonNeighbours,
        Self::AdamicAdar,
        Self::ResourceAllocation,
        Self::Jaccard,
    ];

    /// The name used in configuration files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CommonNeighbours => "common-neighbours",
            Self::AdamicAdar => "adamic-adar",
            Self::ResourceAllocation => "resource-allocation",
            Self::Jaccard => "jaccard",
        }
    }
}

/// How suggestions are made; unchecked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SuggestParams {
    k: usize,
    score: Heuristic,
    min_intermediaries: u32,
    spam_demote_at: f32,
    spam_remove_at: f32,
}

impl Default for SuggestParams {
    fn default() -> Self {
        Self {
            k: 10,
            score: Heuristic::default(),
            min_intermediaries: 2,
            spam_demote_at: 0.5,
            spam_remove_at: 0.9,
        }
    }
}

impl SuggestParams {
    /// How many suggestions each person gets at most: 1 to [`MAX_K`], default 10.
    #[must_use]
    pub fn k(mut self, k: usize) -> Self {
        self.k = k;
        self
    }

    /// How common friends are weighed; default [`Heuristic::AdamicAdar`].
    #[must_use]
    pub fn score(mut self, score: Heuristic) -> Self {
        self.score = score;
        self
    }

    /// How many people two must have in common; from 1, default 2.
    ///
    /// One common friend proves little, and tells the person who is suggested to whose friend the other
    /// is. Somebody whose number the person saved is suggested without any: that is the stated exception.
    #[must_use]
    pub fn min_intermediaries(mut self, min_intermediaries: u32) -> Self {
        self.min_intermediaries = min_intermediaries;
        self
    }

    /// The spam score from which people are ranked after everybody else; 0 to 1, default 0.5.
    #[must_use]
    pub fn spam_demote_at(mut self, spam_demote_at: f32) -> Self {
        self.spam_demote_at = spam_demote_at;
        self
    }

    /// The spam score from which people are not suggested; `spam_demote_at` to 1, default 0.9.
    #[must_use]
    pub fn spam_remove_at(mut self, spam_remove_at: f32) -> Self {
        self.spam_remove_at = spam_remove_at;
        self
    }

    /// Checks every bound.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn check(self) -> Result<ValidSuggestParams, ParamError> {
        require(
            (1..=MAX_K).contains(&self.k),
            "suggest.k",
            self.k,
            "from 1 to 1000",
        )?;
        require(
            self.min_intermediaries >= 1,
            "suggest.min_intermediaries",
            self.min_intermediaries,
            "at least 1",
        )?;
        require(
            (0.0..=1.0).contains(&self.spam_demote_at),
            "suggest.spam_demote_at",
            self.spam_demote_at,
            "from 0 to 1",
        )?;
        require(
            (self.spam_demote_at..=1.0).contains(&self.spam_remove_at),
            "suggest.spam_remove_at",
            self.spam_remove_at,
            "from suggest.spam_demote_at to 1",
        )?;
        Ok(ValidSuggestParams(self))
    }
}

/// [`SuggestParams`] within their bounds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct ValidSuggestParams(SuggestParams);

impl ValidSuggestParams {
    /// How many suggestions each person gets at most.
    #[must_use]
    pub const fn k(&self) -> usize {
        self.0.k
    }

    /// How common friends are weighed.
    #[must_use]
    pub const fn score(&self) -> Heuristic {
        self.0.score
    }

    /// How many people two must have in common.
    #[must_use]
    pub const fn min_intermediaries(&self) -> u32 {
        self.0.min_intermediaries
    }

    /// The spam score from which people are ranked after everybody else.
    #[must_use]
    pub const fn spam_demote_at(&self) -> f32 {
        self.0.spam_demote_at
    }

    /// The spam score from which people are not suggested.
    #[must_use]
    pub const fn spam_remove_at(&self) -> f32 {
        self.0.spam_remove_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(params: SuggestParams) -> &'static str {
        params.check().expect_err("must be refused").name
    }

    #[test]
    fn k_is_from_1_to_1000() {
        assert_eq!(refused(SuggestParams::default().k(0)), "suggest.k");
        assert_eq!(refused(SuggestParams::default().k(1001)), "suggest.k");
        for k in [1, 1000] {
            assert_eq!(SuggestParams::default().k(k).check().unwrap().k(), k);
        }
    }

    #[test]
    fn min_intermediaries_is_at_least_1() {
        let with = |n| SuggestParams::default().min_intermediaries(n);
        assert_eq!(refused(with(0)), "suggest.min_intermediaries");
        assert!(with(1).check().is_ok());
    }

    #[test]
    fn spam_demote_at_is_a_fraction() {
        let with = |x| {
            SuggestParams::default()
                .spam_remove_at(1.0)
                .spam_demote_at(x)
        };
        for bad in [-f32::EPSILON, 1.0 + f32::EPSILON, f32::NAN] {
            assert_eq!(refused(with(bad)), "suggest.spam_demote_at");
        }
        assert!(with(0.0).check().is_ok() && with(1.0).check().is_ok());
    }

    #[test]
    fn spam_remove_at_is_a_fraction_and_not_below_demotion() {
        let with = |x| {
            SuggestParams::default()
                .spam_demote_at(0.5)
                .spam_remove_at(x)
        };
        for bad in [0.499, 1.0 + f32::EPSILON, f32::NAN] {
            assert_eq!(refused(with(bad)), "suggest.spam_remove_at");
        }
        assert!(with(0.5).check().is_ok() && with(1.0).check().is_ok());
    }

    #[test]
    fn names_read_back() {
        for heuristic in Heuristic::ALL {
            let name = format!("\"{}\"", heuristic.as_str());
            assert_eq!(serde_json::to_string(&heuristic).unwrap(), name);
        }
        let params: SuggestParams = serde_json::from_str(r#"{"score":"jaccard"}"#).unwrap();
        assert_eq!(params, SuggestParams::default().score(Heuristic::Jaccard));
        assert!(serde_json::from_str::<SuggestParams>(r#"{"kk":1}"#).is_err());
    }
}
