//! A model as it is written.

use linfa::ParamGuard;
use serde::{Deserialize, Serialize};

use super::step::Coordinate;
use super::{FtrlModel, MODEL_SCHEMA};
use crate::learn::{FtrlParams, LearnError};

/// A model as it is written. Numbers are bit patterns: a text of decimal digits may not read back the same.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ModelFile {
    pub(super) schema: u32,
    pub(super) params: FtrlParams,
    pub(super) offset_bits: u64,
    /// (slot, bits of z, bits of √n), by slot, untouched slots left out.
    pub(super) coordinates: Vec<(u32, u64, u64)>,
}

impl From<FtrlModel> for ModelFile {
    fn from(model: FtrlModel) -> Self {
        let touched = (0..).zip(&model.state).filter(|(_, c)| c.is_touched());
        Self {
            schema: MODEL_SCHEMA,
            params: model.params.to_unchecked(),
            offset_bits: model.offset.to_bits(),
            coordinates: touched
                .map(|(slot, c)| (slot, c.z.to_bits(), c.root.to_bits()))
                .collect(),
        }
    }
}

impl TryFrom<ModelFile> for FtrlModel {
    type Error = LearnError;

    fn try_from(file: ModelFile) -> Result<Self, LearnError> {
        if file.schema != MODEL_SCHEMA {
            return Err(LearnError::ModelSchema {
                found: file.schema,
                expected: MODEL_SCHEMA,
            });
        }
        let params = file.params.check()?;
        let mut state = vec![Coordinate::default(); params.n_slots()];
        for (slot, z, root) in file.coordinates {
            let place = state.get_mut(slot as usize).ok_or(LearnError::Model {
                what: "a slot outside its table",
            })?;
            *place = Coordinate {
                z: finite(z)?,
                root: not_negative(finite(root)?)?,
            };
        }
        Ok(Self {
            params,
            offset: finite(file.offset_bits)?,
            state,
        })
    }
}

fn finite(bits: u64) -> Result<f64, LearnError> {
    let value = f64::from_bits(bits);
    value.is_finite().then_some(value).ok_or(LearnError::Model {
        what: "a number that is not finite",
    })
}

fn not_negative(root: f64) -> Result<f64, LearnError> {
    (root >= 0.0).then_some(root).ok_or(LearnError::Model {
        what: "a negative root of a sum of squares",
    })
}
