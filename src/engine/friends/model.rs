//! The ranker of a run: trained in it, or given and trained on the very same state of the ledger.

use serde::Serialize;

use crate::consent::{FriendSuggestions, Ledger, Snapshot};
use crate::engine::{EngineError, Progress, ValidRunParams};
use crate::graph::Graph;
use crate::suggest::{
    Exclusions, FeatureWeight, FriendModel, FriendTraining, Provenance, RankerError, train_friends,
};

/// What orders the suggestions of a run.
#[derive(Clone, Debug)]
pub(in crate::engine) enum RankedBy {
    /// The heuristic's score: no ranker was asked for.
    Score,
    /// The heuristic's score, for there is too little to learn from.
    ScoreForWantOf(String),
    /// The probability of the model.
    Model(Box<FriendModel>),
}

/// What a manifest says of it.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Summary<'a> {
    Untrained(&'a str),
    Trained {
        training: &'a FriendTraining,
        intercept: f64,
        weights: Vec<FeatureWeight>,
    },
}

impl RankedBy {
    pub(in crate::engine) fn into_model(self) -> Option<FriendModel> {
        match self {
            Self::Model(model) => Some(*model),
            Self::Score | Self::ScoreForWantOf(_) => None,
        }
    }

    /// Why there is no learned order although one was asked for.
    pub(in crate::engine) fn why_not(&self) -> Option<&str> {
        match self {
            Self::ScoreForWantOf(why) => Some(why),
            Self::Score | Self::Model(_) => None,
        }
    }

    /// What the manifest says; nothing if no ranker was asked for.
    pub(in crate::engine) fn summary(&self) -> serde_json::Value {
        let summary = match self {
            Self::Score => None,
            Self::ScoreForWantOf(why) => Some(Summary::Untrained(why)),
            Self::Model(model) => Some(Summary::Trained {
                training: model.training(),
                intercept: model.intercept(),
                weights: model.weights(),
            }),
        };
        serde_json::to_value(summary).expect("a model is numbers and names")
    }
}

/// On whose consent a model of this run rests.
pub(in crate::engine) fn provenance(ledger: &Ledger, snapshot: &Snapshot) -> Provenance {
    Provenance {
        acquaint: env!("CARGO_PKG_VERSION").to_owned(),
        ledger: ledger.digest().to_hex().to_string(),
        snapshot: snapshot.digest().to_hex().to_string(),
    }
}

/// The ranker the parameters ask for. One that is given takes the place of training, if it was trained on the same state of
/// the ledger; what was known of somebody who is out by now would otherwise still speak.
///
/// # Errors
/// If the given model is of another state or of other candidates, or the fit fails. Too few hidden friends to learn from are
/// no error.
pub(in crate::engine) fn ranked_by(
    (graph, exclusions): (&Graph<FriendSuggestions>, &Exclusions),
    params: &ValidRunParams,
    given: Option<&FriendModel>,
    provenance: Provenance,
    progress: &dyn Progress,
) -> Result<RankedBy, EngineError> {
    if let Some(model) = given {
        check(model, params, &provenance)?;
        return Ok(RankedBy::Model(Box::new(model.clone())));
    }
    let Some(ranker) = &params.ranker else {
        return Ok(RankedBy::Score);
    };
    progress.begin("training the friend model", None);
    match train_friends(graph, exclusions, &params.suggest, ranker, provenance) {
        Ok(model) => Ok(RankedBy::Model(Box::new(model))),
        Err(why @ RankerError::TooLittle { .. }) => {
            let why = why.to_string();
            progress.note(&format!(
                "no learned order: {why}; suggestions are in the order of their scores"
            ));
            Ok(RankedBy::ScoreForWantOf(why))
        }
        Err(error) => Err(error.into()),
    }
}

fn check(
    model: &FriendModel,
    params: &ValidRunParams,
    asked: &Provenance,
) -> Result<(), EngineError> {
    model.check_candidates(&params.suggest)?;
    let trained = model.provenance();
    if (&trained.ledger, &trained.snapshot) == (&asked.ledger, &asked.snapshot) {
        return Ok(());
    }
    Err(EngineError::OtherSnapshot {
        trained: trained.snapshot.clone(),
        asked: asked.snapshot.clone(),
    })
}
