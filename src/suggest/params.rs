//! What a caller may choose, and within which bounds.

use serde::{Deserialize, Serialize};

use super::strength::TieWeights;
use crate::params::{ParamError, require};

/// The most suggestions anybody can ask for.
pub const MAX_K: usize = 1000;

/// From how many patients a number is a practice's, if the parameters do not say.
pub const PRACTICE_FROM: u32 = 5;

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
    /// `Σ 1 / √(d(u) d(v))`: the cosine of the angle between their rows of ties (Salton, "Automatic Text
    /// Processing", 1989).
    ///
    /// Rounded down to 32 binary places; what is then equal goes by the smaller id.
    Cosine,
}

impl Heuristic {
    /// Every heuristic.
    pub const ALL: [Self; 5] = [
        Self::CommonNeighbours,
        Self::AdamicAdar,
        Self::ResourceAllocation,
        Self::Jaccard,
        Self::Cosine,
    ];

    /// The name used in configuration files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CommonNeighbours => "common-neighbours",
            Self::AdamicAdar => "adamic-adar",
            Self::ResourceAllocation => "resource-allocation",
            Self::Jaccard => "jaccard",
            Self::Cosine => "cosine",
        }
    }
}

/// Whom a saved number suggests by itself, without anybody in common.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Direct {
    /// Whoever saved the person's number too: both gave theirs to the other. The default.
    #[default]
    Mutual,
    /// Everybody whose number the person saved.
    ///
    /// Whoever has a number then learns whose it is, and that they are on the network: a stalker, a sex worker's client, a
    /// doctor's patient. The owner of the number was not asked and is not told.
    Own,
    /// Nobody: it takes people in common.
    Off,
}

impl Direct {
    /// The name used in configuration files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mutual => "mutual",
            Self::Own => "own",
            Self::Off => "off",
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
    direct: Direct,
    dismiss_days: Option<u32>,
    age_bands: bool,
    sensitive_from: u32,
    practice_from: u32,
    shown_max: Option<u32>,
    near: bool,
    weights: TieWeights,
    spam_demote_at: f32,
    spam_remove_at: f32,
}

