//! Scores of the caller's own, by person.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, Float64Array, RecordBatch, UInt32Array, UInt64Array};
use arrow_schema::{DataType, Field, Schema};
use pyo3::exceptions::{PyKeyError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use rayon::prelude::*;

use crate::edges::ids;
use crate::errors::failed;
use crate::frames::batches;
use crate::table::Table;

/// For each person what the caller says of whom or what.
pub(crate) struct OwnScores(BTreeMap<u64, Vec<(u64, f64)>>);

impl OwnScores {
    /// Of a frame with these three columns: a person, whom or what they may be given, and a score.
    pub(crate) fn read(frame: &Bound<'_, PyAny>, names: [&str; 3]) -> PyResult<Self> {
        let (schema, batches) = batches(frame)?;
        let place = |name: &str| {
            let found = schema.index_of(name);
            found.map_err(|_| {
                PyKeyError::new_err(format!(
                    "the frame has no column {name}: it needs {names:?}"
                ))
            })
        };
        let [user, other, score] = names.map(place);
        let (user, other, score) = (user?, other?, score?);
        let mut by_user: BTreeMap<u64, Vec<(u64, f64)>> = BTreeMap::new();
        for batch in &batches {
            let users = ids(batch.column(user).as_ref())?;
            let others = ids(batch.column(other).as_ref())?;
            let scores = scores(batch.column(score).as_ref())?;
            for ((user, other), score) in users.into_iter().zip(others).zip(scores) {
                by_user.entry(user).or_default().push((other, score));
            }
        }
        Ok(Self(by_user))
    }

    /// Refuses what is no probability.
    pub(crate) fn refuse_improbable(&self) -> PyResult<()> {
        let mut all = self.0.values().flatten();
        match all.find(|(_, p)| !(0.0..=1.0).contains(p)) {
            None => Ok(()),
            Some((_, p)) => Err(PyValueError::new_err(format!(
                "{p} is no probability: p_click is from 0 to 1"
            ))),
        }
    }

    /// Ranks what was given for each person.
    pub(crate) fn ranked(
        &self,
        [id, worth]: [&str; 2],
        rank: impl Fn(u64, &[(u64, f64)]) -> Vec<(u64, f64)> + Sync,
    ) -> PyResult<Table> {
        let people: Vec<_> = self.0.iter().collect();
        let lists = people
            .par_iter()
            .map(|&(&user, given)| (user, rank(user, given)));
        let lists: Vec<(u64, Vec<(u64, f64)>)> = lists.collect();
        let rows = || {
            let each = lists.iter();
            each.flat_map(|(user, list)| (1..).zip(list).map(move |(rank, one)| (*user, rank, one)))
        };
        let columns: [(&str, ArrayRef); 4] = [
            (
                "user_id",
                Arc::new(rows().map(|row| row.0).collect::<UInt64Array>()),
            ),
            (
                "rank",
                Arc::new(rows().map(|row| row.1).collect::<UInt32Array>()),
            ),
            (
                id,
                Arc::new(rows().map(|row| row.2.0).collect::<UInt64Array>()),
            ),
            (
                worth,
                Arc::new(rows().map(|row| row.2.1).collect::<Float64Array>()),
            ),
        ];
        let fields = columns
            .iter()
            .map(|(name, values)| Field::new(*name, values.data_type().clone(), false));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let values = columns.into_iter().map(|(_, values)| values).collect();
        let batch = RecordBatch::try_new(Arc::clone(&schema), values);
        let batch = batch.map_err(|error| failed(&error))?;
        Ok(Table::new(schema, vec![batch]))
    }
}

/// The scores of a column; one that is missing or no number ranks nobody.
fn scores(column: &dyn Array) -> PyResult<Vec<f64>> {
    let given: Vec<Option<f64>> = match column.data_type() {
        DataType::Float64 => column.as_primitive::<Float64Type>().iter().collect(),
        DataType::Float32 => {
            let scores = column.as_primitive::<Float32Type>().iter();
            scores.map(|score| score.map(f64::from)).collect()
        }
        other => {
            return Err(PyTypeError::new_err(format!(
                "a column of scores is {other}: it has to be a float"
            )));
        }
    };
    let finite = |score: Option<f64>| {
        score
            .filter(|score| score.is_finite())
            .ok_or_else(|| PyValueError::new_err("a score is missing or not finite"))
    };
    given.into_iter().map(finite).collect()
}
