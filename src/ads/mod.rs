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
//! Nor is there a way to learn from whoever allows ads at the level *limited* alone: what their gate lets through is another
//! type than what [`train`] and [`rank_ads`] take, and their [`LimitedProfile`] has no place for anything but region, language
//! and age.
//!
//! ```
//! use acquaint::ads::{TrainingRow, TrainingSet};
//! use acquaint::consent::{AdRelevance, Permitted};
//! fn learn(rows: &[Permitted<TrainingRow, AdRelevance>]) -> TrainingSet<'_> {
//!     TrainingSet { rows, ads: &[], facts: None }
//! }
//! ```
//!
//! ```compile_fail,E0308
//! use acquaint::ads::{TrainingRow, TrainingSet};
//! use acquaint::consent::{LimitedAds, Permitted};
//! fn learn(rows: &[Permitted<TrainingRow, LimitedAds>]) -> TrainingSet<'_> {
//!     TrainingSet { rows, ads: &[], facts: None }
//! }
//! ```

mod age_band;
mod auction;
mod audience;
mod click_model;
mod clock;
mod error;
mod explain;
mod factor_clicks;
mod features;
mod limited;
mod logistic;
mod model_kind;
mod own;
mod own_scores;
mod params;
mod policy;
mod profile;
mod relevance;
mod schema;
mod shared;
mod training;
mod weights;

pub use age_band::AgeBand;
pub use auction::value as ad_value;
pub use audience::{AudienceReport, AudienceVerdict, Audiences, ListMember, Partition};
pub use click_model::{ClickModel, Metadata};
pub use error::AdsError;
pub use explain::{Contribution, Contributions};
pub use features::{AdField, Field, UserField};
pub use limited::LimitedProfile;
pub(crate) use limited::rank_limited;
pub use model_kind::ModelKind;
pub use own::{OwnFeature, OwnFeatures};
pub(crate) use own_scores::rank_own;
pub use params::{AdsParams, ValidAdsParams};
pub use policy::{AUDIENCE_MIN, Cap, Guard, HiddenAd, Ineligible, PolicyParams, ValidPolicyParams};
pub use profile::{RowsOwn, TrainingRow, UserProfile};
pub use relevance::{AdCounts, AdScore, AdScores, RankedAds, rank_ads};
pub(crate) use relevance::{Offered, ReadyAds, rank_ready};
pub use schema::{FeatureSource, feature_sources};
pub use shared::{AdKey, Hid, History, Level, Shared, SharedFacts, SharedParams, Tie, Told, Usage};
pub use training::{
    CurvePoint, MIN_CLICKS_PER_SHARD, PassPoint, ProgressPoint, ShardStates, Shards, TrainReport,
    Trained, TrainingSet, is_shards, train, train_from, train_told,
};
pub(crate) use weights::PersonsAds;
pub use weights::{FieldWeight, ModelWeights, ValueWeight};

#[cfg(test)]
pub(crate) mod testing;
