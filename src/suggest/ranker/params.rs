//! How a ranker is trained.

use linfa::ParamGuard;
use serde::{Deserialize, Serialize};

use crate::learn::als::AlsParams;
use crate::params::{ParamError, require};

/// Which friendships are hidden to learn from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holdout {
    /// By a hash of the pair, anew in every round.
    #[default]
    Hash,
    /// The newest, in one round: what is learned is to tell the future.
    Time,
}

impl Holdout {
    /// The name in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hash => "hash",
            Self::Time => "time",
        }
    }
}

/// Factors of the ties as features, and as a source of candidates: `[ranker.factors]`; unchecked.
///
/// Defaults: `size` 64, `alpha` 10, `l2` 0.1, `rounds` 10, `candidates` 50.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RankerFactors {
    size: usize,
    alpha: f64,
    l2: f64,
    rounds: u32,
    candidates: usize,
}

impl Default for RankerFactors {
    fn default() -> Self {
        Self {
            size: 64,
            alpha: 10.0,
            l2: 0.1,
            rounds: 10,
            candidates: 50,
        }
    }
}

impl RankerFactors {
    /// Coordinates of a vector: 1 to 256.
    #[must_use]
    pub fn size(mut self, size: usize) -> Self {
        self.size = size;
        self
    }

    /// How much more a tie counts than a pair that is not tied: above 0, at most 10,000.
    #[must_use]
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }

    /// The penalty on the squares of coordinates: above 0, at most 10,000.
    #[must_use]
    pub fn l2(mut self, l2: f64) -> Self {
        self.l2 = l2;
        self
    }

    /// How often both sides are solved for: 1 to 100.
    #[must_use]
    pub fn rounds(mut self, rounds: u32) -> Self {
        self.rounds = rounds;
        self
    }

    /// How many people of the greatest inner products are candidates beside those of the pool: 1 to 1000.
    #[must_use]
    pub fn candidates(mut self, candidates: usize) -> Self {
        self.candidates = candidates;
        self
    }

    pub(super) const fn n_candidates(&self) -> usize {
        self.candidates
    }

    pub(super) fn als(&self, seed: u64) -> AlsParams {
        let params = AlsParams::default().factors(self.size).alpha(self.alpha);
        params.l2(self.l2).rounds(self.rounds).seed(seed)
    }

    fn check(&self) -> Result<(), ParamError> {
        self.als(0).check_ref()?;
        require(
            (1..=crate::suggest::MAX_K).contains(&self.candidates),
            "ranker.factors.candidates",
            self.candidates,
            "from 1 to 1000",
        )
    }
}

/// What the learned order looks at besides ties: `[ranker.signals]`; where the section is there, all of it by default but
/// communities, which were measured to be no help.
///
/// Each rests on the purpose of friend suggestions of both people, and is absent for whoever did not permit it.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key of the configuration"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RankerSignals {
    /// Communities of the permitted ties.
    pub communities: bool,
    /// The region of the linked phone.
    pub region: bool,
    /// How often each called or wrote to the other.
    pub calls: bool,
    /// Groups that both are in.
    pub groups: bool,
}

impl Default for RankerSignals {
    fn default() -> Self {
        Self {
            communities: false,
            region: true,
            calls: true,
            groups: true,
        }
    }
}

impl RankerSignals {
    /// None of it: what there is without the section.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            communities: false,
            region: false,
            calls: false,
            groups: false,
        }
    }
}

/// How a ranker is trained; unchecked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RankerParams {
    hidden_by: Holdout,
    one_in: u64,
    rounds: u32,
    pool: usize,
    rows_max: usize,
    l2: f64,
    seed: u64,
    // Files of models without factors do not mention them.
    #[serde(skip_serializing_if = "Option::is_none")]
    factors: Option<RankerFactors>,
    // Nor do those of models that look at ties alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    signals: Option<RankerSignals>,
}

impl Default for RankerParams {
    fn default() -> Self {
        Self {
            hidden_by: Holdout::Hash,
            one_in: 10,
            rounds: 3,
            pool: 100,
            rows_max: 400_000,
            l2: 1.0,
            seed: 0,
            factors: None,
            signals: None,
        }
    }
}

impl RankerParams {
    /// Which friendships are hidden; default [`Holdout::Hash`].
    #[must_use]
    pub fn hidden_by(mut self, hidden_by: Holdout) -> Self {
        self.hidden_by = hidden_by;
        self
    }

    /// One friendship in so many is hidden: 2 to 1000, default 10.
    #[must_use]
    pub fn one_in(mut self, one_in: u64) -> Self {
        self.one_in = one_in;
        self
    }

    /// How often friendships are hidden anew, if by hash: 1 to 100, default 3.
    #[must_use]
    pub fn rounds(mut self, rounds: u32) -> Self {
        self.rounds = rounds;
        self
    }

    /// How many of a person's candidates are put in order, the kernel's best: 1 to 1000, default 100.
    #[must_use]
    pub fn pool(mut self, pool: usize) -> Self {
        self.pool = pool;
        self
    }

