//! Models of rare events on sparse rows: clicks out of impressions, links out of pairs.
//!
//! | | |
//! |---|---|
//! | [`FtrlParams`] → [`FtrlModel`] | logistic regression over hashed slots, trained by FTRL-Proximal |
//! | [`Logistic`] | logistic regression on a few dense columns |
//! | [`factor`] | factorisation machines: what two fields say together |
//! | [`als`] | factors of links: alternating least squares |
//! | [`Calibration`] | predictions set against what happened on rows held out |
//! | [`ClickMetrics`], [`grouped_auc`], [`reliability`] | how good probabilities are |
//!
//! Rows are slots and numbers here: nothing in this room knows whom they are about, who permitted them, or what an ad is.
//! Parameters and models follow linfa's traits.
//!
//! # Examples
//!
//! linfa's contract, on sparse rows of clicks out of impressions:
//!
//! ```
//! use acquaint::learn::{ClickDataset, ClickTargets, Clicks, FtrlParams, LearnError, SparseBatch};
//! use linfa::traits::{Fit, Predict};
//!
//! # fn main() -> Result<(), LearnError> {
//! let mut rows = SparseBatch::new(1 << 10);
//! rows.push_row(&[(1, 1.0)])?;
//! rows.push_row(&[(2, 1.0)])?;
//! let shown = |clicks| Clicks { clicks, impressions: 1_000 };
//! let data = ClickDataset::new(rows, ClickTargets::new(vec![shown(5), shown(50)])?);
//! let model = FtrlParams::default().bits(10).alpha(0.5).l1(0.0).l2(0.0).epochs(20).fit(&data)?;
//! let p = model.predict(&data);
//! assert!((0.004..0.006).contains(&p[0]) && (0.04..0.06).contains(&p[1]));
//! # Ok(())
//! # }
//! ```

pub mod als;
mod batch;
mod calibration;
mod error;
pub mod factor;
mod ftrl;
mod logistic;
mod metrics;
mod odds;

pub use batch::{ClickDataset, ClickTargets, ClickTotals, Clicks, SparseBatch, SparseRow};
pub(crate) use calibration::bits;
pub use calibration::{
    CalibrateBy, Calibration, CalibrationMethod, Curve, FieldShifts, Isotonic, Knot,
    MIN_CLICKS_TO_CALIBRATE, Platt, Shift,
};
pub use error::LearnError;
pub(crate) use ftrl::{Coordinate, Happened};
pub use ftrl::{FtrlModel, FtrlParams, FtrlValidParams, MODEL_SCHEMA};
pub use logistic::Logistic;
pub use metrics::{
    ClickMetrics, GroupWeight, GroupedAuc, Predicted, RateInterval, ReliabilityBin, grouped_auc,
    reliability, wilson_interval,
};
pub use odds::sigmoid;
