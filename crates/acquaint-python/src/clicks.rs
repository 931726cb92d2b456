//! The linear click model on arrays, for an estimator as scikit-learn has it.

use acquaint::learn::{ClickDataset, ClickTargets, Clicks, FtrlParams, LearnError, SparseBatch};
use linfa::traits::Fit;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::errors::failed;

/// Rows in compressed sparse form, as bytes of numpy arrays in the machine's order.
struct Rows<'a> {
    /// Where each row ends among the entries, after a 0; `int64`.
    ends: &'a [u8],
    /// The column of each entry; `uint32`.
    columns: &'a [u8],
    /// Its value; `float32`.
    values: &'a [u8],
}

impl Rows<'_> {
    /// As the model reads them, with one column more that is 1 on every row.
    fn batch(&self, n_features: u32) -> Result<SparseBatch, LearnError> {
        let ends: Vec<usize> = chunks(self.ends)
            .map(|bytes| usize::try_from(i64::from_ne_bytes(bytes)).unwrap_or(0))
            .collect();
        let columns: Vec<u32> = chunks(self.columns).map(u32::from_ne_bytes).collect();
        let values: Vec<f32> = chunks(self.values).map(f32::from_ne_bytes).collect();
        let mut batch = SparseBatch::new(slots(n_features));
        let mut row = Vec::new();
        for ends in ends.windows(2) {
            let entries = columns[ends[0]..ends[1]].iter().copied();
            row.extend(entries.zip(values[ends[0]..ends[1]].iter().copied()));
            row.push((n_features, 1.0));
            batch.push_row(&row)?;
            row.clear();
        }
        Ok(batch)
    }
}

fn chunks<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> + '_ {
    let (whole, _) = bytes.as_chunks();
    whole.iter().copied()
}

/// No model has fewer slots.
const MIN_SLOTS: usize = 1 << 10;

/// Slots are a power of two: one a column, and one for the intercept.
fn slots(n_features: u32) -> usize {
    (n_features as usize + 1).next_power_of_two().max(MIN_SLOTS)
}

/// Fits the model; returns a weight for each column as bytes of `float64`, and the intercept.
#[pyfunction]
#[expect(
    clippy::too_many_arguments,
    reason = "the estimator passes its parameters one by one"
)]
pub(crate) fn fit_clicks(
    py: Python<'_>,
    ends: &[u8],
    columns: &[u8],
    values: &[u8],
    clicks: &[u8],
    weights: &[u8],
    n_features: u32,
    rates: (f64, f64, f64, f64),
    epochs: u32,
    seed: u64,
) -> PyResult<(Vec<u8>, f64)> {
    let (alpha, beta, l1, l2) = rates;
    let rows = Rows {
        ends,
        columns,
        values,
    };
    let fit = || {
        let batch = rows.batch(n_features)?;
        let targets = clicks.iter().map(|&clicks| Clicks {
            clicks: u32::from(clicks),
            impressions: 1,
        });
        let targets = ClickTargets::new(targets.collect())?;
        let weights = chunks(weights).map(f32::from_ne_bytes).collect();
        let data = ClickDataset::new(batch, targets).with_weights(weights);
        let bits = u8::try_from(slots(n_features).ilog2()).unwrap_or(u8::MAX);
        let params = FtrlParams::default()
            .alpha(alpha)
            .beta(beta)
            .l1(l1)
            .l2(l2)
            .bits(bits)
            .epochs(epochs)
            .seed(seed);
        params.fit(&data)
    };
    if chunks::<4>(columns).any(|bytes| u32::from_ne_bytes(bytes) >= n_features) {
        return Err(PyValueError::new_err("a column lies outside the matrix"));
    }
    let model = py.detach(fit).map_err(|error| failed(&error))?;
    let coefficients = (0..n_features).flat_map(|slot| model.weight(slot).to_ne_bytes());
    Ok((
        coefficients.collect(),
        model.offset() + model.weight(n_features),
    ))
}