    /// About how many candidates are described at most, by leaving out people: from 1000, default 400,000. Each takes
    /// 0.8 kB.
    #[must_use]
    pub fn rows_max(mut self, rows_max: usize) -> Self {
        self.rows_max = rows_max;
        self
    }

    /// The penalty on the square of weights, of features scaled to unit variance: from 0, default 1.
    #[must_use]
    pub fn l2(mut self, l2: f64) -> Self {
        self.l2 = l2;
        self
    }

    /// What the hashes begin with; default 0.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Factors of the ties as features and as a source of candidates; none by default.
    #[must_use]
    pub fn with_factors(mut self, factors: RankerFactors) -> Self {
        self.factors = Some(factors);
        self
    }

    /// What the order looks at besides ties; nothing by default.
    #[must_use]
    pub fn with_signals(mut self, signals: RankerSignals) -> Self {
        self.signals = Some(signals);
        self
    }

    /// What the order looks at besides ties.
    #[must_use]
    pub fn signals(&self) -> RankerSignals {
        self.signals.unwrap_or(RankerSignals::none())
    }

    /// What is said of it; none without the section.
    pub(crate) const fn signals_given(&self) -> Option<RankerSignals> {
        self.signals
    }

    pub(super) const fn factors(&self) -> Option<&RankerFactors> {
        self.factors.as_ref()
    }

    /// How many candidates factors add at most.
    pub(super) fn n_alike(&self) -> usize {
        self.factors.as_ref().map_or(0, RankerFactors::n_candidates)
    }

    pub(super) const fn seed_given(&self) -> u64 {
        self.seed
    }

    /// Checks every bound.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn check(self) -> Result<ValidRankerParams, ParamError> {
        require(
            (2..=1000).contains(&self.one_in),
            "ranker.one_in",
            self.one_in,
            "from 2 to 1000",
        )?;
        require(
            (1..=100).contains(&self.rounds),
            "ranker.rounds",
            self.rounds,
            "from 1 to 100",
        )?;
        require(
            (1..=crate::suggest::MAX_K).contains(&self.pool),
            "ranker.pool",
            self.pool,
            "from 1 to 1000",
        )?;
        require(
            self.rows_max >= 1000,
            "ranker.rows_max",
            self.rows_max,
            "at least 1000",
        )?;
        require(
            self.l2.is_finite() && self.l2 >= 0.0,
            "ranker.l2",
            self.l2,
            "at least 0",
        )?;
        self.factors.as_ref().map_or(Ok(()), RankerFactors::check)?;
        Ok(ValidRankerParams(self))
    }
}

/// [`RankerParams`] within their bounds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct ValidRankerParams(RankerParams);

impl ValidRankerParams {
    /// What was given, defaults included.
    #[must_use]
    pub const fn given(&self) -> &RankerParams {
        &self.0
    }

    /// Are the newest friendships hidden? Their times have to be known then.
    #[must_use]
    pub fn hides_newest(&self) -> bool {
        self.0.hidden_by == Holdout::Time
    }

    pub(super) const fn hidden_by(&self) -> Holdout {
        self.0.hidden_by
    }

    pub(super) const fn one_in(&self) -> u64 {
        self.0.one_in
    }

    /// One, if friendships are hidden by time.
    pub(super) const fn rounds(&self) -> u32 {
        match self.0.hidden_by {
            Holdout::Hash => self.0.rounds,
            Holdout::Time => 1,
        }
    }

    /// How many of a person's candidates are put in order.
    #[must_use]
    pub const fn pool(&self) -> usize {
        self.0.pool
    }

    pub(super) const fn rows_max(&self) -> usize {
        self.0.rows_max
    }

    pub(super) const fn l2(&self) -> f64 {
        self.0.l2
    }

    pub(super) const fn seed(&self) -> u64 {
        self.0.seed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bound_is_checked() {
        let refused = |params: RankerParams| params.check().expect_err("must be refused").name;
        let params = RankerParams::default;
        assert_eq!(refused(params().one_in(1)), "ranker.one_in");
        assert_eq!(refused(params().rounds(0)), "ranker.rounds");
        assert_eq!(refused(params().pool(1001)), "ranker.pool");
        assert_eq!(refused(params().rows_max(999)), "ranker.rows_max");
        for bad in [-1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(refused(params().l2(bad)), "ranker.l2");
        }
        let factors = RankerFactors::default;
        let with = |given: RankerFactors| refused(params().with_factors(given));
        assert_eq!(with(factors().size(0)), "ranker.factors.size");
        assert_eq!(with(factors().alpha(-1.0)), "ranker.factors.alpha");
        assert_eq!(with(factors().l2(f64::NAN)), "ranker.factors.l2");
        assert_eq!(with(factors().rounds(0)), "ranker.factors.rounds");
        assert_eq!(with(factors().candidates(0)), "ranker.factors.candidates");
        assert!(params().with_factors(factors()).check().is_ok());
        assert!(params().check().is_ok());
    }
}
