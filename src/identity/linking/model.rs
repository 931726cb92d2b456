//! The model: how much each level of agreement says for or against one person being behind both accounts.
//!
//! Fellegi and Sunter (1969): with m the probability of a level among pairs that are one person and u among pairs that
//! are not, the odds that a pair is one person are the prior odds times m/u of every field. Fields count as independent
//! once it is known whether the pair is one person, but for two that plainly are not: the model of a device that is known
//! to be the same is not asked, and how often a person's device is the same depends on when they gave their number, for
//! phones are replaced. Agreement on a model or build is weighted by how common it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::compare::{Comparison, DeviceLevel, Level, ModelLevel, RegionLevel, TimeLevel};
use crate::params::{ParamError, require};

/// How often a level is found: among pairs that are one person, and among pairs that are not.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    /// Among pairs that are one person, in (0, 1].
    pub m: f64,
    /// Among pairs that are not, in (0, 1].
    pub u: f64,
}

/// How often two known devices are the same one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SameDevice {
    /// Among pairs that are not one person, in (0, 1).
    pub u: f64,
    /// Among pairs that are one person, by when the number was given; each in (0, 1).
    pub m: BTreeMap<TimeLevel, f64>,
}

/// Unchecked parameters of linking.
///
/// The defaults were fitted, see [`fit`](super::fit()), to whoever may be suggested in a synthetic world of 600,000 people
/// (seed 1) in which the device of three rows in ten is missing or wrong and three numbers in ten have no date. Accounts
/// that may not be used hide whose number it was before, which is what dates are worth so much for. Regions of one person
/// are taken to differ for one in a hundred: in that world they never do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LinkModel {
    /// Of pairs on one number, how many are one person, in (0, 1).
    pub prior: f64,
    /// Rates of every [`TimeLevel`].
    pub time: BTreeMap<TimeLevel, Rates>,
    /// How often the device is the same, of devices that are known.
    pub device: SameDevice,
    /// Rates of every [`ModelLevel`] but `unknown`.
    pub model: BTreeMap<ModelLevel, Rates>,
    /// Rates of every [`RegionLevel`] but `unknown`.
    pub region: BTreeMap<RegionLevel, Rates>,
}

fn rates<L: Ord>(levels: impl IntoIterator<Item = (L, f64, f64)>) -> BTreeMap<L, Rates> {
    let rates = levels.into_iter();
    rates.map(|(level, m, u)| (level, Rates { m, u })).collect()
}

impl Default for LinkModel {
    fn default() -> Self {
        use {ModelLevel as M, RegionLevel as R, TimeLevel as T};
        Self {
            prior: 0.981,
            time: rates([
                (T::GivenDuring, 0.483, 4.38e-3),
                (T::GivenBefore, 0.231, 4.44e-3),
                (T::GivenToAnother, 4.44e-6, 0.21),
                (T::SinceDuring, 0.0689, 0.0284),
                (T::SinceBefore, 0.216, 0.666),
                (T::LastOfSeveral, 1.4e-3, 0.025),
                (T::EarlierOfSeveral, 6.87e-4, 0.0626),
            ]),
            device: SameDevice {
                u: 1.04e-6,
                m: BTreeMap::from([
                    (T::GivenDuring, 0.448),
                    (T::GivenBefore, 0.487),
                    (T::GivenToAnother, 0.366),
                    (T::SinceDuring, 0.475),
                    (T::SinceBefore, 0.495),
                    (T::LastOfSeveral, 0.995),
                    (T::EarlierOfSeveral, 0.883),
                ]),
            },
            model: rates([
                (M::SameBuild, 0.0323, 0.0322),
                (M::SameModel, 0.0908, 0.092),
                (M::SameSystem, 0.48, 0.481),
                (M::Different, 0.397, 0.395),
            ]),
            region: rates([(R::SameRegion, 0.99, 0.965), (R::OtherRegion, 0.01, 0.0353)]),
        }
    }
}

impl LinkModel {
    /// Checks that every level has rates, all between 0 and 1.
    ///
    /// # Errors
    /// The first parameter that is missing or outside its range.
    pub fn check(self) -> Result<ValidLinkModel, ParamError> {
        require(
            self.prior > 0.0 && self.prior < 1.0,
            "identity.model.prior",
            self.prior,
            "between 0 and 1",
        )?;
        Ok(ValidLinkModel {
            prior: self.prior / (1.0 - self.prior),
            time: ratios(&self.time, "identity.model.time")?,
            device: self.device.ratios()?,
            model: ratios(&self.model, "identity.model.model")?,
            region: ratios(&self.region, "identity.model.region")?,
        })
    }
}

