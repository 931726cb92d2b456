//! The click model as a file: what it was trained on, on whose consent, and how.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::ads::{
    AdsParams, ClickModel, FeatureSource, ShardStates, TrainReport, feature_sources, train_from,
};
use crate::consent::{Ledger, Snapshot};
use crate::engine::consent_source::LedgerSource;
use crate::engine::prepare::{Opening, Preparation};
use crate::engine::work::Work;
use crate::engine::{EngineError, GivenModels, Progress, Reading, Stage, Times, ValidRunParams};
use crate::publish::{SealError, seal_json, unseal_json};

/// The form of model files that this version writes and reads.
pub const AD_MODEL_SCHEMA: &str = "acquaint-ad-model/2";

/// On whose consent an ad model rests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdProvenance {
    /// The version of acquaint that trained it.
    pub acquaint: String,
    /// BLAKE3 of the consent ledger, as in a run's manifest.
    pub ledger: String,
    /// BLAKE3 of what the ledger allowed, as in a run's manifest.
    pub snapshot: String,
}

impl AdProvenance {
    pub(in crate::engine) fn of(ledger: &Ledger, snapshot: &Snapshot) -> Self {
        Self {
            acquaint: env!("CARGO_PKG_VERSION").to_owned(),
            ledger: ledger.digest().to_hex().to_string(),
            snapshot: snapshot.digest().to_hex().to_string(),
        }
    }
}

/// A click model that was trained before the run.
///
/// All but [`provenance`](Self::provenance) depends on permitted rows and parameters alone: it is the same, byte for byte, whether
/// somebody who is out is still in the tables or not.
#[derive(Clone, Debug, PartialEq)]
pub struct AdModel {
    provenance: AdProvenance,
    params: AdsParams,
    training: TrainReport,
    shards: Vec<String>,
    model: ClickModel,
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
    #[error("the ad model has the form {found}, this version reads {expected}: train it again")]
    Schema {
        /// What the file says.
        found: String,
        /// What can be read.
        expected: &'static str,
    },
    /// A model of other features than this version's.
    #[error("the ad model was made of other features than this version's: train it again")]
    Features,
}

impl AdModel {
    /// The file's text; the same model gives the same bytes.
    ///
    /// # Errors
    /// None that a model can cause.
    pub fn to_json(&self) -> Result<String, AdModelError> {
        let file = ModelFile {
            schema: AD_MODEL_SCHEMA.to_owned(),
            provenance: self.provenance.clone(),
            features: feature_sources(),
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
        if file.features != feature_sources() {
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

/// What to train on.
#[derive(Clone, Copy, Debug)]
pub struct AdTrainRequest<'a> {
    /// The directory with the tables.
    pub signals: &'a Path,
    /// The ledger to ask, in the place of the tables of consent.
    pub ledger: Option<&'a LedgerSource<'a>>,
    /// Under which parameters.
    pub params: &'a ValidRunParams,
    /// The moment to speak of, whose knowledge counts, and the caller's clock.
    pub times: Times,
    /// The shards of an earlier training; those whose permitted rows are the same are not trained again.
    pub earlier: Option<&'a ShardStates>,
}

/// An ad model, and what the next training needs to do no more than it must.
#[derive(Clone, Debug)]
pub struct TrainedAds {
    /// The model.
    pub model: AdModel,
    /// Its shards.
    pub shards: ShardStates,
    /// Shards that were trained; the others were as in the earlier training.
    pub n_retrained: u64,
    /// What became of the impressions.
    pub impressions: Stage,
    /// What became of the rows that were read.
    pub reading: Reading,
}

/// Trains an ad model on the impressions that the ledger permits. The address book is not read.
///
/// # Errors
/// If a table is missing or cannot be read.
pub fn train_ads(
    request: &AdTrainRequest<'_>,
    progress: &dyn Progress,
) -> Result<TrainedAds, EngineError> {
    let work = Work {
        ads: true,
        ..Work::default()
    };
    let opening = Opening {
        signals: request.signals,
        consent: request.ledger.into(),
        params: request.params,
        times: request.times,
        published_known: None,
        models: GivenModels::default(),
        work,
    };
    let (_, inputs, standing) = opening.ask(progress)?;
    let reading = inputs.read.reading(request.params.given().max_rejects);
    let preparation = Preparation::new(inputs, standing, request.params, work);
    let (rows, impressions) = preparation.training_rows(&preparation.profiles());
    // Parts of the rows would all have to be learnt anew whoever leaves.
    let ads = request.params.ads().clone().with_learning_curve(false);
    progress.begin("training the ad model", Some(rows.len() as u64));
    let trained = train_from(
        &rows,
        preparation.ads_table(),
        &ads,
        request.earlier,
        &|n| progress.advance(n),
    )?;
    Ok(TrainedAds {
        model: AdModel {
            provenance: preparation.provenance(),
            params: AdsParams {
                learning_curve: false,
                ..request.params.given().ads.clone()
            },
            training: trained.report,
            shards: trained.shards.digests(),
            model: trained.model,
        },
        shards: trained.shards,
        n_retrained: trained.n_retrained,
        impressions,
        reading,
    })
}