impl Default for SuggestParams {
    fn default() -> Self {
        Self {
            k: 10,
            score: Heuristic::default(),
            min_intermediaries: 2,
            direct: Direct::default(),
            dismiss_days: None,
            age_bands: true,
            sensitive_from: 20,
            practice_from: PRACTICE_FROM,
            shown_max: None,
            near: false,
            weights: TieWeights::default(),
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
    /// is. Somebody who saved each other's number with the person is suggested without any: that is the stated exception, and
    /// [`direct`](Self::direct) widens or closes it.
    #[must_use]
    pub fn min_intermediaries(mut self, min_intermediaries: u32) -> Self {
        self.min_intermediaries = min_intermediaries;
        self
    }

    /// Whom a saved number suggests without anybody in common; default [`Direct::Mutual`].
    #[must_use]
    pub fn direct(mut self, direct: Direct) -> Self {
        self.direct = direct;
        self
    }

    /// For how many days somebody who was dismissed is not suggested again: from 1; for ever by default.
    #[must_use]
    pub fn dismiss_days(mut self, dismiss_days: Option<u32>) -> Self {
        self.dismiss_days = dismiss_days;
        self
    }

    /// Keeps minors and everybody else apart, by year of birth; default yes. Minors are then suggested to minors only, and
    /// only minors to them. Whose year of birth is not known counts as no minor.
    #[must_use]
    pub fn age_bands(mut self, age_bands: bool) -> Self {
        self.age_bands = age_bands;
        self
    }

    /// From how many people who do not know each other a number that they saved is sensitive, and ties nobody together; 0 for
    /// never, default 20. [`Graph::sensitive`](crate::graph::Graph::sensitive) says what that is.
    #[must_use]
    pub fn sensitive_from(mut self, sensitive_from: u32) -> Self {
        self.sensitive_from = sensitive_from;
        self
    }

    /// From how many patients, who hardly know each other, a number is a practice's and ties none of them together; 0 for
    /// never, default 5. [`Graph::untie_practices`](crate::graph::Graph::untie_practices) says what that is.
    #[must_use]
    pub fn practice_from(mut self, practice_from: u32) -> Self {
        self.practice_from = practice_from;
        self
    }

    /// To how many people one person is suggested at most; from 1, no limit by default.
    ///
    /// Whoever is wanted by more goes to those they suit best, and the others get the next of their candidates. It takes
    /// everybody's suggestions together, so suggestions on demand do not keep it.
    #[must_use]
    pub fn shown_max(mut self, shown_max: Option<u32>) -> Self {
        self.shown_max = shown_max;
        self
    }

    /// Fills the lists of people with fewer than K candidates with people near them in the graph; default no.
    ///
    /// Such people may have one person in common or none: the second stated exception to `min_intermediaries`. They come
    /// after everybody else, and a learned order does without them.
    #[must_use]
    pub fn near(mut self, near: bool) -> Self {
        self.near = near;
        self
    }

    /// How much ties count by kind and age; all in full by default. Not for [`Heuristic::Jaccard`] and [`Heuristic::Cosine`],
    /// which are shares of whole ties.
    #[must_use]
    pub fn weights(mut self, weights: TieWeights) -> Self {
        self.weights = weights;
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
        if let Some(days) = self.dismiss_days {
            require(days >= 1, "suggest.dismiss_days", days, "at least 1")?;
        }
        if let Some(shown) = self.shown_max {
            require(shown >= 1, "suggest.shown_max", shown, "at least 1")?;
        }
        self.weights.check()?;
        let counts_ties = matches!(self.score, Heuristic::Jaccard | Heuristic::Cosine);
        require(
            self.weights.are_full() || !counts_ties,
            "suggest.weights",
            self.score.as_str(),
            "common-neighbours, adamic-adar or resource-allocation, because this score ignores tie weights; or remove [suggest.weights]",
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

    /// Whom a saved number suggests without anybody in common.
    #[must_use]
    pub const fn direct(&self) -> Direct {
        self.0.direct
    }

    /// For how many days a dismissal holds; for ever if none.
    #[must_use]
    pub const fn dismiss_days(&self) -> Option<u32> {
        self.0.dismiss_days
    }

    /// Are minors and everybody else kept apart?
    #[must_use]
    pub const fn age_bands(&self) -> bool {
        self.0.age_bands
    }

    /// From how many strangers among its callers a number is sensitive; never, if 0.
    #[must_use]
    pub const fn sensitive_from(&self) -> u32 {
        self.0.sensitive_from
    }

    /// From how many patients a number is a practice's; never, if 0.
    #[must_use]
    pub const fn practice_from(&self) -> u32 {
        self.0.practice_from
    }

    /// To how many people one person is suggested at most; no limit if none.
    #[must_use]
    pub const fn shown_max(&self) -> Option<u32> {
        self.0.shown_max
    }

    /// Are lists filled with people near?
    #[must_use]
    pub const fn near(&self) -> bool {
        self.0.near
    }

    /// How much ties count.
    #[must_use]
    pub const fn weights(&self) -> &TieWeights {
        &self.0.weights
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
    fn dismiss_days_is_at_least_1() {
        let with = |days| SuggestParams::default().dismiss_days(days);
        assert_eq!(refused(with(Some(0))), "suggest.dismiss_days");
        assert!(with(Some(1)).check().is_ok() && with(None).check().is_ok());
    }

    #[test]
    fn weights_are_for_sums() {
        let halves = TieWeights {
            mutual_contact: 0.5,
            ..TieWeights::default()
        };
        let with = |score| {
            let params = SuggestParams::default().weights(halves.clone());
            params.score(score)
        };
        for score in [Heuristic::Jaccard, Heuristic::Cosine] {
            assert_eq!(refused(with(score)), "suggest.weights");
        }
        assert!(with(Heuristic::CommonNeighbours).check().is_ok());
    }

    #[test]
    fn shown_max_is_at_least_1() {
        let with = |shown| SuggestParams::default().shown_max(shown);
        assert_eq!(refused(with(Some(0))), "suggest.shown_max");
        assert!(with(Some(1)).check().is_ok() && with(None).check().is_ok());
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
        for direct in [Direct::Mutual, Direct::Own, Direct::Off] {
            let name = format!("\"{}\"", direct.as_str());
            assert_eq!(serde_json::to_string(&direct).unwrap(), name);
        }
        let params: SuggestParams = serde_json::from_str(r#"{"score":"jaccard"}"#).unwrap();
        assert_eq!(params, SuggestParams::default().score(Heuristic::Jaccard));
        assert!(serde_json::from_str::<SuggestParams>(r#"{"kk":1}"#).is_err());
    }
}
