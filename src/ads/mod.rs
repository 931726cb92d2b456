//! Ads: relevance on the social network, never on the messenger.
//!
//! [`train`] makes a [`ClickModel`] from permitted rows, [`rank_ads`] gives everyone permitted their best ads.
//! Neither takes anything but [`Permitted`](crate::consent::Permitted) data; totals over many people are about
//! nobody and pass every gate. Which pairs may be scored at all is decided before, by the [`Guard`].
//!
//! There is no placement on the messenger: [`Surface`](crate::signals::Surface) cannot express one.
//!
//! ```
//! let surface = acquaint::signals::Surface::Feed;
//! ```
//!
//! ```compile_fail,E0599
//! let surface = acquaint::signals::Surface::Messenger;
//! ```
//!
//! # Examples
//!
//! linfa's contract, on sparse rows of clicks out of impressions:
//!
//! ```
//! use acquaint::ads::{AdsError, ClickDataset, ClickTargets, Clicks, FtrlParams, SparseBatch};
//! use linfa::traits::{Fit, Predict};
//!
//! # fn main() -> Result<(), AdsError> {
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

mod auction;
mod audience;
mod batch;
mod calibration;
pub mod catalogue;
mod click_model;
mod error;
mod explain;
pub mod factor;
mod factor_clicks;
mod features;
mod ftrl;
mod logistic;
mod metrics;
mod model_kind;
mod params;
mod policy;
mod profile;
mod relevance;
mod schema;
mod training;

pub use auction::value as ad_value;
pub use audience::{AudienceReport, AudienceVerdict, Audiences, ListMember, Partition};
pub use batch::{ClickDataset, ClickTargets, Clicks, SparseBatch};
pub use calibration::{
    CalibrateBy, Calibration, CalibrationMethod, Curve, FieldShifts, Isotonic,
    MIN_CLICKS_TO_CALIBRATE, Platt, Shift,
};
pub use click_model::{ClickModel, Metadata};
pub use error::AdsError;
pub use explain::{Contribution, Contributions};
pub use features::{AdField, Field, UserField};
pub use ftrl::{FtrlModel, MODEL_SCHEMA, sigmoid};
pub use metrics::{
    ClickMetrics, GroupWeight, GroupedAuc, Predicted, ReliabilityBin, grouped_auc, reliability,
    wilson_interval,
};
pub use model_kind::ModelKind;
pub use params::{AdsParams, FtrlParams, FtrlValidParams, ValidAdsParams};
pub use policy::{AUDIENCE_MIN, Cap, Guard, HiddenAd, Ineligible, PolicyParams, ValidPolicyParams};
pub use profile::{AgeBand, Attributes, TrainingRow, UserProfile};
pub use relevance::{AdCounts, AdScore, AdScores, rank_ads};
pub use schema::{FeatureSource, feature_sources};
pub use training::{
    CurvePoint, MIN_CLICKS_PER_SHARD, PassPoint, ProgressPoint, ShardStates, TrainReport, Trained,
    train, train_from,
};

#[cfg(test)]
mod testing;