/// m/u of every level, and 1 for what is not known.
fn ratios<L: Level, const N: usize>(
    rates: &BTreeMap<L, Rates>,
    name: &'static str,
) -> Result<[f64; N], ParamError> {
    let mut ratios = [1.0; N];
    let known = rates.keys().filter(|level| L::ALL.contains(level)).count();
    require(
        known == L::ALL.len() && known == rates.len(),
        name,
        format_args!("a table of {} levels", rates.len()),
        "a table with m and u of every level, but none of what is not known",
    )?;
    for (level, Rates { m, u }) in rates {
        let within = |rate: f64| rate > 0.0 && rate <= 1.0;
        require(
            within(*m) && within(*u),
            name,
            format_args!("m = {m}, u = {u}"),
            "above 0 and at most 1",
        )?;
        ratios[level.index()] = m / u;
    }
    Ok(ratios)
}

impl SameDevice {
    /// m/u of the same device, of another and of one that is not known, by time level.
    fn ratios(&self) -> Result<[[f64; 3]; 7], ParamError> {
        const NAME: &str = "identity.model.device";
        let mut ratios = [[1.0; 3]; 7];
        require(
            self.m.len() == TimeLevel::ALL.len(),
            NAME,
            format_args!("a table of {} levels", self.m.len()),
            "a table with m for every level of time",
        )?;
        for (level, m) in &self.m {
            let within = |rate: f64| rate > 0.0 && rate < 1.0;
            require(
                within(*m) && within(self.u),
                NAME,
                format_args!("m = {m}, u = {}", self.u),
                "between 0 and 1",
            )?;
            let ratios = &mut ratios[level.index()];
            ratios[DeviceLevel::SameDevice.index()] = m / self.u;
            ratios[DeviceLevel::OtherDevice.index()] = (1.0 - m) / (1.0 - self.u);
        }
        Ok(ratios)
    }
}

/// Checked parameters of linking.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidLinkModel {
    /// As odds.
    prior: f64,
    time: [f64; 7],
    /// By time level, then by device level.
    device: [[f64; 3]; 7],
    model: [f64; 5],
    region: [f64; 3],
}

impl ValidLinkModel {
    /// The odds that a pair is one person; `rarity` adjusts for how common the model they agree on is.
    #[must_use]
    pub(super) fn odds(&self, comparison: Comparison, rarity: f64) -> f64 {
        self.prior
            * self.time[comparison.time.index()]
            * self.device[comparison.time.index()][comparison.device.index()]
            * self.model[comparison.model.index()]
            * self.region[comparison.region.index()]
            * rarity
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odds_are_the_product_of_prior_and_ratios() {
        let model = LinkModel::default();
        let ratio = |rates: Rates| rates.m / rates.u;
        let expected = model.prior / (1.0 - model.prior)
            * ratio(model.time[&TimeLevel::GivenBefore])
            * ratio(model.model[&ModelLevel::SameModel])
            * ratio(model.region[&RegionLevel::SameRegion])
            * 3.0;
        let comparison = Comparison {
            time: TimeLevel::GivenBefore,
            device: DeviceLevel::Unknown,
            model: ModelLevel::SameModel,
            region: RegionLevel::SameRegion,
        };
        let found = model.check().unwrap().odds(comparison, 3.0);
        assert!((found / expected - 1.0).abs() < 1e-12);
    }

    #[test]
    fn deny_models_that_lack_a_level_or_leave_their_range() {
        let name = |change: fn(&mut LinkModel)| {
            let mut model = LinkModel::default();
            change(&mut model);
            model.check().err().map(|error| error.name)
        };
        assert_eq!(name(|_| ()), None);
        assert_eq!(name(|m| m.prior = 1.0), Some("identity.model.prior"));
        assert_eq!(name(|m| m.prior = f64::NAN), Some("identity.model.prior"));
        assert_eq!(name(|m| m.time.clear()), Some("identity.model.time"));
        let zero = |m: &mut LinkModel| m.region.values_mut().for_each(|rates| rates.u = 0.0);
        assert_eq!(name(zero), Some("identity.model.region"));
        let unknown = |m: &mut LinkModel| {
            m.region
                .insert(RegionLevel::Unknown, Rates { m: 0.5, u: 0.5 });
        };
        assert_eq!(name(unknown), Some("identity.model.region"));
        assert_eq!(name(|m| m.device.u = 0.0), Some("identity.model.device"));
        assert_eq!(name(|m| m.device.m.clear()), Some("identity.model.device"));
    }

    #[test]
    fn same_model_from_its_file() {
        let text = toml::to_string(&LinkModel::default()).unwrap();
        assert_eq!(
            toml::from_str::<LinkModel>(&text).unwrap(),
            LinkModel::default()
        );
    }
}
