//! The model as a file: JSON, checked when it is read.

use crate::publish::{seal_json, unseal_json};
use serde::{Deserialize, Serialize};

use super::RankerError;
use super::features::{NAMES, columns};
use super::model::{Candidates, FeatureWeight, FriendModel, FriendTraining, Provenance};
use super::params::RankerParams;
use crate::suggest::MAX_K;

/// The form of model files that this version writes and reads; it changes when a feature's meaning does.
pub const FRIEND_MODEL_SCHEMA: &str = "acquaint-friend-model/1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelFile {
    schema: String,
    #[serde(flatten)]
    provenance: Provenance,
    params: RankerParams,
    candidates: Candidates,
    training: FriendTraining,
    intercept: f64,
    features: Vec<FeatureWeight>,
}

/// Enough of a file to say which form it has.
#[derive(Deserialize)]
struct AnyFile {
    schema: String,
}

impl FriendModel {
    /// The file's text; the same model gives the same bytes.
    ///
    /// # Errors
    /// None that a model can cause.
    pub fn to_json(&self) -> Result<String, RankerError> {
        let file = ModelFile {
            schema: FRIEND_MODEL_SCHEMA.to_owned(),
            provenance: self.provenance.clone(),
            params: self.params.clone(),
            candidates: self.candidates,
            training: self.training.clone(),
            intercept: self.intercept,
            features: self.weights(),
        };
        Ok(seal_json(&(serde_json::to_string_pretty(&file)? + "\n")))
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// If it is no JSON, a model of another form or of other features, was edited, or has numbers that are none.
    pub fn from_json(text: &str) -> Result<Self, RankerError> {
        let any: AnyFile = serde_json::from_str(text)?;
        if any.schema != FRIEND_MODEL_SCHEMA {
            return Err(RankerError::Schema {
                found: any.schema,
                expected: FRIEND_MODEL_SCHEMA,
            });
        }
        let file: ModelFile = serde_json::from_str(&unseal_json(text)?)?;
        let columns = columns(&file.params);
        let names: Vec<&str> = columns.iter().map(|&i| NAMES[i]).collect();
        check_names(&file.features, &names)?;
        check_numbers(&file)?;
        let mut weights = [0.0; NAMES.len()];
        for (&i, feature) in columns.iter().zip(&file.features) {
            weights[i] = feature.weight;
        }
        Ok(Self {
            provenance: file.provenance,
            params: file.params,
            candidates: file.candidates,
            weights,
            intercept: file.intercept,
            training: file.training,
        })
    }
}

fn check_names(features: &[FeatureWeight], names: &[&'static str]) -> Result<(), RankerError> {
    let n = features.len().max(names.len());
    for place in 0..n {
        let found = features.get(place).map_or("missing", |f| f.name.as_str());
        let expected = names.get(place).copied().unwrap_or("there");
        if found != expected {
            return Err(RankerError::Feature {
                place,
                found: found.to_owned(),
                expected,
            });
        }
    }
    Ok(())
}

fn check_numbers(file: &ModelFile) -> Result<(), RankerError> {
    // Large enough for any honest weight, small enough for their sum to stay finite.
    let is_sane = |x: f64| x.abs() <= 1e9;
    let wrong = |what: &str| {
        Err(RankerError::Number {
            what: what.to_owned(),
        })
    };
    if !is_sane(file.intercept) {
        return wrong("intercept");
    }
    if file.params.clone().check().is_err() {
        return wrong("params");
    }
    if !(1..=MAX_K).contains(&file.candidates.pool) {
        return wrong("pool");
    }
    match file.features.iter().find(|f| !is_sane(f.weight)) {
        Some(feature) => wrong(&feature.name),
        None => Ok(()),
    }
}
