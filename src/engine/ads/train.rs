//! Training an ad model for later runs.

use crate::ads::{AdsParams, ShardStates, TrainingSet, train_from};
use crate::engine::ads::facts::read_book;
use crate::engine::ads::model::AdModel;
use crate::engine::ads::profiles::Profiles;
use crate::engine::ads::{shared, training_rows};
use crate::engine::opening::{Opened, SignalsRequest};
use crate::engine::{EngineError, Progress, Reading, Stage, Staged};

/// What to train on.
#[derive(Clone, Copy, Debug)]
pub struct AdTrainRequest<'a> {
    /// The signals, and under which parameters.
    pub of: SignalsRequest<'a>,
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

/// Trains an ad model on the impressions that the ledger permits. The address book is read only if the model looks at what friends
/// did.
///
/// # Errors
/// If a table is missing or cannot be read.
pub fn train_ads(
    request: &AdTrainRequest<'_>,
    progress: &dyn Progress,
) -> Result<TrainedAds, EngineError> {
    let Opened { dir, mut world } = request.of.ask(progress)?;
    let view = world.view().value;
    let book = read_book(&mut world, &dir, &view, progress)?;
    let profiles = Profiles::of_view(&world, &view);
    // As a run is told: a model that learnt less than its run knows would weigh lists by nothing.
    let (facts, _) = shared(&mut world, &view, &book, &profiles);
    let Staged {
        value: rows,
        stage: impressions,
    } = training_rows(&world, &view, &profiles);
    // Parts of the rows would all have to be learnt anew whoever leaves.
    let ads = request.of.params.ads().clone().with_learning_curve(false);
    progress.begin("training the ad model", Some(rows.len() as u64));
    let set = TrainingSet {
        rows: &rows,
        ads: &world.inputs.ads,
        facts: Some(&facts),
    };
    let trained = train_from(&set, &ads, request.earlier, &|n| {
        progress.advance(n);
    })?;
    let given = AdsParams {
        learning_curve: false,
        ..request.of.params.given().ads.clone()
    };
    Ok(TrainedAds {
        model: AdModel {
            shards: trained.shards.digests(),
            ..AdModel::of(&world.standing, given, trained.model, trained.report)
        },
        shards: trained.shards,
        n_retrained: trained.n_retrained,
        impressions,
        reading: world.reading(),
    })
}
