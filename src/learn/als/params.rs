//! Parameters of factors of links.

use linfa::ParamGuard;

use crate::params::{ParamError, require};

/// Most coordinates of a vector.
const WIDTH_MAX: usize = 256;

/// Parameters of factors of links, not yet checked.
///
/// Defaults: `factors` 64, `alpha` 10, `l2` 0.1, `rounds` 10, `seed` 0.
#[derive(Clone, Debug, PartialEq)]
pub struct AlsParams(AlsValidParams);

/// Checked parameters of factors of links; [`linfa::traits::Fit`] is on this.
#[derive(Clone, Debug, PartialEq)]
pub struct AlsValidParams {
    factors: usize,
    alpha: f64,
    l2: f64,
    rounds: u32,
    seed: u64,
}

impl Default for AlsParams {
    fn default() -> Self {
        Self(AlsValidParams {
            factors: 64,
            alpha: 10.0,
            l2: 0.1,
            rounds: 10,
            seed: 0,
        })
    }
}

impl AlsParams {
    /// Coordinates of a vector: 1 to 256.
    #[must_use]
    pub fn factors(mut self, factors: usize) -> Self {
        self.0.factors = factors;
        self
    }

    /// How much more a link counts than a pair that is not linked, α: above 0, at most 10,000.
    #[must_use]
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.0.alpha = alpha;
        self
    }

    /// The penalty on the squares of coordinates, λ: above 0, at most 10,000.
    #[must_use]
    pub fn l2(mut self, l2: f64) -> Self {
        self.0.l2 = l2;
        self
    }

    /// How often both sides are solved for: 1 to 100.
    #[must_use]
    pub fn rounds(mut self, rounds: u32) -> Self {
        self.0.rounds = rounds;
        self
    }

    /// Where vectors begin.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.0.seed = seed;
        self
    }
}

impl ParamGuard for AlsParams {
    type Checked = AlsValidParams;
    type Error = ParamError;

    fn check_ref(&self) -> Result<&AlsValidParams, ParamError> {
        let s = &self.0;
        let is_usable = |x: f64| x > 0.0 && x <= 1e4;
        require(
            (1..=WIDTH_MAX).contains(&s.factors),
            "ranker.factors.size",
            s.factors,
            "1 to 256",
        )?;
        let usable = "above 0 and at most 10,000";
        require(is_usable(s.alpha), "ranker.factors.alpha", s.alpha, usable)?;
        require(is_usable(s.l2), "ranker.factors.l2", s.l2, usable)?;
        require(
            (1..=100).contains(&s.rounds),
            "ranker.factors.rounds",
            s.rounds,
            "1 to 100",
        )?;
        Ok(&self.0)
    }

    fn check(self) -> Result<AlsValidParams, ParamError> {
        self.check_ref()?;
        Ok(self.0)
    }
}

impl AlsValidParams {
    /// Coordinates of a vector.
    #[must_use]
    pub const fn factors(&self) -> usize {
        self.factors
    }

    /// How much more a link counts, α.
    #[must_use]
    pub const fn alpha(&self) -> f64 {
        self.alpha
    }

    /// The penalty λ.
    #[must_use]
    pub const fn l2(&self) -> f64 {
        self.l2
    }

    /// How often both sides are solved for.
    #[must_use]
    pub const fn rounds(&self) -> u32 {
        self.rounds
    }

    /// Where vectors begin.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bound_is_checked() {
        let refused = |params: AlsParams| params.check().expect_err("must be refused").name;
        let params = AlsParams::default;
        assert_eq!(refused(params().factors(0)), "ranker.factors.size");
        assert_eq!(refused(params().factors(257)), "ranker.factors.size");
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(refused(params().alpha(bad)), "ranker.factors.alpha");
            assert_eq!(refused(params().l2(bad)), "ranker.factors.l2");
        }
        assert_eq!(refused(params().rounds(0)), "ranker.factors.rounds");
        assert_eq!(refused(params().rounds(101)), "ranker.factors.rounds");
        assert!(params().factors(256).rounds(100).check().is_ok());
    }
}
