//! A model as it is written.

use std::ops::RangeInclusive;

use linfa::ParamGuard;
use serde::{Deserialize, Serialize};

use super::batch::MAX_FIELDS;
use super::model::{FACTOR_SCHEMA, FactorModel};
use super::params::FactorParams;
use super::storage::{LANES, Line};
use super::table::{Single, Table};
use crate::learn::LearnError;

/// The versions that are read: the first had neither weights of 16 bits nor a count of steps.
const SCHEMAS_READ: RangeInclusive<u32> = 1..=FACTOR_SCHEMA;

/// A model as it is written. Numbers are bit patterns: a text of decimal digits may not read back the same.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ModelFile {
    pub(super) schema: u32,
    pub(super) params: FactorParams,
    pub(super) n_fields: usize,
    pub(super) offset_bits: u64,
    /// Steps made so far, in all passes; files of schema 1 do not say.
    #[serde(default)]
    pub(super) n_steps: u64,
    /// (place, bits of eight weights, bits of eight sums), by place, untouched lines left out: those of `f32`, with a lower half
    /// of 0 where weights have 16 bits.
    pub(super) lines: Vec<(usize, [u32; LANES], [u32; LANES])>,
    /// (slot, bits of the weight, bits of the sum), by slot, untouched ones left out.
    pub(super) linear: Vec<(usize, u32, u32)>,
    /// The same by pair of fields.
    pub(super) pairs: Vec<(usize, u32, u32)>,
}

impl From<FactorModel> for ModelFile {
    fn from(model: FactorModel) -> Self {
        let FactorModel { table, .. } = &model;
        let lines = table.lines().enumerate();
        let lines = lines.filter(|(_, line)| *line != Line::default());
        let bits = |lanes: [f32; LANES]| lanes.map(f32::to_bits);
        Self {
            schema: FACTOR_SCHEMA,
            params: model.params.to_unchecked(),
            n_fields: model.n_fields,
            offset_bits: model.offset.to_bits(),
            n_steps: table.n_steps,
            lines: lines
                .map(|(place, line)| (place, bits(line.weights), bits(line.squares)))
                .collect(),
            linear: written(&table.singles.linear),
            pairs: written(&table.singles.pairs),
        }
    }
}

fn written(singles: &[Single]) -> Vec<(usize, u32, u32)> {
    let touched = singles.iter().enumerate();
    touched
        .filter(|(_, single)| **single != Single::default())
        .map(|(place, s)| (place, s.weight.to_bits(), s.square.to_bits()))
        .collect()
}

impl TryFrom<ModelFile> for FactorModel {
    type Error = LearnError;

    fn try_from(file: ModelFile) -> Result<Self, LearnError> {
        if !SCHEMAS_READ.contains(&file.schema) {
            return Err(LearnError::ModelSchema {
                found: file.schema,
                expected: FACTOR_SCHEMA,
            });
        }
        if file.n_fields > MAX_FIELDS {
            return Err(bad("more fields than there may be"));
        }
        let offset = f64::from_bits(file.offset_bits);
        if !offset.is_finite() {
            return Err(bad("a number that is not finite"));
        }
        let params = file.params.check()?;
        let mut table = Table::new(&params, file.n_fields)?;
        for (place, weights, squares) in file.lines {
            if place >= table.n_lines() {
                return Err(bad("a place outside its table"));
            }
            let line = line(weights, squares)?;
            table.lines.set(place, line);
            if table.lines.get(place) != line {
                return Err(bad("a weight of more bits than its parameters say"));
            }
        }
        read(&mut table.singles.linear, file.linear)?;
        read(&mut table.singles.pairs, file.pairs)?;
        table.n_steps = file.n_steps;
        Ok(Self {
            params,
            n_fields: file.n_fields,
            offset,
            table,
        })
    }
}

fn read(into: &mut [Single], written: Vec<(usize, u32, u32)>) -> Result<(), LearnError> {
    for (place, weight, square) in written {
        let to = into
            .get_mut(place)
            .ok_or(bad("a place outside its table"))?;
        *to = single(weight, square)?;
    }
    Ok(())
}

fn line(weights: [u32; LANES], squares: [u32; LANES]) -> Result<Line, LearnError> {
    let mut line = Line::default();
    for lane in 0..LANES {
        let Single { weight, square } = single(weights[lane], squares[lane])?;
        (line.weights[lane], line.squares[lane]) = (weight, square);
    }
    Ok(line)
}

fn single(weight: u32, square: u32) -> Result<Single, LearnError> {
    let (weight, square) = (f32::from_bits(weight), f32::from_bits(square));
    if !weight.is_finite() || !square.is_finite() {
        return Err(bad("a number that is not finite"));
    }
    if square < 0.0 {
        return Err(bad("a negative sum of squares"));
    }
    Ok(Single { weight, square })
}

const fn bad(what: &'static str) -> LearnError {
    LearnError::Model { what }
}
