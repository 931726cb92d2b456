//! A machine over clicks as it is written.

use serde::{Deserialize, Serialize};

use super::FactorClicks;
use super::place::{Place, PlaceCount};
use crate::learn::LearnError;
use crate::learn::factor::FactorModel;

/// A machine over clicks as it is written; numbers that training made are bit patterns.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FactorClicksFile {
    machine: FactorModel,
    /// (field, slot, impressions) of surfaces and positions.
    places: Vec<PlaceCount>,
    impressions: u64,
    places_own_bits: u64,
}

impl From<FactorClicks> for FactorClicksFile {
    fn from(model: FactorClicks) -> Self {
        Self {
            places: model.place.counts().to_vec(),
            impressions: model.place.impressions(),
            places_own_bits: model.place.mean_own().to_bits(),
            machine: model.machine,
        }
    }
}

impl TryFrom<FactorClicksFile> for FactorClicks {
    type Error = LearnError;

    fn try_from(file: FactorClicksFile) -> Result<Self, LearnError> {
        let own = f64::from_bits(file.places_own_bits);
        let place = Place::read(&file.machine, file.places, file.impressions, own)?;
        Ok(Self {
            machine: file.machine,
            place,
        })
    }
}
