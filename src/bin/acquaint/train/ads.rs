//! `acquaint train ads`: the probability of a click, learned from impressions.

use std::path::{Path, PathBuf};

use acquaint::ads::{PassPoint, ProgressPoint, ShardStates, TrainReport, is_shards};
use acquaint::engine::{AdTrainRequest, SignalsRequest, TrainedAds, train_ads};
use acquaint::publish::{Main, Ours, is_sealed_file, publish_together, read_plain, shown};
use serde_json::{Value, json};

use super::reads;
use crate::args::TrainAdsArgs;
use crate::evaluate::line;
use crate::exit::{Failure, Outcome, print};
use crate::models::MAX_MODEL_BYTES;
use crate::output;
use crate::progress::Bars;
use crate::run::{Ledger, of_kind, read_params, with_lists};
use crate::told::{Told, tell_with_proof};

pub(crate) fn ads(args: &TrainAdsArgs, quiet: bool) -> Result<Outcome, Failure> {
    let params = of_kind(read_params(&args.asking.given)?, args.model);
    let params = with_lists(params, &args.lists)?;
    let ledger = Ledger::read(&args.asking.ledger)?;
    let source = ledger.source();
    let reads = reads(&args.asking, Some(&args.signals), None)
        .and("the key of customer lists", &args.lists.audience_key)
        .all();
    let model = output::file(&args.out, MODEL, reads.clone())?;
    let shards = output::file(&shards_of(&args.out), SHARDS, reads)?;
    let earlier = args.update.as_deref().map(read_shards).transpose()?;
    let request = AdTrainRequest {
        of: SignalsRequest {
            signals: &args.signals,
            ledger: source.as_ref(),
            params: &params,
            times: args.asking.times(),
        },
        earlier: earlier.as_ref(),
    };
    let trained = train_ads(&request, &Bars::new(quiet))?;
    shards.write(&trained.shards.to_bytes())?;
    model.write(trained.model.to_json()?.as_bytes())?;
    // Shards that are there are those of the model that is there.
    output::tell(&publish_together(Main::File(model), vec![shards])?);
    print(&if args.json {
        let (what, reading) = (&facts(&trained), &trained.reading);
        serde_json::to_string_pretty(&Told { what, reading })?
    } else {
        summary(&trained) + &format!("\nwrote {}\n", shown(&args.out))
    })?;
    Ok(tell_with_proof(&trained.reading, Outcome::Done))
}

/// A model is replaced by a later one.
const MODEL: Ours = Ours::new("an ad model", |path| {
    is_sealed_file(path, "\"schema\":\"acquaint-ad-model/")
});

/// Shards of any version: they end with their digest.
const SHARDS: Ours = Ours::new("shards of an ad model", |path| {
    Ok(is_shards(&read_plain(path, MAX_MODEL_BYTES)?))
});

/// The file beside a model.
fn shards_of(model: &Path) -> PathBuf {
    let mut name = model.as_os_str().to_owned();
    name.push(".shards");
    name.into()
}

fn read_shards(model: &Path) -> Result<ShardStates, Failure> {
    let path = shards_of(model);
    let reading = || format!("reading {}", shown(&path));
    let bytes =
        read_plain(&path, MAX_MODEL_BYTES).map_err(|error| Failure::new(reading(), error))?;
    ShardStates::from_bytes(&bytes).map_err(|error| Failure::new(reading(), error))
}

fn facts(trained: &TrainedAds) -> Value {
    let model = &trained.model;
    json!({
        "provenance": model.provenance(),
        "impressions": trained.impressions,
        "metadata": model.model().metadata(),
        "training": model.training(),
        "shards_trained": trained.n_retrained,
    })
}

fn summary(trained: &TrainedAds) -> String {
    let training = trained.model.training();
    let metadata = trained.model.model().metadata();
    let mut text = String::new();
    let left_out = training.unknown_ad + training.impossible_counts;
    for (name, n) in [
        ("rows of impressions", trained.impressions.rows_in),
        ("permitted", training.rows_in),
        ("trained on", training.rows_fitted),
        (
            "without clicks and not in the sample",
            training.rows_not_sampled,
        ),
        ("kept out to know when to stop", training.rows_stopping),
        ("held out to calibrate", training.rows_held_out),
        (
            "held out in turn to calibrate",
            training.rows_held_out_in_turn,
        ),
        ("left out: unknown ad or impossible counts", left_out),
        ("impressions trained on", metadata.impressions),
        ("clicks", metadata.clicks),
        ("weights", training.n_weights),
        ("shards", training.n_shards),
        ("shards trained this time", trained.n_retrained),
    ] {
        line(&mut text, &format!("{name:44}{n:>14}"));
    }
    text + &progress(&training.progress)
        + &passes(&training.passes)
        + &held_out(training, &metadata.calibration)
}

/// Nothing for a model that is not watched.
fn passes(points: &[PassPoint]) -> String {
    let name = |at: &PassPoint| format!("after pass {} of {} shards", at.epoch, at.shards);
    let losses = points.iter().map(|at| (name(at), at.log_loss));
    log_losses("log loss of rows that say when to stop", losses)
}

fn progress(points: &[ProgressPoint]) -> String {
    let name = |at: &ProgressPoint| format!("epoch {}, quarter {}", at.epoch, at.quarter);
    let losses = points.iter().map(|at| (name(at), at.log_loss));
    log_losses("log loss of rows not yet learnt", losses)
}

/// A title and a line each; nothing if there are none.
fn log_losses(title: &str, losses: impl ExactSizeIterator<Item = (String, f64)>) -> String {
    if losses.len() == 0 {
        return String::new();
    }
    let mut text = format!("\n{title}\n");
    for (name, log_loss) in losses {
        line(&mut text, &format!("{name:44}{log_loss:>14.6}"));
    }
    text
}

fn held_out(training: &TrainReport, calibration: &str) -> String {
    let mut text = "\nheld-out rows, before calibration\n".to_owned();
    let metrics = &training.held_out;
    for (name, value) in [
        ("log loss", metrics.log_loss),
        ("normalized entropy", metrics.ne),
        ("AUC", metrics.auc),
        ("calibration ratio", metrics.calibration_ratio),
    ] {
        let value = value.map_or_else(|| "–".to_owned(), |x| format!("{x:.6}"));
        line(&mut text, &format!("{name:44}{value:>14}"));
    }
    line(&mut text, &format!("calibration: {calibration}"));
    for note in &training.notes {
        line(&mut text, &format!("note: {note}"));
    }
    text
}
