//! Comparing: a tenure and a claim on the same number, field by field, each on a level of agreement.

use serde::{Deserialize, Serialize};

use super::super::tenure::{Holder, Tenure};
use super::claim::{AccountClaim, Given, SocialClaim};
use super::device::DeviceCode;
use crate::time::Timestamp;

/// How the time a number was given falls among the tenures of the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeLevel {
    /// Given during the tenure.
    GivenDuring,
    /// Given before the tenure, and nobody else held it in between.
    GivenBefore,
    /// Given before the tenure, when it was somebody else's or before it became somebody else's.
    GivenToAnother,
    /// Given some time since a moment of the tenure, and nobody else held it since.
    SinceDuring,
    /// Given some time since a moment before the tenure, and nobody else held it since.
    SinceBefore,
    /// Several held the number since it can have been given, this account last.
    LastOfSeveral,
    /// Several held the number since it can have been given, another account after this one.
    EarlierOfSeveral,
}

/// How device ids compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceLevel {
    /// The same device.
    SameDevice,
    /// Two devices.
    OtherDevice,
    /// One of them is not known: no evidence.
    Unknown,
}

/// How models and software compare where the device is not known to be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelLevel {
    /// Model, operating system and version.
    SameBuild,
    /// The model, with another version.
    SameModel,
    /// The operating system alone.
    SameSystem,
    /// Nothing.
    Different,
    /// Nothing that could be compared, or the device is the same: no evidence.
    Unknown,
}

/// How regions compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegionLevel {
    /// The same.
    SameRegion,
    /// Two regions.
    OtherRegion,
    /// One of them is not known: no evidence.
    Unknown,
}

/// A level of a comparison: one of a few, the last of which may be "not known".
pub(super) trait Level: Copy + Ord + 'static {
    /// Every level that is evidence.
    const ALL: &'static [Self];

    /// Its position; that of a level that is no evidence is the number of those that are.
    fn index(self) -> usize;
}

macro_rules! levels {
    ($name:ident: $($level:ident),+ $(; $unknown:ident)?) => {
        impl Level for $name {
            const ALL: &'static [Self] = &[$(Self::$level),+];

            fn index(self) -> usize {
                self as usize
            }
        }
    };
}

levels!(TimeLevel: GivenDuring, GivenBefore, GivenToAnother, SinceDuring, SinceBefore, LastOfSeveral, EarlierOfSeveral);
levels!(DeviceLevel: SameDevice, OtherDevice; Unknown);
levels!(ModelLevel: SameBuild, SameModel, SameSystem, Different; Unknown);
levels!(RegionLevel: SameRegion, OtherRegion; Unknown);

/// What comparing a tenure and a claim found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Comparison {
    /// Time.
    pub time: TimeLevel,
    /// Device id.
    pub device: DeviceLevel,
    /// Model, operating system and version.
    pub model: ModelLevel,
    /// Region.
    pub region: RegionLevel,
}

impl Comparison {
    /// Compares; `time` is known from the tenures.
    pub(super) fn of(time: TimeLevel, account: &AccountClaim, social: &SocialClaim) -> Self {
        let device = device_level(account.device, social.device);
        Self {
            time,
            device,
            model: match device {
                DeviceLevel::SameDevice => ModelLevel::Unknown,
                DeviceLevel::OtherDevice | DeviceLevel::Unknown => {
                    model_level(account.device, social.device)
                }
            },
            region: match (account.region, social.region) {
                (Some(a), Some(b)) if a == b => RegionLevel::SameRegion,
                (Some(_), Some(_)) => RegionLevel::OtherRegion,
                _ => RegionLevel::Unknown,
            },
        }
    }
}

/// Both are known, and equal?
pub(super) const fn agree(a: u32, b: u32) -> Option<bool> {
    if a == 0 || b == 0 { None } else { Some(a == b) }
}

const fn device_level(a: DeviceCode, b: DeviceCode) -> DeviceLevel {
    match agree(a.id, b.id) {
        Some(true) => DeviceLevel::SameDevice,
        Some(false) => DeviceLevel::OtherDevice,
        None => DeviceLevel::Unknown,
    }
}

const fn model_level(a: DeviceCode, b: DeviceCode) -> ModelLevel {
    match (
        agree(a.build, b.build),
        agree(a.model, b.model),
        agree(a.os, b.os),
    ) {
        (Some(true), _, _) => ModelLevel::SameBuild,
        (_, Some(true), _) => ModelLevel::SameModel,
        (_, _, Some(true)) => ModelLevel::SameSystem,
        (None, None, None) => ModelLevel::Unknown,
        _ => ModelLevel::Different,
    }
}

/// How a claim's time falls on the tenure at `index`; none if it was made after the tenure had ended.
pub(super) fn time_level(tenures: &[Tenure], index: usize, given: Given) -> Option<TimeLevel> {
    let tenure = &tenures[index];
    let earliest = given.earliest();
    if earliest >= tenure.interval.until {
        return None;
    }
    let during = earliest >= tenure.interval.from;
    Some(match given {
        Given::At(_) if during => TimeLevel::GivenDuring,
        Given::At(at) if holder_from(tenures, at) == Some(tenure.holder) => TimeLevel::GivenBefore,
        Given::At(_) => TimeLevel::GivenToAnother,
        Given::Since(since) => match (others(tenures, index, since), during) {
            (Others::None, true) => TimeLevel::SinceDuring,
            (Others::None, false) => TimeLevel::SinceBefore,
            (Others::After, _) => TimeLevel::EarlierOfSeveral,
            (Others::Before, _) => TimeLevel::LastOfSeveral,
        },
    })
}

/// Whose the number was at a moment, or was next.
fn holder_from(tenures: &[Tenure], at: Timestamp) -> Option<Holder> {
    let first = tenures.partition_point(|tenure| tenure.interval.until <= at);
    tenures.get(first).map(|tenure| tenure.holder)
}

/// Who else has held a number.
enum Others {
    None,
    /// Before a tenure, and nobody after it.
    Before,
    After,
}

/// Has anybody else held the number since, and when?
fn others(tenures: &[Tenure], index: usize, since: Timestamp) -> Others {
    let holder = tenures[index].holder;
    let other = |tenure: &Tenure| tenure.holder != holder && tenure.interval.until > since;
    if tenures[index + 1..].iter().any(other) {
        Others::After
    } else if tenures[..index].iter().any(other) {
        Others::Before
    } else {
        Others::None
    }
}
