//! The click model as a file: what it was trained on, on whose consent, and how.

use serde::{Deserialize, Serialize};

use crate::ads::{AdsParams, ClickModel, FeatureSource, TrainReport, feature_sources};
use crate::engine::EngineError;
use crate::engine::ads::provenance::AdProvenance;
use crate::engine::world::standing::Standing;
use crate::publish::{SealError, seal_json, unseal_json};

/// The form of model files that this version writes and reads.
pub const AD_MODEL_SCHEMA: &str = "acquaint-ad-model/3";

/// A click model that was trained before the run.
///
/// All but [`provenance`](Self::provenance) depends on permitted rows and parameters alone: it is the same, byte for byte, whether
/// somebody who is out is still in the tables or not.
#[derive(Clone, Debug, PartialEq)]
pub struct AdModel {
    pub(in crate::engine) provenance: AdProvenance,
    pub(in crate::engine) params: AdsParams,
    pub(in crate::engine) training: TrainReport,
    pub(in crate::engine) shards: Vec<String>,
    pub(in crate::engine) model: ClickModel,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelFile {
    schema: String,
    provenance: AdProvenance,
    features: Vec<FeatureSource>,
    params: AdsParams,
    training: TrainReport,
    shards: Vec<String>,
    model: ClickModel,
}

/// Enough of a file to say which form it has.
#[derive(Deserialize)]
struct AnyFile {
    schema: String,
}

/// Why a file is no ad model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdModelError {
    /// Not JSON, or not the JSON of a model.
    #[error("not an ad model")]
    Json(#[from] serde_json::Error),
    /// An edited or damaged file.
    #[error("the ad model cannot be used")]
    Seal(#[from] SealError),
    /// A model of another version.
    #[error("the ad model has schema {found}; this build reads {expected}: train it again")]
    Schema {
        /// What the file says.
        found: String,
        /// What can be read.
        expected: &'static str,
    },
    /// A model of other features than this version's.
    #[error("the ad model was trained on other features than this build uses: train it again")]
    Features,
}

impl AdModel {
    /// A model that was trained on what a ledger allowed, without its shards.
    pub(in crate::engine) fn of(
        standing: &Standing,
        params: AdsParams,
        model: ClickModel,
        training: TrainReport,
    ) -> Self {
        Self {
            provenance: AdProvenance::of(standing),
            params,
            training,
            shards: Vec::new(),
            model,
        }
    }

    /// The file's text; the same model gives the same bytes.
    ///
    /// # Errors
    /// None that a model can cause.
    pub fn to_json(&self) -> Result<String, AdModelError> {
        let file = ModelFile {
            schema: AD_MODEL_SCHEMA.to_owned(),
            provenance: self.provenance.clone(),
            features: feature_sources(&self.params.features),
            params: self.params.clone(),
            training: self.training.clone(),
            shards: self.shards.clone(),
            model: self.model.clone(),
        };
        Ok(seal_json(&(serde_json::to_string(&file)? + "\n")))
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// If it is no JSON, a model of another form or of other features, or has numbers that are none.
    pub fn from_json(text: &str) -> Result<Self, AdModelError> {
        let AnyFile { schema } = serde_json::from_str(text)?;
        if schema != AD_MODEL_SCHEMA {
            return Err(AdModelError::Schema {
                found: schema,
                expected: AD_MODEL_SCHEMA,
            });
        }
        let file: ModelFile = serde_json::from_str(&unseal_json(text)?)?;
        if file.features != feature_sources(&file.params.features) {
            return Err(AdModelError::Features);
        }
        Ok(Self {
            provenance: file.provenance,
            params: file.params,
            training: file.training,
            shards: file.shards,
            model: file.model,
        })
    }

    /// On whose consent it rests.
    #[must_use]
    pub const fn provenance(&self) -> &AdProvenance {
        &self.provenance
    }

    /// How it was trained.
    #[must_use]
    pub const fn params(&self) -> &AdsParams {
        &self.params
    }

    /// What went into it and how well it fits.
    #[must_use]
    pub const fn training(&self) -> &TrainReport {
        &self.training
    }

    /// The digests of the rows of each shard.
    #[must_use]
    pub fn shards(&self) -> &[String] {
        &self.shards
    }

    /// The model.
    #[must_use]
    pub const fn model(&self) -> &ClickModel {
        &self.model
    }

    /// Refuses what another state of the ledger allowed: somebody it has learnt of may be out by now.
    pub(in crate::engine) fn check(&self, asked: &AdProvenance) -> Result<(), EngineError> {
        let trained = &self.provenance;
        if (&trained.ledger, &trained.snapshot) == (&asked.ledger, &asked.snapshot) {
            return Ok(());
        }
        Err(EngineError::OtherAdSnapshot {
            trained: trained.snapshot.clone(),
            asked: asked.snapshot.clone(),
        })
    }
}
