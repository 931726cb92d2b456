//! Ads: relevance on the social network, never on the messenger.

mod batch;
mod calibration;
mod error;
mod features;
mod metrics;
mod model;
mod params;
mod policy;
mod profile;
mod relevance;
mod train;

pub use batch::{ClickDataset, ClickTargets, Clicks, SparseBatch};
pub use calibration::{Calibration, MIN_CLICKS_TO_CALIBRATE};
pub use error::AdsError;
pub use features::{AdField, Field, UserField};
pub use metrics::{ClickMetrics, Predicted};
pub use model::{FtrlModel, MODEL_SCHEMA, sigmoid};
pub use params::{AdsParams, FtrlParams, FtrlValidParams, ValidAdsParams};
pub use policy::{Ineligible, eligibility};
pub use profile::{AgeBand, Attributes, TrainingRow, UserProfile};
pub use relevance::{AdCounts, AdScore, AdScores, rank_ads};
pub use train::{ClickModel, Metadata, TrainReport, train};

#[cfg(test)]
mod testing;
